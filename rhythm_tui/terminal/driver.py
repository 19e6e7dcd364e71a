"""Textual's driver for a terminal, taking whatever the terminal sends: bytes that are no text, keys that are
none, sizes that nobody has. Each of these would end Textual's own.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys
from textual.message import Message
from textual.messages import InBandWindowResize

WIDEST, HIGHEST = 1000, 500
"""Cells that are drawn at most. A window over SSH may say that it has 65,535 times as many: four billion."""


class SteadyParser(XTermParser):
    """Reads keys, mouse and pastes out of what a terminal sends."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        try:
            return list(super()._sequence_to_key_events(sequence, alt=alt))
        except (ValueError, OverflowError):  # A key with a number that no character has.
            return [events.Key(Keys.Ignore, None)]

    def parse_mouse_code(self, code: str) -> Message | None:
        self.mouse_pixels = False  # They are never asked for; some terminals say that a cell has none.
        return super().parse_mouse_code(code)


class SteadyDriver(LinuxDriver):
    """The terminal that the app is on."""

    def run_input_thread(self) -> None:
        """Reads what the terminal sends until the app ends, or the terminal is gone: that ends the app."""
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        parser = SteadyParser()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    try:
                        data = os.read(self.fileno, 4096)
                    except OSError:
                        data = b""
                    if not data:
                        self._app.call_later(self._app.exit, None, 129)
                        return
                    for message in parser.feed(decode(data)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Hands on what was read. A size is learned from the system alone, which sends a signal."""
        if not isinstance(message, (events.Resize, InBandWindowResize)):
            super().process_message(message)

    def _query_in_band_window_resize(self) -> None:
        """Asks for no sizes among the keys."""

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(self.fileno)
        except OSError:
            width, height = super()._get_terminal_size()
        return min(width or 80, WIDEST), min(height or 24, HIGHEST)
