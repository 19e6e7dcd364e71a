"""The log: one JSON object a line, small, private, and safe to read in a terminal.

    {"at": "2026-01-31T09:30:00.120Z", "level": "warning", "logger": "rhythm.database",
     "message": "slow query", "query": "issue_list", "ms": 312.5, "rows": 50}

It says what happened and where, never with which values: of an exception it holds the kinds and the places,
not the messages, which may quote a text or a password.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from rhythm_domain.folders import make_private
from rhythm_domain.text import shown

SIZE = 1_000_000
"""Bytes of the log above which a new one is begun."""

KEPT = 2
"""Older logs that are kept: rhythm.log.1 and rhythm.log.2."""

_EXTRA = ("query", "ms", "rows", "kind", "sqlstate", "constraint", "table")
"""What a record may carry beside its message: of slow queries, and of what the database refused."""


def set_up(folder: Path, level: str = "warning") -> Path:
    """Sends everything that is logged to `folder`/rhythm.log, from `level` on; the file's path.

    Others' libraries are heard from "warning" on. Nothing is opened before the first record, and a log that
    can't be written disturbs nobody.
    """
    path = folder / "rhythm.log"
    _send_to(_Log(lambda: _opened(path), path), level)
    return path


def set_up_system(level: str = "warning") -> None:
    """Sends the same to the system's log, as `rhythm`: where many people's processes log at once."""
    _send_to(_Log(_system), level)


def _send_to(log: _Log, level: str) -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Log)]:
        root.removeHandler(handler)
        handler.close()
    root.addHandler(log)
    logging.getLogger("rhythm").setLevel(level.upper())


def ensure() -> Path | None:
    """The log's path, None for the system's; set up in the person's own folder if nobody did it yet."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Log):
            return handler.path
    from platformdirs import user_log_path

    return set_up(user_log_path("rhythm"))


class _Log(logging.Handler):
    """Opens the log itself when the first record comes: most runs have none, and the import takes time."""

    def __init__(self, open_: Callable[[], logging.Handler], path: Path | None = None) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.path = path
        self._open = open_
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._file is None:
                self._file = self._open()
                self._file.setFormatter(self.formatter)
            self._file.emit(record)
        except OSError:
            return

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()


def _opened(path: Path) -> logging.Handler:
    from logging.handlers import RotatingFileHandler

    class Private(RotatingFileHandler):
        def _open(self):  # type: ignore[no-untyped-def]
            os.close(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
            return super()._open()

        def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
            """A full disk is no reason to write over somebody's screen."""

    make_private(path.parent)
    return Private(path, maxBytes=SIZE, backupCount=KEPT, encoding="ascii")


def _system() -> logging.Handler:
    from logging.handlers import SysLogHandler

    class Quiet(SysLogHandler):
        ident = f"rhythm[{os.getpid()}]: "

        def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
            """A log that has gone is no reason to write over somebody's screen."""

    return Quiet("/dev/log")


class JsonLines(logging.Formatter):
    """A record as one line of ASCII JSON."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": shown(record.getMessage()),
        }
        line |= {name: vars(record)[name] for name in _EXTRA if vars(record).get(name) is not None}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = places(record.exc_info[1])
        return json.dumps(line, default=str)


def places(error: BaseException | None) -> list[dict[str, object]]:
    """An exception and what led to it: kinds and places, without a single value."""
    found: list[dict[str, object]] = []
    while error is not None and len(found) < 10:
        kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        found.append({"kind": kind, "at": _frames(error.__traceback__)})
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _frames(trace: TracebackType | None) -> list[str]:
    frames: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames
