"""Whatever is written can be read: in each theme of our own, on every ground that text stands on."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from textual.theme import Theme

import rhythm_tui
from rhythm_domain.models import COLOURS, PersonRef
from rhythm_domain.text import cell_width
from rhythm_tui.looks.colours import HINTED, LEGIBLE, Colours, contrast
from rhythm_tui.looks.themes import SIXTEEN, THEMES
from rhythm_tui.looks.wording import initials

GROUNDS = ("background", "surface", "panel")
LIT = ("block-cursor-background", "block-cursor-blurred-background", "glow")
INKS = ("foreground", "muted", "primary", "secondary", "accent", "warning", "error", "success")


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_has_contrast(theme: Theme) -> None:
    """4.5 to 1, and 3 to 1 for the faintest hints. What sixteen colours can't do, signs and words do."""
    colours = Colours(theme.to_color_system().generate() | theme.variables, theme.dark)
    sixteen = theme.name == SIXTEEN
    labels = [] if sixteen else [colours.label(name) for name in COLOURS]
    pairs = [*product(INKS, GROUNDS), *product(labels, ("background", "surface"))]
    pairs += product((*INKS, *labels), LIT)
    told = {pair: contrast(colours.ink(*pair), colours.of(pair[1])) for pair in pairs}
    assert {pair: ratio for pair, ratio in told.items() if ratio < LEGIBLE} == {}
    faint = {ground: contrast(colours.ink("faint", ground), colours.of(ground)) for ground in GROUNDS}
    assert {ground: ratio for ground, ratio in faint.items() if ratio < HINTED} == {}
    assert contrast(colours.of("faint"), colours.of("muted")) > 1.3
    assert contrast(colours.of("muted"), colours.of("foreground")) > 1.3


def test_contrast_is_that_of_wcag() -> None:
    """Black on white, and the grey that is known to just pass."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("first", [1, 7, 996])
def test_people_who_came_one_after_the_other_can_be_told_apart(first: int) -> None:
    """Ten of them, whatever they are called; and nobody's colour depends on who else is there."""
    colours = Colours(THEMES[0].to_color_system().generate() | THEMES[0].variables, dark=True)
    team = [PersonRef(id=first + at, name="ada", display_name="Ada") for at in range(10)]
    assert len({colours.person(each) for each in team}) == 10


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ada Example", "AE"), ("Ada van der Example", "AE"), ("ada", "AD"), ("o'neil", "ON"), ("R", "R"),
        ("雨宮 そら", "雨"), ("雨", "雨"), ("ßa", "ß"), ("نور", "نو"), ("", ""), ("\x1b[31mx", "␛3"),
    ],
)  # fmt: skip
def test_initials_take_two_cells(name: str, said: str) -> None:
    assert initials(name) == said
    assert cell_width(initials(name)) <= 2


def test_no_style_makes_text_fainter_than_that() -> None:
    """It is `$muted` or `$faint`: a share of the text's colour is legible in one theme and not in another."""
    root = Path(rhythm_tui.__file__).parent
    sources = {*root.rglob("*.py"), *root.rglob("*.tcss")}
    shares = re.compile(r"(?<!-tint: )\$foreground [0-7]?\d%")
    assert {each.name for each in sources if shares.search(each.read_text("utf-8"))} == set()
