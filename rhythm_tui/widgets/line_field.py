"""A line to type, in which nothing hides: an invisible character that somebody stored is seen, and can go."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Region
from textual.widgets import Input

from rhythm_domain.text import shown_in_place


class LineField(Input):
    """Textual's field of one line. Its value stays as it is; what would act or hide is drawn as a picture."""

    @property
    def _value(self) -> Text:
        if self.password:
            return super()._value
        return Text(shown_in_place(self.value), no_wrap=True, overflow="ignore", end="")

    def on_resize(self) -> None:
        self._follow()

    def on_paste(self) -> None:
        self.call_after_refresh(self._follow)

    def _follow(self) -> None:
        """Brings the cursor into view: Textual does so before it knows how wide the field is."""
        self.scroll_to_region(Region(self._cursor_offset, 0, 1, 1), force=True, animate=False)

    def _position_to_cell(self, position: int) -> int:
        return cell_len(shown_in_place(self.value[:position]))
