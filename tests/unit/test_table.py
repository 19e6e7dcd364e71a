"""Tables: how columns share a width, and the words in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.text import cell_width
from rhythm_tui.cli.output import plain
from rhythm_tui.cli.table import GAP, padded, shares
from rhythm_tui.looks.wording import relative_time

columns = st.lists(st.tuples(st.integers(1, 200), st.booleans()), min_size=1, max_size=9)


@given(columns, st.integers(1, 250))
def test_a_table_always_fits_and_keeps_its_first_column(given: list[tuple[int, bool]], room: int) -> None:
    wanted, shrink = [one for one, _ in given], [one for _, one in given]
    shown = shares(wanted, shrink, room)
    assert sum(width for _, width in shown) + GAP * (len(shown) - 1) <= room
    assert shown[0][0] == 0
    assert all(0 < width <= wanted[at] for at, width in shown)


@given(columns)
def test_with_room_enough_nothing_gives_way(given: list[tuple[int, bool]]) -> None:
    wanted, shrink = [one for one, _ in given], [one for _, one in given]
    assert [width for _, width in shares(wanted, shrink, 5000)] == wanted


def test_the_widest_column_that_shrinks_gives_way_first() -> None:
    assert shares([10, 50, 20], [False, True, True], 60) == [(0, 10), (1, 26), (2, 20)]


@given(st.text(), st.integers(1, 40), st.sampled_from(["left", "right"]))
def test_a_cell_has_exactly_its_width(value: str, width: int, align: str) -> None:
    from rhythm_domain.text import shown

    assert cell_width(padded(shown(value), width, "left" if align == "left" else "right")) == width


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=5, seconds=59), "5 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=6), "6 d ago"),
        (timedelta(days=8), "2026-02-21"),
        (timedelta(minutes=-90), "in 1 h"),
        (timedelta(days=-30), "2026-03-31"),
    ],
)
def test_times_are_said_as_people_say_them(ago: timedelta, said: str) -> None:
    assert relative_time(NOW - ago, NOW) == said


def test_no_time_is_nothing() -> None:
    assert relative_time(None) == ""


def test_json_has_numbers_times_and_words() -> None:
    value = {"points": Decimal("2.5"), "whole": Decimal("3.0"), "at": NOW, "all": (1, None, True)}
    assert plain(value) == {
        "points": 2.5,
        "whole": 3,
        "at": "2026-03-01T12:00:00+00:00",
        "all": [1, None, True],
    }
