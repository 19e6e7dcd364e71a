"""Who is there, and what their sessions take: what `rhythm host status` shows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rhythm_domain.errors import Invalid, RhythmError
from rhythm_tui.hosting.control import ask
from rhythm_tui.hosting.settings import Host

_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Open:
    """A session that is open. `memory` is in bytes, what it shares with others counted in parts (PSS); None
    if it can't be seen.
    """

    id: int
    person: str
    key: str
    began: datetime
    idle: int
    command: str
    memory: int | None
    pid: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A session that was not begun, and why."""

    at: datetime
    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The host as it is. `memory` includes the host process itself; None if some of it can't be seen."""

    pid: int
    closing: bool
    most: int
    memory: int | None
    sessions: list[Open] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def look(host: Host) -> Overview:
    """Asks the resident process, and the hub for names. Raises `Unavailable` if the first is away."""
    told: dict[str, Any] = json.loads(ask(host.socket, "status"))
    numbers = {each["key"] for each in (*told["sessions"], *told["refusals"])}
    names = _names(host, numbers) if numbers else {}
    sessions = [
        Open(
            id=each["id"],
            person=names.get(each["key"], ("?", ""))[0],
            key=names.get(each["key"], ("", f"key {each['key']}"))[1],
            began=datetime.fromtimestamp(each["began"], UTC),
            idle=each["idle"],
            command=each["command"] or "",
            memory=memory(each["pid"]),
            pid=each["pid"],
        )
        for each in told["sessions"]
    ]
    refusals = [
        Refusal(datetime.fromtimestamp(each["at"], UTC), names.get(each["key"], ("?", ""))[0], each["reason"])
        for each in told["refusals"]
    ]
    seen = [memory(told["pid"]), *(each.memory for each in sessions)]
    total = None if None in seen else sum(size or 0 for size in seen)
    return Overview(told["pid"], told["closing"], told["most"], total, sessions, refusals)


def order(host: Host, *words: str) -> str:
    """What the hub answers to a question of the administrator's. Raises what it could not do."""
    kind, _, rest = ask(host.hub, *words).partition(" ")
    if kind == "no":
        message, hint = json.loads(rest)
        raise Invalid(message, hint=hint)
    return rest


def _names(host: Host, keys: set[int]) -> dict[int, tuple[str, str]]:
    """The person's and the key's name by the key; without the database there are none."""
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
