"""One issue of a project, found by its key or by searching while one types."""

from __future__ import annotations

from collections.abc import Collection

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rhythm_domain.errors import RhythmError
from rhythm_domain.models import IssueRow
from rhythm_domain.text import shown, truncated
from rhythm_tui.desk import Desk
from rhythm_tui.looks import signs
from rhythm_tui.looks.colours import Colours
from rhythm_tui.reading import Readings
from rhythm_tui.screens.dialog import Dialog
from rhythm_tui.widgets.line_field import LineField
from rhythm_tui.widgets.theming import colours_of

OFFERED = 12
"""Issues that are offered at once."""

ROOM = 50
"""Cells of a key and a title."""


class IssuePicker(Dialog[tuple[IssueRow | None]]):
    """Dismissed with an issue, in a tuple; with `none`, no issue can be chosen too. `chosen` are the keys of
    what is chosen already, None of no issue: they are marked, and the cursor begins there.
    """

    def __init__(
        self,
        desk: Desk,
        title: str,
        project: str,
        *,
        without: Collection[int] = (),
        none: str = "",
        chosen: Collection[str | None] = (),
    ) -> None:
        super().__init__(title, "enter choose · esc cancel")
        self._desk, self._project = desk, project
        self._without, self._none, self._chosen = without, none, chosen
        self._found: list[IssueRow | None] = []
        self._readings = Readings(self)
        self._sought = False
        """Whether what is shown is still that of another text than stands there."""
        self._ahead = False
        """Whether enter came before what it is about: the first that is found is chosen."""

    def body(self) -> ComposeResult:
        yield LineField(placeholder="A key, or words of the title", compact=True)
        yield OptionList(compact=True)
        yield Static(classes="wrong")

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._seek("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._seek(event.value)

    def _seek(self, typed: str) -> None:
        self._sought, self._ahead = True, False
        self._readings.read(self._search(typed), "search")

    async def _search(self, typed: str) -> None:
        wrong = self.query_one(".wrong", Static)
        try:
            search = self._desk.session.search
            page = await search.page(typed, project=self._project, limit=OFFERED + 1)
            first = await search.mentioned(filter(None, self._chosen)) if self._chosen and not typed else {}
        except RhythmError as error:
            wrong.update(
                Content(" ".join(part for part in (shown(error.message), shown(error.hint)) if part))
            )
            wrong.add_class("said")
            self._settle()
            return
        wrong.remove_class("said")
        rows = {row.id: row for row in (*first.values(), *page.items) if row.id not in self._without}
        self._show([*([None] if self._none and not typed else []), *list(rows.values())[:OFFERED]], typed)
        self._sought = False
        if self._ahead:
            self.choose()
        self._settle()

    def _settle(self) -> None:
        self._ahead = False
        if self.keys is not None:
            self.keys.settled(self)

    def _show(self, found: list[IssueRow | None], typed: str) -> None:
        colours = colours_of(self)
        self._found = found
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._look(row, colours)) for row in found])
        if found:
            chosen = next((at for at, row in enumerate(found) if self._is_chosen(row)), 0)
            options.highlighted = 0 if typed else chosen
        else:
            options.add_option(Option(Content("Nothing like that.").stylize("dim"), disabled=True))

    def _look(self, row: IssueRow | None, colours: Colours) -> Content:
        sign = "  ✓" if self._is_chosen(row) else ""
        chosen = (sign, "$success")
        if row is None:
            return Content.assemble((self._none, "dim"), chosen)
        return Content.assemble(
            (f"{signs.STATUS[row.status].mark} ", colours.status(row.status)),
            (f"{row.key}  ", "dim"),
            truncated(shown(row.title), ROOM - len(f"{row.key}{sign}")),
            chosen,
        )

    def _is_chosen(self, row: IssueRow | None) -> bool:
        return (row and row.key) in self._chosen

    @on(Input.Submitted)
    def choose(self) -> None:
        """Is done with what the cursor is on, once it is what was typed; where that failed, asks again."""
        if self._sought:
            self._seek(self.query_one(Input).value)
            self._ahead = True
            if self.keys is not None:
                self.keys.begun(self, to_its_end=True)
            return
        self._take(self.query_one(OptionList).highlighted)

    @on(OptionList.OptionSelected)
    def _pressed(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option_index)

    def _take(self, at: int | None) -> None:
        if at is not None and at < len(self._found):
            self.dismiss((self._found[at],))

    def on_key(self, event: events.Key) -> None:
        options = self.query_one(OptionList)
        match event.key:
            case "down":
                options.action_cursor_down()
            case "up":
                options.action_cursor_up()
            case _:
                return
        event.stop()
        event.prevent_default()
