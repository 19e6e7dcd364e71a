"""Textual's own doors, shut or watched: what is drawn, pasted, copied and opened passes here.

The second line of defence: every text is made safe where it is shown (`rhythm_domain.text`). Here nothing
passes that was forgotten there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from time import monotonic
from typing import Any

from rich.cells import get_character_cell_size
from rich.console import COLOR_SYSTEMS
from rich.segment import Segment
from textual import on
from textual.app import App, ScreenStackError
from textual.color import Color
from textual.css.query import NoMatches
from textual.driver import Driver
from textual.events import DescendantFocus, Event, InputEvent, Paste
from textual.filter import LineFilter, Monochrome
from textual.widgets import Input
from textual.worker import WorkerFailed

from rhythm_domain.text import defused, repaired, safe_url, shown_lines
from rhythm_tui.messages import Say
from rhythm_tui.terminal.colourless import Colourless
from rhythm_tui.terminal.curtain import Curtain

PASTED = 2000
"""Characters that are pasted into a line at most; no line that is saved is longer."""

COPIED = 100_000
"""Bytes that are copied at most. Terminals drop what is longer, or end at some place in the middle of it."""


COLOURS = {"": "as it says itself", "standard": "16", "256": "256", "truecolor": "16 million"}
"""How many colours a terminal has, by the names of Rich. Over SSH it mostly does not say (COLORTERM)."""


HELD = 0.15
"""Seconds for which a view may come without being seen."""


class Harmless(LineFilter):
    """Lets nothing to the terminal that acts, hides or turns a line around, in as many cells as before."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [_harmless(segment) for segment in segments]


class GuardedApp(App[int]):
    """An app on which no text that somebody wrote can act, and that is no way to the machine it runs on."""

    local = True
    """Whether that machine is the person's."""

    def __init__(self) -> None:
        super().__init__()
        self.stirred = monotonic()
        """When the person last did something."""
        self._colourless: Colourless | None = None
        self.curtain = Curtain(self)

    def get_driver_class(self) -> type[Driver]:
        """The terminal's driver, whatever TEXTUAL_DRIVER says."""
        from rhythm_tui.terminal.driver import SteadyDriver

        return SteadyDriver

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line passes that is drawn."""
        filters = [each for each in super().get_line_filters() if not isinstance(each, Monochrome)]
        if self.no_color:
            if self._colourless is None or self._colourless.variables is not self.theme_variables:
                self._colourless = Colourless(self.theme_variables)
            filters.append(self._colourless)
        return [*filters, _HARMLESS]

    def delay_update(self, delay: float = HELD) -> None:
        """A view is gone to, or a list of Textual's is filled: nothing is drawn until that is whole."""
        self.curtain.close(HELD)

    def _end_batch(self) -> None:
        """Wakes the screens, too: what came up meanwhile is still to be drawn (see `laid_out`)."""
        super()._end_batch()
        if not self._batch_count:
            for screen in self._screen_stacks.get(self._current_mode, ()):
                screen.check_idle()

    async def on_event(self, event: Event) -> None:
        """Cleans what is pasted into a line. Editors of texts do it themselves, and say what they did."""
        if isinstance(event, (InputEvent, Paste)):
            self.stirred = monotonic()
        if isinstance(event, Paste) and not event.is_forwarded and isinstance(self.focused, Input):
            if len(event.text) > PASTED:
                words = f"{len(event.text):,} characters are too many to paste into a line."
                self.post_message(Say(words, "Nothing was pasted.", warning=True))
                return
            event.text = _pasted(event.text, secret=self.focused.password)
        await super().on_event(event)

    def copy_to_clipboard(self, text: str) -> None:
        """Copies text that does nothing where it is pasted but be read; nothing if it is too long."""
        text = shown_lines(text)
        if len(text.encode()) > COPIED:
            self.post_message(Say("That is too long to be copied.", "Mark less of it.", warning=True))
            return
        super().copy_to_clipboard(text)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Opens a page in the person's browser, if it is here: http, https and mailto only."""
        if self.local and safe_url(url):
            super().open_url(url, new_tab=new_tab)

    def action_suspend_process(self) -> None:
        """Goes back to the person's shell, if there is one."""
        if self.local:
            super().action_suspend_process()

    @on(Driver.SignalResume)
    def _draw_again(self) -> None:
        """Draws all of the screen: the shell has written over it, and nothing else says so."""
        self.refresh(layout=True)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Over SSH no cursor blinks: a session that is silent is one of which sshd asks if it still lives."""
        if not self.local and getattr(event.widget, "cursor_blink", False):
            event.widget.cursor_blink = False  # type: ignore[attr-defined]

    def show_colours(self, name: str | None) -> None:
        """Draws with as many colours as the person says that their terminal has; see `COLOURS`."""
        if name in COLOURS and name:
            self.console._color_system = COLOR_SYSTEMS[name]

    def _deliver_binary(self, *_: Any, **__: Any) -> str | None:
        """Nothing: no file is written or sent that nobody asked for, not even a picture of the screen."""
        return None

    def save_screenshot(self, *_: Any, **__: Any) -> str:
        """Nothing, for the same reason."""
        return ""

    def _watch_app_focus(self, focus: bool) -> None:
        """Leaves the focus where it is while the person is in another window. Textual takes it away: what is
        typed there would be gone from the screen, and letters be commands once something else had taken it.
        """
        self.screen.update_node_styles()

    # A defect ends the app -------------------------------------------------------------------------------

    @property
    def crashed(self) -> Exception | None:
        """The defect that ended the app."""
        match self._exception:
            case WorkerFailed(error=Exception() as error):
                return error
            case error:
                return error

    def _handle_exception(self, error: Exception) -> None:
        """A widget that has just come while the app is left has no children any more: that is no defect."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if not (self._exit and isinstance(cause, NoMatches | ScreenStackError)):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Textual would show the code with its variables; whoever runs the app says it in a line instead."""
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:
        """The same for errors that bring a picture of themselves."""
        self._close_messages_no_wait()


_HARMLESS = Harmless()


@lru_cache(1024)
def _defused(text: str) -> str:
    return defused(text, get_character_cell_size)


def _harmless(segment: Segment) -> Segment:
    safe = _defused(segment.text)
    return segment if safe is segment.text else Segment(safe, segment.style)


def _pasted(text: str, *, secret: bool) -> str:
    """What comes into a line: one line. Of a secret the first one, as it is."""
    if secret:
        return text.strip("\r\n").partition("\n")[0]
    return repaired(text, limit=PASTED, lines=False)[0]
