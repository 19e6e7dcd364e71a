"""The top line: where one is, the views, who one is, and whether all is well."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from rhythm_domain.text import shown, truncated
from rhythm_tui.messages import GoTo

VIEWS = {
    "issues": "Issues",
    "board": "Board",
    "sprints": "Sprints",
    "projects": "Projects",
    "activity": "Activity",
    "reports": "Reports",
}
"""The views that have a number, in order."""


class TitleBar(Widget):
    """One line; a view that is pressed is gone to."""

    place: reactive[str] = reactive("")
    view: reactive[str] = reactive("")
    person: reactive[str] = reactive("")
    well: reactive[bool] = reactive(True)
    demo: reactive[bool] = reactive(False)

    def render(self) -> Content:
        return Content.assemble(*((text, style) for text, style, _ in self._parts()))

    def _parts(self) -> list[tuple[str, str, str]]:
        """Texts with style, and the view that each leads to."""
        width = self.size.width
        wide = width >= 100
        views: list[tuple[str, str, str]] = []
        for number, (view, name) in enumerate(VIEWS.items(), start=1):
            here = view == self.view
            if not here and width < 74:
                name = ""
            style = "bold $primary" if here else "$muted"
            views.append((f" {number}", style if here else "$faint", view))
            views.append((f" {name} " if name else " ", style, view))
        light = ("● ", "$success") if self.well else ("○ ", "bold $error")
        who = truncated(shown(self.person), 20) if wide else ""
        demo = "demo " if self.demo else ""
        fixed = sum(cell_len(text) for text, _, _ in views) + cell_len(demo) + cell_len(who) + 6
        room = max(6, width - fixed)
        place = shown(self.place)
        if cell_len(place) > room and not wide:
            place = place.split(" ", 1)[0]  # The key says more than the beginning of a name.
        place = truncated(place, room)
        space = " " * max(1, width - fixed - cell_len(place))
        return [
            (f" {place} ", "bold $foreground", ""),
            (demo, "$warning", ""),
            (" ", "", ""),
            *views,
            (space, "", ""),
            (light[0], light[1], ""),
            (f"{who} ", "$muted", ""),
        ]

    def on_click(self, event: events.Click) -> None:
        at = 0
        for text, _, view in self._parts():
            at += cell_len(text)
            if event.x < at:
                if view:
                    self.post_message(GoTo(view))
                return
