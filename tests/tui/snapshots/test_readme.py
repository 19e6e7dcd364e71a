"""The pictures of the README are what the app looks like now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pictures.readme import FOLDER, SHOTS
from tests.tui.snapshots.conftest import OpenDemo

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
DRAWN = {name: (FOLDER / f"{name}.svg").read_text(encoding="utf-8") for name in SHOTS}


@pytest.mark.parametrize("name", SHOTS)
async def test_a_picture_is_true(demo_app: OpenDemo, name: str) -> None:
    """`python -m tests.pictures` draws them anew."""
    assert await SHOTS[name].draw(demo_app) == DRAWN[name]


@pytest.mark.parametrize("name", SHOTS)
def test_a_picture_is_shown_and_needs_nothing_from_outside(name: str) -> None:
    """It stands in the README with its words; nothing in it is fetched from anywhere."""
    assert f"![{SHOTS[name].words}](tests/pictures/{name}.svg)" in README
    assert not re.search(r"url\(|href|@import|src=", DRAWN[name])
    assert re.findall(r"https?://[^\"]*", DRAWN[name]) == ["http://www.w3.org/2000/svg"]
