"""How the issue table is arranged: by which order it is sorted, and which columns it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from rhythm_domain.query import ORDERS, Sort
from rhythm_tui.looks.columns import COLUMNS
from rhythm_tui.screens.picker import Choice, MultiPicker
from rhythm_tui.widgets.issue_table import IssueTable

if TYPE_CHECKING:
    from rhythm_tui.screens.triage import TriageScreen


async def choose_sort(screen: TriageScreen, now: Sort) -> Sort | None:
    """Asks for another order; None if it stays."""
    return await screen.pick(
        "Sort by",
        [
            Choice(
                sort,
                Content.assemble(f"{sort.key.value:<11}", (words, "dim")),
                f"{sort.key.value} {words}",
                sort == now,
            )
            for sort, words in ORDERS.items()
        ],
    )


async def choose_columns(screen: TriageScreen, table: IssueTable, now: Sequence[str]) -> list[str] | None:
    """Asks which columns a table is to have, has it show them, and says which can't be seen; None if all stay
    as they are.
    """
    crowded = {column.id for column in table.no_room} - {"labels"}  # These have dots then.
    idle = {column.heading for column in table.idle}

    def look(id: str) -> Content:
        column = COLUMNS[id]
        why = "no room here" if id in crowded else "none in this list" if column.heading in idle else ""
        return Content.assemble(column.words, (f"  {why}" if why else "", "dim"))

    offered = [
        Choice(column.id, look(column.id), column.words, column.id in now)
        for column in COLUMNS.values()
        if column.id != "title"
    ]
    toggled = await screen.app.push_screen_wait(MultiPicker("Columns", offered))
    if not toggled:
        return None
    chosen = {*now, *(id for id, taken in toggled.items() if taken)}
    chosen -= {id for id, taken in toggled.items() if not taken}
    columns = [id for id in COLUMNS if id in chosen or id == "title"]
    table.choose_columns(columns)
    hidden = [column.words for column in table.no_room if column.id != "labels"]
    none = [column.words for column in table.idle if toggled.get(column.id)]
    if hidden:
        screen.say(f"No room here for {', '.join(hidden)}", "a wider window shows more")
    elif none:
        screen.say(f"No {' and no '.join(none)} in this list yet", "its column comes once there is")
    return columns
