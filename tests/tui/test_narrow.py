"""Windows that are narrower than what is in them."""

from __future__ import annotations

import pytest

from rhythm_domain.models.drafts import IssueDraft
from tests.instances import Team
from tests.tui.conftest import Open


@pytest.mark.parametrize("keys", [("s",), (":",), ("slash", "s", "t"), ("m",)])
async def test_no_width_is_too_small_for_a_list_to_choose_from(
    team: Team, app: Open, keys: tuple[str, ...]
) -> None:
    """A picker, the palette, completion: at every width from one cell, and whole again afterwards."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press(*keys)
        for width in range(1, 11):
            await driver.pilot.resize_terminal(width, 24)
            await driver.pilot.pause()
        await driver.pilot.resize_terminal(120, 40)
        await driver.press("escape", "escape")
        await driver.sees("Project CORE")
