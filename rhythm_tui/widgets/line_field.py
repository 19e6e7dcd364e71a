"""A line to type, in which nothing hides: an invisible character that somebody stored is seen, and can go."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Input

from rhythm_domain.text import shown_in_place


class LineField(Input):
    """Textual's field of one line. Its value stays as it is; what would act or hide is drawn as a picture."""

    @property
    def _value(self) -> Text:
        if self.password:
            return super()._value
        return Text(shown_in_place(self.value), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(shown_in_place(self.value[:position]))
