"""The issue table's columns: what fits beside the titles, and what gives way."""

from __future__ import annotations

import pytest

from rhythm_tui.looks.columns import AMPLE, CHOSEN, COLUMNS, laid_out

EMPTY = ("labels", "assignee", "initials", "estimate", "due")


def seen(width: int, chosen: tuple[str, ...] = CHOSEN, empty: tuple[str, ...] = ()) -> dict[str, int]:
    return {column.id: wide for column, wide in laid_out(chosen, width, empty=empty)}


@pytest.mark.parametrize("chosen", [CHOSEN, tuple(COLUMNS)])
@pytest.mark.parametrize("empty", [(), EMPTY])
def test_a_line_is_filled_and_leaves_the_title_its_room(
    chosen: tuple[str, ...], empty: tuple[str, ...]
) -> None:
    """At every width, the columns in their order."""
    for width in range(1, 300):
        laid = laid_out(chosen, width, empty=empty)
        title = next(wide for column, wide in laid if column.width is None)
        filled = sum(wide for _, wide in laid) + sum(column.gap for column, _ in laid[:-1])
        assert filled == width or title == 1
        assert [column.id for column, _ in laid] == [id for id in COLUMNS if id in seen(width, chosen, empty)]
        for column, _ in laid:
            assert title >= (AMPLE if column.id in empty else column.room) or column.id == "title"


def test_what_is_empty_gives_way_to_the_title() -> None:
    full, empty = seen(116), seen(116, empty=EMPTY)
    assert {"initials", "estimate", "due", "updated"} <= full.keys()
    assert not empty.keys() & set(EMPTY)
    assert empty["title"] > full["title"] + 15


def test_a_narrow_form_stands_in_until_there_is_room() -> None:
    assert "sign" in seen(40)
    assert "status" not in seen(40)
    assert {"status", "initials"} <= seen(76).keys()
    assert "assignee" in seen(140)
    assert not seen(140).keys() & {"sign", "initials"}
    both = seen(140, (*CHOSEN, "sign", "initials"))
    assert {"sign", "status", "initials", "assignee"} <= both.keys()
