"""Tables: how columns share a width, and the words in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.text import cell_width
from rhythm_tui.cli.output import Output, plain
from rhythm_tui.cli.table import GAP, Column, laid_out, padded
from rhythm_tui.looks.wording import relative_time

widths = st.lists(st.tuples(st.integers(1, 200), st.booleans()), min_size=1, max_size=9)


def table(wanted: list[tuple[int, bool]], room: int) -> list[tuple[int, int]]:
    """The widths of a table of one row, by the width of each cell and whether its column shrinks."""
    columns = [Column[object]("-", lambda _: "", shrink=shrink) for _, shrink in wanted]
    return laid_out(columns, [["x" * width for width, _ in wanted]], room)


@given(widths, st.integers(1, 250))
def test_a_table_always_fits_and_keeps_its_first_column(wanted: list[tuple[int, bool]], room: int) -> None:
    shown = table(wanted, room)
    assert sum(width for _, width in shown) + GAP * (len(shown) - 1) <= room
    assert shown[0][0] == 0
    assert all(0 < width <= wanted[at][0] for at, width in shown)


@given(widths)
def test_with_room_enough_nothing_gives_way(wanted: list[tuple[int, bool]]) -> None:
    assert [width for _, width in table(wanted, 5000)] == [width for width, _ in wanted]


def test_the_column_that_the_fewest_rows_need_gives_way_first() -> None:
    """A long cell in one row is cut before those of all rows; columns go before titles are too short."""
    columns = [
        Column[object]("key", lambda _: ""),
        Column[object]("title", lambda _: "", shrink=3, least=36),
        Column[object]("labels", lambda _: "", shrink=1),
        Column[object]("sprint", lambda _: "", shrink=1),
        Column[object]("closed", lambda _: ""),
    ]
    cells = [["K-1", "t" * 40, "", "s" * 14, ""]] * 9 + [["K-2", "t" * 40, "l" * 40, "s" * 14, "c" * 11]]
    assert laid_out(columns, cells, 100) == [(0, 3), (1, 40), (2, 24), (3, 14), (4, 11)]
    assert laid_out(columns, cells, 60) == [(0, 3), (1, 40), (3, 13)]
    assert laid_out(columns, cells, 30) == [(0, 3), (1, 25)]


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
        (timedelta(days=8), "21 Feb"),
        (timedelta(days=80), "11 Dec 2025"),
        (timedelta(minutes=-90), "in 1 h"),
        (timedelta(days=-30), "31 Mar"),
    ],
)
def test_times_are_said_as_people_say_them(ago: timedelta, said: str) -> None:
    assert relative_time(NOW - ago, NOW) == said


def test_the_day_of_a_time_is_the_day_where_the_person_is() -> None:
    """An evening in UTC is the next morning in Auckland, in the app as on the command line."""
    at, auckland = datetime(2001, 11, 10, 22, tzinfo=UTC), ZoneInfo("Pacific/Auckland")
    assert relative_time(at, NOW) == "10 Nov 2001"
    assert relative_time(at, NOW.astimezone(auckland)) == "11 Nov 2001"
    out = Output()
    out.terminal, out.zone = True, auckland
    assert out.written(at) == "11 Nov 2001"


def test_no_time_is_nothing() -> None:
    assert relative_time(None, NOW) == ""


def test_json_has_numbers_times_and_words() -> None:
    value = {"points": Decimal("2.5"), "whole": Decimal("3.0"), "at": NOW, "all": (1, None, True)}
    assert plain(value) == {
        "points": 2.5,
        "whole": 3,
        "at": "2026-03-01T12:00:00+00:00",
        "all": [1, None, True],
    }
