"""Textual's driver for a terminal, taking whatever the terminal sends: bytes that are no text, keys that are
none, sizes that nobody has, pastes with anything in them. These would end Textual's own, or press keys.
"""

from __future__ import annotations

import asyncio
import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from contextlib import suppress
from threading import Event
from time import monotonic
from typing import IO, Any, cast

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys
from textual.message import Message
from textual.messages import InBandWindowResize

from rhythm_tui.terminal.pulse import ASK, Finding, Pulse

WIDEST, HIGHEST = 800, 320
"""Cells that are drawn at most. A window over SSH may say that it has 65,535 each way: four billion."""

AHEAD = 500
"""Keys that may wait for the app until no more are read. The rest waits in the terminal, whose line is soon
full: a flood takes its sender's memory, not the program's.
"""

GULP = 1000
"""Bytes in one read from which it is a flood: the app hears of all of them before more is read."""

LOOK = 1.0
"""Seconds between two looks whether a guest's terminal is still there."""

LONGEST_PASTE = 10_000_000
"""Characters of a paste that are kept until it ends; all after them are dropped."""

_BEGIN, _END = "\x1b[200~", "\x1b[201~"


class Pastes:
    """Takes pastes out of what a terminal sends: Textual's parser would read sequences in them, and press
    keys for what it does not know.
    """

    def __init__(self) -> None:
        self.held = ""
        """What may be the beginning of a mark; it is known once more has come."""
        self._text: list[str] | None = None
        self._length = 0

    def feed(self, data: str) -> Iterator[str | events.Paste]:
        """Keys and the like as they came, pastes whole."""
        data, self.held = self.held + data, ""
        while data:
            mark = _BEGIN if self._text is None else _END
            before, found, data = data.partition(mark)
            if not found:
                self.held = _beginning(mark, before)
                before = before.removesuffix(self.held)
            if self._text is None:
                if before:
                    yield before
                if found:
                    self._text, self._length = [], 0
            else:
                self._length += len(before)
                if self._length <= LONGEST_PASTE:
                    self._text.append(before)
                if found:
                    yield events.Paste("".join(self._text).replace("\0", ""))
                    self._text = None

    def release(self) -> str:
        """Gives out what was held: nothing came behind it, so it is a key. In a paste it stays."""
        held = self.held if self._text is None else ""
        self.held = self.held.removeprefix(held)
        return held


def _beginning(mark: str, text: str) -> str:
    """The longest beginning of a mark that a text ends with."""
    return next((mark[:size] for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), "")


class SteadyParser(XTermParser):
    """Reads keys and mouse out of what a terminal sends."""

    @property
    def waits(self) -> bool:
        """Whether the escape that came last is a key, unless more comes soon."""
        return self._timeout_time is not None

    def rest(self) -> Iterable[Message]:
        """What an escape that came last stands for, if nothing more comes."""
        if self.waits:
            self._timeout_time = 0.0
        return self.tick()

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        try:
            return list(super()._sequence_to_key_events(sequence, alt=alt))
        except (ValueError, OverflowError):  # A key with a number that no character has.
            return [events.Key(Keys.Ignore, None)]

    def parse_mouse_code(self, code: str) -> Message | None:
        self.mouse_pixels = False  # They are never asked for; some terminals say that a cell has none.
        return super().parse_mouse_code(code)


class Outlet:
    """What is written to a terminal. Once the terminal is gone it goes nowhere: an error would end the thread
    that writes, and whoever writes to a thread that has ended waits for ever.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()


class Waking(Event):
    """An event that also ends a wait for descriptors, by one of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def set(self) -> None:
        super().set()
        os.eventfd_write(self.descriptor, 1)

    def clear(self) -> None:
        super().clear()
        with suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)


class SteadyDriver(LinuxDriver):
    """The terminal that the app is on."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.exit_event = self._leave = Waking()
        self._file = cast("Any", Outlet(cast("IO[str]", self._file)))
        self._pulse = None if getattr(app, "local", True) else Pulse(monotonic())
        if self._size is None:
            self._size = self._get_terminal_size()  # Else the first picture is as large as it says itself.

    def run_input_thread(self) -> None:
        """Reads what the terminal sends until the app ends, or the terminal is gone: that ends the app."""
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        pastes, parser = Pastes(), SteadyParser()
        calm = None if self._pulse is None else LOOK
        with selectors.PollSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(self._leave.descriptor, selectors.EVENT_READ)
            while self._keeps_up():
                # Only what was begun is waited for by the clock: an idle terminal costs next to nothing.
                ready = selector.select(0.02 if pastes.held or parser.waits else calm)
                if any(key.fd == self.fileno for key, _ in ready):
                    data = self._read()
                    if not data:
                        self._app.call_later(self._app.exit, None, 129)
                        return
                    if self._pulse is not None:
                        self._pulse.heard(monotonic())
                    for part in pastes.feed(decode(data)):
                        if isinstance(part, str):
                            self._take(parser.feed(part))
                        else:
                            self._take((*parser.rest(), part))
                    if len(data) >= GULP:
                        self._be_heard()
                elif held := pastes.release():
                    self._take(parser.feed(held))
                self._take(parser.tick())
                if self._gone():
                    self._app.call_later(self._app.exit, None, 129)
                    return

    def _keeps_up(self) -> bool:
        """Waits until the app has got to most of what was read; whether it still runs."""
        while getattr(self._app, "behind", 0) > AHEAD and not self.exit_event.is_set():
            self.exit_event.wait(0.02)
        return not self.exit_event.is_set()

    def _be_heard(self) -> None:
        """Waits until the app has heard of all that was read."""
        heard = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop)
        while not (heard.done() or self.exit_event.is_set()):
            with suppress(TimeoutError):
                heard.result(0.02)

    def write(self, data: str) -> None:
        """Writes to the terminal."""
        super().write(data)
        if self._pulse is not None:
            self._pulse.wrote()

    def _gone(self) -> bool:
        """Whether the terminal does not answer any more; asks it, if it is time."""
        finding = self._pulse.look(monotonic()) if self._pulse is not None else Finding.NOTHING
        if finding is Finding.ASK:
            super().write(ASK)
        return finding is Finding.GONE

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, 65536)
        except OSError:
            return b""

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Hands on what was read. A size is learned from the system alone, which sends a signal."""
        if self._pulse is not None and isinstance(message, events.CursorPosition):
            self._pulse.heard(monotonic(), answer=True)
        elif not isinstance(message, (events.Resize, InBandWindowResize)):
            super().process_message(message)

    def _query_in_band_window_resize(self) -> None:
        """Asks for no sizes among the keys."""

    def _get_terminal_size(self) -> tuple[int, int]:
        try:
            width, height = os.get_terminal_size(self.fileno)
        except OSError:
            width, height = super()._get_terminal_size()
        return min(width or 80, WIDEST), min(height or 24, HIGHEST)
