"""How changes of a project's settings are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rhythm_domain.database import Row
from rhythm_domain.repository import projects
from rhythm_domain.transaction import Tx

_LIMITS = "wip_limits"


async def edited(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Name, description and limits, where what was changed is still as it was left. Limits of other columns
    stay as they are.
    """
    done = set()
    for row in events:
        now = await projects.values(tx)
        before, after = row["before"], row["after"]
        texts = before.keys() - {_LIMITS}
        was: dict[str, int] = before.get(_LIMITS, {})
        left: dict[str, int] = after.get(_LIMITS, {})
        limits = [status for status in {*was, *left} if was.get(status) != left.get(status)]
        if any(now[text] != after[text] for text in texts):
            continue
        if any(now[_LIMITS].get(status) != left.get(status) for status in limits):
            continue
        wanted: dict[str, Any] = {text: before[text] for text in texts}
        if texts:
            written = {**now, **wanted}
            await projects.change_texts(tx, name=written["name"], description=written["description"])
        if limits:
            others = {status: limit for status, limit in now[_LIMITS].items() if status not in limits}
            wanted[_LIMITS] = others | {status: was[status] for status in limits if status in was}
            await projects.set_wip_limits(tx, wanted[_LIMITS])
        tx.record("project.edited", before={name: now[name] for name in wanted}, after=wanted, undoes=undoes)
        done.add(row["seq"])
    return done
