"""Who is there, and what their sessions take: what `rhythm host status` shows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from rhythm_domain.errors import Invalid, RhythmError
from rhythm_tui.hosting.control import ask
from rhythm_tui.hosting.settings import Host

_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Open:
    """A session that is open; `id` is its process. `memory` is in bytes, what it shares with others counted
    in parts (PSS); None if it can't be seen.
    """

    id: int
    person: str
    key: str
    began: datetime
    idle: int
    command: str
    memory: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A session that was not begun, and why."""

    at: datetime
    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The host as it is. `memory` includes the host processes themselves; None if some of it can't be seen.

    `earlier` are those from before a reload: each goes on until its last session has ended. `read_only` is
    None while the database can't be used, for the reason that `trouble` says.
    """

    pid: int
    closing: bool
    most: int
    memory: int | None
    read_only: bool | None
    trouble: str = ""
    earlier: list[int] = field(default_factory=list)
    sessions: list[Open] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def look(host: Host) -> Overview:
    """Asks the resident processes, and the hub for names. Raises `Unavailable` if the one that serves is
    away.
    """
    serving: dict[str, Any] = json.loads(ask(host.socket, "status"))
    earlier = [json.loads(told) for path in host.residents[1:] if (told := _earlier(path, "status"))]
    residents = [serving, *earlier]
    sessions = [each for told in residents for each in told["sessions"]]
    refusals = sorted((each for told in residents for each in told["refusals"]), key=itemgetter("at"))
    names = _names(host, {each["key"] for each in (*sessions, *refusals)})
    opened = [
        Open(
            id=each["pid"],
            person=names.get(each["key"], ("?", ""))[0],
            key=names.get(each["key"], ("", f"key {each['key']}"))[1],
            began=datetime.fromtimestamp(each["began"], UTC),
            idle=each["idle"],
            command=each["command"] or "",
            memory=memory(each["pid"]),
        )
        for each in sorted(sessions, key=itemgetter("began"))
    ]
    refused = [
        Refusal(datetime.fromtimestamp(each["at"], UTC), names.get(each["key"], ("?", ""))[0], each["reason"])
        for each in refusals
    ]
    read_only, trouble = _read_only(host)
    seen = [*(memory(each["pid"]) for each in residents), *(each.memory for each in opened)]
    return Overview(
        pid=serving["pid"],
        closing=serving["closing"],
        most=serving["most"],
        memory=None if None in seen else sum(size or 0 for size in seen),
        read_only=read_only,
        trouble=trouble,
        earlier=[each["pid"] for each in earlier],
        sessions=opened,
        refusals=refused,
    )


def end(host: Host, session: int, words: str) -> bool:
    """Ends a session by its number, and tells the person `words`; whether there is such a session. Raises
    `Unavailable` if the resident process is away.
    """
    asked = "end-session", str(session), words
    told = ask(host.socket, *asked), *(_earlier(path, *asked) for path in host.residents[1:])
    return "done" in told


def order(host: Host, *words: str) -> str:
    """What the hub answers to a question of the administrator's. Raises what it could not do."""
    kind, _, rest = ask(host.hub, *words).partition(" ")
    if kind == "no":
        message, hint = json.loads(rest)
        raise Invalid(message, hint=hint)
    return rest


def _earlier(path: Path, *words: str) -> str:
    """The answer of an earlier resident process; empty if it has ended meanwhile."""
    try:
        return ask(path, *words)
    except RhythmError:
        return ""


def _read_only(host: Host) -> tuple[bool | None, str]:
    """Whether nobody can write; None if the database can't be used, and why."""
    try:
        return bool(json.loads(order(host, "read-only"))), ""
    except RhythmError as error:
        return None, f"{error.message} {error.hint}".strip()


def _names(host: Host, keys: set[int]) -> dict[int, tuple[str, str]]:
    """The person's and the key's name by the key; without the database there are none."""
    if not keys:
        return {}
    try:
        found = json.loads(order(host, "people", *map(str, sorted(keys))))
    except RhythmError:
        return {}
    return {int(key): (person, name) for key, (person, name) in found.items()}


def memory(pid: int) -> int | None:
    """Bytes that a process takes; 0 if it has ended. None if the kernel does not show them: of sessions,
    which nobody may look into, it shows them to root alone (CAP_SYS_PTRACE).
    """
    try:
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except PermissionError:
        return None
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
