"""Files as text, whatever wrote them, and JSON values one at a time."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO, TextIO

CHUNK = 1 << 20
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


class _Borrowed(io.TextIOWrapper):
    """Text over somebody else's stream, which stays open when the text is done with."""

    def close(self) -> None:
        with suppress(ValueError):  # It was let go of before.
            self.detach()


def text_of(stream: BinaryIO) -> TextIO:
    """The stream from its beginning as text, line ends as they are. The stream is left open.

    UTF-8 with or without a byte order mark, or UTF-16 with one (what PowerShell's `>` writes). Bytes that are
    no UTF-8 become lone surrogates, which the repair of texts replaces and reports.
    """
    stream.seek(0)
    mark = stream.read(2)
    stream.seek(0)
    if mark in (b"\xff\xfe", b"\xfe\xff"):
        return _Borrowed(stream, "utf-16", errors="replace", newline="")
    return _Borrowed(stream, "utf-8-sig", errors="surrogateescape", newline="")


class BrokenJsonError(ValueError):
    """The JSON can't be read from here on; `line` is where its last value begins."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def json_values(text: TextIO, *, buffer: str = "", line: int = 1) -> Iterator[tuple[int, Any]]:
    """Each value of an array whose `[` was read already, with its line.

    Ends at the `]`. Holds one value and a chunk in memory. `buffer` is what was read
    ahead and begins on `line`. Raises BrokenJsonError where a value is malformed or the text ends too early.
    """
    position = 0
    while True:
        start = _end_of_gap(buffer, position)
        line += buffer.count("\n", position, start)
        position = start
        if buffer.startswith("]", position):
            return
        value, end, reason = _decoded(buffer, position)
        # A value may go on after the buffer. Reading as much again as is held keeps a huge one linear.
        if (reason or end == len(buffer)) and (more := text.read(max(CHUNK, len(buffer) - position))):
            buffer, position = buffer[position:] + more, 0
            continue
        if reason:
            raise BrokenJsonError(line, reason)
        yield line, value
        line += buffer.count("\n", position, end)
        position = end


def _end_of_gap(buffer: str, position: int) -> int:
    gap = _BETWEEN.match(buffer, position)
    return gap.end() if gap else position


def _decoded(buffer: str, position: int) -> tuple[Any, int, str]:
    """The value at the position, where it ends, and why it can't be read (empty if it can)."""
    if position == len(buffer):
        return None, position, "the file ends before its list does"
    try:
        return *_DECODER.raw_decode(buffer, position), ""
    except ValueError as error:
        return None, position, f"not valid JSON: {getattr(error, 'msg', error)}"
    except RecursionError:
        return None, position, "nested too deeply"
