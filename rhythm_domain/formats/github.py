"""GitHub: what `gh issue list --state all --json ...` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO

from rhythm_domain.errors import Invalid
from rhythm_domain.formats import dates, vocabulary
from rhythm_domain.formats.records import (
    GHOST,
    ImportComment,
    ImportIssue,
    ImportLabel,
    ImportPerson,
    ImportSprint,
    Problem,
    Record,
)
from rhythm_domain.formats.repair import repaired
from rhythm_domain.formats.streams import BrokenJsonError, json_values, text_of
from rhythm_domain.models import Status

FIELDS = (
    "assignees,author,body,closed,closedAt,comments,createdAt,id,labels,milestone,number,state,stateReason,title,"
    "updatedAt,url"
)
COMMAND = f"gh issue list --state all --limit 100000 --json {FIELDS} > issues.json"
HINT = f"Make the file with `{COMMAND}`."

_UNDERSTOOD = frozenset(FIELDS.split(",")) - {"stateReason", "id"}
_DONE = ("stateReason", "COMPLETED")
_URL = re.compile(r"https?://([^/\s]+)/([^/\s]+/[^/\s]+)/(?:issues|pull)/(\d+)")
_COMMENT_ID = re.compile(r"#issuecomment-(\d+)$")


def read(stream: BinaryIO) -> Iterator[Record]:
    """The issues of a GitHub repository. Invalid if it is no JSON list."""
    text = text_of(stream)
    head = text.read(1 << 16)
    begin = head.lstrip()
    if not begin.startswith("["):
        raise Invalid("This is not the list of issues that `gh` prints.", field="file", hint=HINT)
    skipped = len(head) - len(begin)
    line = 1 + head.count("\n", 0, skipped)
    return repaired(_records(json_values(text, buffer=begin[1:], line=line)))


def _records(values: Iterator[tuple[int, Any]]) -> Iterator[Record]:
    try:
        for index, (line, value) in enumerate(values):
            try:
                yield _issue(line, value)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                yield Problem(line, _name(value, index), _explained(error, value))
    except BrokenJsonError as broken:
        yield Problem(broken.line, f"line {broken.line}", f"{broken}; nothing after it was read")


def _name(value: object, index: int) -> str:
    number = value.get("number") if isinstance(value, dict) else None
    return f"#{number}" if isinstance(number, int) else f"item {index + 1} of the list"


def _explained(error: Exception, value: object) -> str:
    if not isinstance(value, dict):
        return "it is not an issue, but a " + type(value).__name__
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]}"
    return (
        str(error)
        if isinstance(error, ValueError)
        else "one of its fields is not of the kind that `gh` prints"
    )


def _issue(line: int, value: dict[str, Any]) -> ImportIssue:
    number, title = value["number"], value["title"]
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError(f"its number is {number!r}")
    if not isinstance(title, str):
        raise ValueError("its title is no text")
    key = _key(value.get("url") or "", number)
    names = [label["name"] for label in value.get("labels") or ()]
    assignees = [person for found in value.get("assignees") or () if (person := _person(found))]
    created_at = _moment(value.get("createdAt"))
    return ImportIssue(
        source_key=key,
        line=line,
        number=number,
        title=title,
        description=value.get("body") or "",
        status=_status(value),
        priority=vocabulary.priority_from_labels(names),
        type=vocabulary.type_from_labels(names),
        author=_person(value.get("author")) or GHOST,
        assignee=assignees[0] if assignees else None,
        other_assignees=tuple(assignees[1:]),
        labels=tuple(_label(label) for label in value.get("labels") or ()),
        sprint=_sprint(value.get("milestone")),
        comments=tuple(_comments(key, value.get("comments") or (), created_at)),
        created_at=created_at,
        updated_at=_moment(value.get("updatedAt")),
        closed_at=_moment(value.get("closedAt")),
        url=value.get("url") or None,
        metadata=_metadata(value),
    )


def _key(url: str, number: int) -> str:
    """`github:owner/name#12`; with the host before the owner if it is a company's own GitHub."""
    found = _URL.match(url)
    if found is None:
        return f"github:#{number}"
    host = "" if found[1] == "github.com" else f"{found[1]}/"
    return f"github:{host}{found[2]}#{number}"


def _status(value: dict[str, Any]) -> Status:
    state = str(value.get("state") or ("CLOSED" if value.get("closed") else "OPEN")).upper()
    if state == "OPEN":
        return Status.TODO
    if state != "CLOSED":
        raise ValueError(f"its state is {state}; it should be OPEN or CLOSED")
    cancelled = str(value.get("stateReason") or "").upper() in {"NOT_PLANNED", "DUPLICATE"}
    return Status.CANCELLED if cancelled else Status.DONE


def _person(value: dict[str, Any] | None) -> ImportPerson | None:
    """The person; None for a deleted account. `gh` writes a bot's login as `app/name` in some places only."""
    login = (value or {}).get("login") or ""
    if value is None or not login:
        return None
    name = value.get("name") or ""
    if value.get("is_bot") or login.startswith("app/"):
        login = login.removeprefix("app/")
        name = name or f"{login} (bot)"
    return ImportPerson(login, name)


def _label(value: dict[str, Any]) -> ImportLabel:
    colour = value.get("color")
    return ImportLabel(
        value["name"], f"#{colour.lower()}" if colour else None, value.get("description") or ""
    )


def _sprint(milestone: dict[str, Any] | None) -> ImportSprint | None:
    if not milestone:
        return None
    due = _moment(milestone.get("dueOn"))
    goal = milestone.get("description") or ""
    return ImportSprint(milestone["title"], goal=goal, ends_on=due.date() if due else None)


def _comments(
    issue: str, values: Iterable[dict[str, Any]], issue_created_at: datetime | None
) -> Iterator[ImportComment]:
    """The comments. Where `gh` printed no id or address, the time and the order within it make the key."""
    seen: dict[str, int] = {}
    for value in values:
        at = _moment(value.get("createdAt")) or issue_created_at
        if at is None:
            raise ValueError("one of its comments has no createdAt")
        found = _COMMENT_ID.search(value.get("url") or "")
        name = found[1] if found else value.get("id") or f"{at:%Y-%m-%dT%H:%M:%SZ}"
        seen[name] = seen.get(name, 0) + 1
        key = f"{issue}/{name}" if seen[name] == 1 else f"{issue}/{name}/{seen[name]}"
        yield ImportComment(key, _person(value.get("author")) or GHOST, value.get("body") or "", at)


def _moment(value: str | None) -> datetime | None:
    """The time; None for what is not set, which `gh` also writes as the year 1."""
    if not value or value.startswith("0001-"):
        return None
    return dates.moment(value)


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    """What Rhythm has no field for: why it was closed if not done, its node id, whatever else is there."""
    return {
        name: item
        for name, item in value.items()
        if name not in _UNDERSTOOD and item not in (None, "", [], {}) and (name, item) != _DONE
    }
