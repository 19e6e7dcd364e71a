"""Colours of other trackers in the palette."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.models import COLOURS
from rhythm_domain.palette import nearest


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ("#d73a4a", "red"),
        ("#f7c6c7", "red"),
        ("#0075ca", "blue"),
        ("#a2eeef", "cyan"),
        ("#008672", "teal"),
        ("#7057ff", "blue"),
        ("#d876e3", "magenta"),
        ("#fbca04", "yellow"),
        ("#0e8a16", "green"),
        ("#8b4513", "brown"),
        ("#ffffff", "grey"),
        ("#000000", "grey"),
        ("#cfd3d7", "grey"),
        ("purple", "purple"),
        ("mauve", None),
        (None, None),
    ],
)
def test_a_colour_becomes_the_one_that_people_would_call_it(colour: str | None, name: str | None) -> None:
    assert nearest(colour) == name


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_is_like_one_of_the_palette(value: int) -> None:
    assert nearest(f"#{value:06x}") in COLOURS
