"""The one order of a project's issues: ranks beside another one's, and room where there is none left."""

from __future__ import annotations

from collections.abc import Sequence

from rhythm_domain import rank
from rhythm_domain.errors import Invalid
from rhythm_domain.places import Held
from rhythm_domain.repository import issues
from rhythm_domain.services.editing import beside
from rhythm_domain.transaction import Ref, Tx

_SPREAD = 100
"""How many neighbours on either side get new ranks when there is no room left between two."""


async def ranks_beside(tx: Tx, held: Sequence[Held], after: Ref | None, before: Ref | None) -> dict[int, str]:
    """Ranks for some issues, in their order, right behind `after`, or else right before `before`; by id.

    Makes room where there is none left.
    """
    anchor = (
        await issues.values(tx, [await beside(tx, after if after is not None else before or "")])
    ).popitem()
    if any(anchor[0] == one.id for one in held):
        raise Invalid("An issue can't be placed beside itself.", field="order")
    here: str = anchor[1]["rank"]
    low, high = (
        (here, await issues.next_rank(tx, here))
        if after is not None
        else (await issues.previous_rank(tx, here), here)
    )
    found = rank.spread(low, high, len(held))
    if len(found[0]) <= rank.TOO_LONG:
        return {one.id: each for one, each in zip(held, found, strict=True)}
    await _spread(tx, here)
    return await ranks_beside(tx, held, after, before)


async def _spread(tx: Tx, here: str, width: int = _SPREAD) -> None:
    """Gives the neighbours of a rank new ones between the first and the last of them, which stay; at an end
    of the order, between those and the open end. Takes in more of them while their ranks would be too long.
    """
    around = await issues.ranks_around(tx, here, width)
    below = sum(found <= here for _, found in around)
    more_below, more_above = below == width, len(around) - below == width
    low = around.pop(0)[1] if more_below else None
    high = around.pop()[1] if more_above else None
    ranks = rank.spread(low, high, len(around))
    if len(ranks[0]) > rank.TOO_LONG:
        await _spread(tx, here, 4 * width)
    else:
        await issues.set_ranks(tx, dict(zip((issue for issue, _ in around), ranks, strict=True)))
