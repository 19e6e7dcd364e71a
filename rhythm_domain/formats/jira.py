"""Jira: the CSV of "Export, CSV (all fields)", or one made by hand with a column Summary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2s
from typing import BinaryIO

from rhythm_domain.formats import dates, vocabulary
from rhythm_domain.formats.cells import Cells, only_prefix
from rhythm_domain.formats.records import (
    ImportComment,
    ImportIssue,
    ImportLabel,
    ImportPerson,
    ImportSprint,
    Problem,
    Record,
)
from rhythm_domain.formats.repair import repaired
from rhythm_domain.formats.tables import Row, Table
from rhythm_domain.formats.wiki import markdown
from rhythm_domain.models import IssueType, LinkKind, Priority, Status

HINT = "In Jira: search for the issues, then Export, Export CSV (all fields)."
POINTS = (
    "custom field (story point estimate)",
    "custom field (story points)",
    "story points",
    "story point estimate",
)
PARENTS = ("parent key", "parent", "parent id", "custom field (epic link)", "epic link")

_PERSON_COLUMNS = ("assignee", "reporter", "creator", "watchers")
_CANCELLED = frozenset(
    {
        *("won't do", "won't fix", "wont fix", "duplicate", "cannot reproduce", "declined", "invalid"),
        *("incomplete", "not a bug", "rejected", "abandoned", "cancelled", "canceled", "obsolete"),
    }
)
_CATEGORIES = {"to do": Status.TODO, "in progress": Status.IN_PROGRESS, "done": Status.DONE}


@dataclass(frozen=True, slots=True)
class _Names:
    """What only the whole file tells: who is behind an account id, which key behind an issue id."""

    people: dict[str, str]
    keys: dict[str, str]
    prefix: str | None


def read(stream: BinaryIO) -> Iterator[Record]:
    """The issues of a Jira search. Invalid if the file has no column Summary."""
    table = Table(stream, required=frozenset({"summary"}), expected="a CSV file from Jira", hint=HINT)
    return repaired(_records(table, _names(table)))


def _names(table: Table) -> _Names:
    people: dict[str, str] = {}
    keys: list[tuple[str, str]] = []
    for row in table.rows():
        if isinstance(row, Row):
            keys.append((row.get("issue id"), row.get("issue key")))
            for column in _PERSON_COLUMNS:
                people.update(zip(row.all(f"{column} id"), row.all(column), strict=False))
    return _Names(people, dict(keys), only_prefix(key for _, key in keys))


def _records(table: Table, names: _Names) -> Iterator[Record]:
    keyless: dict[str, int] = {}
    for row in table.rows():
        if isinstance(row, Problem):
            yield row
            continue
        cells = Cells(row, table.header)
        key = cells.get("issue key")
        if not key:
            # Without a key the text itself is what a second import can recognise.
            digest = blake2s("\0".join(map(cells.peek, ("summary", "created"))).encode("utf-8", "replace"))
            base = digest.hexdigest()[:16]
            keyless[base] = keyless.get(base, 0) + 1
            key = f"~{base}" if keyless[base] == 1 else f"~{base}-{keyless[base]}"
        yield _issue(cells, key, names)


def _issue(cells: Cells, key: str, names: _Names) -> ImportIssue:
    prefix, _, number = key.rpartition("-")
    status = _status(cells)
    resolved = cells.moment("resolved")
    created_at = cells.moment("created")
    return ImportIssue(
        source_key=f"jira:{key}",
        line=cells.line,
        number=int(number) if prefix and prefix == names.prefix else None,
        title=cells.get("summary"),
        description=markdown(cells.get("description"), names.people),
        status=status,
        priority=cells.named("priority", vocabulary.priority_named) or Priority.NONE,
        type=cells.named("issue type", vocabulary.type_named) or IssueType.TASK,
        author=_person(cells.get("reporter", "creator")),
        assignee=_person(cells.get("assignee")),
        labels=tuple(ImportLabel(name) for cell in cells.all("labels", "label") for name in cell.split()),
        sprint=_sprint(cells),
        estimate=cells.number(*POINTS),
        due=cells.day("due date"),
        parent_key=_parent(cells, names),
        links=tuple(_links(cells)),
        comments=tuple(_comments(cells, f"jira:{key}", names)),
        created_at=created_at,
        updated_at=cells.moment("updated"),
        closed_at=resolved if status.closed else None,
        metadata=cells.rest(),
        notes=cells.notes,
    )


def _status(cells: Cells) -> Status:
    """The status by its name, its category, or whether it is resolved; the resolution may say cancelled."""
    name, resolution = cells.get("status"), cells.peek("resolution").casefold()
    if not name:
        return Status.TODO
    status = vocabulary.status_named(name)
    if status is None:
        resolved = resolution not in {"", "unresolved"} or cells.peek("resolved")
        status = _CATEGORIES.get(cells.peek("status category").casefold())
        status = status or (Status.DONE if resolved else Status.TODO)
        cells.keep(cells.title("status"), name, f"“{name}” was taken for {status.value}")
    return (
        Status.CANCELLED if status is Status.DONE and resolution.replace("’", "'") in _CANCELLED else status
    )


def _person(name: str) -> ImportPerson | None:
    return ImportPerson(name, name if " " in name else "") if name else None


def _sprint(cells: Cells) -> ImportSprint | None:
    """The last of the sprints that the issue was in; the earlier ones stay in the metadata."""
    *earlier, last = cells.all("sprint") or [""]
    if earlier:
        cells.keep("Earlier sprints", earlier, "only the last sprint is kept as such")
    return ImportSprint(last) if last else None


def _parent(cells: Cells, names: _Names) -> str | None:
    parent = cells.get(*PARENTS)
    if not parent.isdecimal():
        return f"jira:{parent}" if parent else None
    key = names.keys.get(parent)
    if not key:
        cells.keep("Parent", parent, f"no issue of this file has the id {parent}; left out")
    return f"jira:{key}" if key else None


def _links(cells: Cells) -> Iterator[tuple[LinkKind, str]]:
    for column, kind in (("outward", LinkKind.BLOCKS), ("inward", LinkKind.BLOCKED_BY)):
        for key in cells.all(f"{column} issue link (blocks)", f"{column} issue link (blocker)"):
            yield kind, f"jira:{key}"


def _comments(cells: Cells, issue: str, names: _Names) -> Iterator[ImportComment]:
    """The comments: `27/Nov/23 10:12 AM;account;text` a cell. Time and order within it make the key."""
    seen: dict[str, int] = {}
    unread = []
    for cell in cells.all("comment", "comments"):
        when, _, rest = cell.partition(";")
        account, _, body = rest.partition(";")
        try:
            at = dates.moment(when)
        except (ValueError, OverflowError):
            unread.append(cell)
            continue
        name = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        seen[name] = seen.get(name, 0) + 1
        key = f"{issue}/{name}" if seen[name] == 1 else f"{issue}/{name}/{seen[name]}"
        author = _person(names.people.get(account, account))
        yield ImportComment(key, author, markdown(body, names.people), at)
    if unread:
        cells.keep("Comment", unread, "without a time that can be read; left out")
