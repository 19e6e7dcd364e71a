"""Texts that were begun and are not saved yet: kept while one types, found again after a crash."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from rhythm_tui.clock import now
from rhythm_tui.notebook import Notebook

_BY = " @"
"""What stands in the notebook between a draft's name and the app that it is of."""


def of_body(issue: int) -> str:
    """The name of the draft of an issue's description. By ids: keys change with the project's."""
    return f"body {issue}"


def of_comment(issue: int, comment: int | None = None) -> str:
    """That of a new comment under an issue, or of a comment that is edited."""
    return f"comment {issue}" if comment is None else f"comment {issue} {comment}"


def of_issue(project: int) -> str:
    """That of a new issue of a project."""
    return f"issue {project}"


def of_sub_issue(parent: int) -> str:
    """That of a new issue below another one."""
    return f"issue below {parent}"


class Drafts:
    """What one app has begun, in a notebook that the person's other apps write in too.

    Two apps may have the same text open: each keeps its own. What an app left that has ended, however it did,
    is given to the next one that asks for it.
    """

    def __init__(self, notebook: Notebook, app: str = "") -> None:
        self._notebook, self._app = notebook, app or process_id(os.getpid())
        self._left = {entry for entry in notebook.names() if _ownerless(entry)}

    def get(self, name: str) -> Any:
        """What this app keeps under a name, or what another one left; None if there is nothing."""
        mine = self._notebook.get(self._mine(name))
        if mine is not None:
            return mine
        entries = [each for each in self._notebook.names() if each.partition(_BY)[0] == name]
        left = next((each for each in reversed(entries) if _ownerless(each)), None)
        if left is None:
            return None
        value = self._notebook.get(left)
        self._notebook.keep(self._mine(name), value)
        # A notebook that was read long ago may not have their last words: then those stay where they are.
        if self._notebook.current or left in self._left:
            self._notebook.drop(left)
        return value

    def waiting(self) -> frozenset[str]:
        """The names under which something is kept, or was left by an app that has ended."""
        entries = [(each.partition(_BY), each) for each in self._notebook.names()]
        return frozenset(name for (name, _, app), each in entries if app == self._app or _ownerless(each))

    def keep(self, name: str, value: Any) -> None:
        """Keeps a value; an empty one is forgotten."""
        self._notebook.keep(self._mine(name), value)

    def drop(self, name: str) -> None:
        """Forgets what this app keeps: it was saved, or it is not wanted any more."""
        self._notebook.drop(self._mine(name))

    def _mine(self, name: str) -> str:
        return f"{name}{_BY}{self._app}"


def _ownerless(entry: str) -> bool:
    """Whether the app has ended that an entry is of. Of one on another machine that can't be known: should it
    still be there, it keeps its text again as soon as somebody types.
    """
    app = entry.partition(_BY)[2]
    pid = app.split("-")[1] if app.count("-") == 2 else ""
    return not pid.isdigit() or process_id(int(pid)) != app


def process_id(pid: int) -> str:
    """What tells a process of this machine from all others that were or will be; "" if it has ended."""
    machine = sha256(socket.gethostname().encode()).hexdigest()[:6]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass  # It is somebody else's.
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # Where there is no /proc, its number has to do.
        return f"{machine}-{pid}-"
    state, *others = stat.rpartition(")")[2].split()
    return "" if state == "Z" else f"{machine}-{pid}-{others[18]}"


class Draft(NamedTuple):
    """A text that was begun from a `version` of what is saved; `base` is what stood there then."""

    text: str
    at: datetime
    version: int | None = None
    base: str = ""


class Kept:
    """One text's place in the notebook of drafts."""

    def __init__(self, drafts: Drafts, name: str) -> None:
        self._drafts, self._name = drafts, name

    def find(self) -> Draft | None:
        """What was kept, if it can be read."""
        found = self._drafts.get(self._name)
        try:
            return Draft(
                str(found["text"]),
                datetime.fromisoformat(found["at"]),
                None if found.get("version") is None else int(found["version"]),
                str(found.get("base", "")),
            )
        except (TypeError, KeyError, ValueError):
            return None

    def keep(self, text: str, version: int | None = None, base: str = "") -> None:
        """Keeps a text as it is now."""
        at = now().isoformat()
        self._drafts.keep(self._name, {"text": text, "at": at, "version": version, "base": base})

    def drop(self) -> None:
        """Forgets it: it was saved, or it is not wanted any more."""
        self._drafts.drop(self._name)
