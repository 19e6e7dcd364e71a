"""The pictures of the README: what is done before each is taken. They lie beside this file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rhythm_tui.looks.themes import LIGHT
from tests.pictures.scene import settled
from tests.pictures.svg import drawn
from tests.tui.driver import Driver

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Shot:
    """A picture: what it shows in words, how the app is opened, and what is pressed."""

    words: str
    pose: Callable[[Driver], Awaitable[None]]
    options: Mapping[str, Any] = field(default_factory=dict)

    async def draw(self, open_: Callable[..., AbstractAsyncContextManager[Driver]]) -> str:
        """The picture as SVG; `open_` opens the demo."""
        async with open_(**{"project": "STN", "size": (120, 32), **self.options}) as driver:
            await self.pose(driver)
            return drawn(await settled(driver), self.words)


async def _search(driver: Driver) -> None:
    driver.burst("/", "re is:open sort:priority", "enter")
    await driver.press("w")
    await driver.sees("is:open")
    await driver.press("j")
    await driver.sees("datasheets")


async def _card(driver: Driver) -> None:
    await driver.press("l", "l", "j")


async def _plan(driver: Driver) -> None:
    await driver.press("j", "j", "space", "j", "space")
    await driver.sees("2 marked")


SHOTS = {
    "issues": Shot("The issue table, searched, with a preview", _search),
    "board": Shot("The board: a column for each status", _card, {"view": "board", "size": (132, 35)}),
    "sprints": Shot("The sprint planner, on light ground", _plan, {"view": "sprints", "theme": LIGHT}),
}
