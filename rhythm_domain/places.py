"""Where a change or a look is about to happen: which issues are named, what was found of them, whether this
person may know; pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from rhythm_domain.database import Row
from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.models import Role, User
from rhythm_domain.policy import Permission, allows
from rhythm_domain.queries import integers
from rhythm_domain.transaction import Done, Place, Ref

Named: TypeAlias = "tuple[str, int] | int"
"""An issue as it is looked for: (project key, number), or its id."""

_KEY = re.compile(r"([A-Za-z][A-Za-z0-9]{1,9})-([0-9]{1,9})")


class Held(NamedTuple):
    """An issue that the guard let somebody at: its id, key, number, reporter, whether deleted; and its
    columns if it is locked, for a write.
    """

    id: int
    number: int
    key: str
    reporter_id: int
    deleted: bool
    columns: Mapping[str, Any] = {}


def parse_ref(ref: Ref) -> Named:
    """An issue's key as (project key, number), or its id. Raises `Invalid` for anything else."""
    if isinstance(ref, int):
        return ref
    match = _KEY.fullmatch(ref.strip())
    if not match or int(match[2]) > 2**31 - 1:
        raise Invalid(f"{ref!r} is no issue key.", field="issue", hint="An issue key looks like CORE-123.")
    return match[1].upper(), int(match[2])


def named(refs: Sequence[Ref]) -> list[Named]:
    """Issues as they are looked for, each once. Raises `Invalid` if there is none."""
    if not refs:
        raise Invalid("Name at least one issue.", field="issue")
    return [parse_ref(ref) for ref in dict.fromkeys(refs)]


def asked(wanted: Sequence[Named]) -> dict[str, str]:
    """The parameters by which statements look for issues: arrays, in PostgreSQL's writing."""
    keys = [ref for ref in wanted if isinstance(ref, tuple)]
    return {
        "keys": f"{{{','.join(key for key, _ in keys)}}}",  # Letters and digits alone.
        "numbers": integers(number for _, number in keys),
        "ids": integers(ref for ref in wanted if isinstance(ref, int)),
    }


def ways(wanted: Sequence[Named]) -> list[str]:
    """The ways in which issues are looked for: nearly always one, which then costs nothing for the other."""
    return sorted({"by_id" if isinstance(ref, int) else "by_key" for ref in wanted})


def place(row: Row | None, user: User) -> Place | None:
    """The project of a row, if this person may know that it exists."""
    if row is None or (row["role"] is None and not user.admin):
        return None
    return Place(row["id"], row["key"], Role(row["role"]) if row["role"] else None, row)


def found(
    wanted: Sequence[Named],
    rows: Iterable[Row],
    user: User,
    *,
    trash: bool | None,
    moved: bool,
    done: Done | None,
) -> tuple[list[Held], Place]:
    """The issues of some rows in the order wanted, and their project.

    `trash` is where they are looked for: in it, outside of it; None: wherever this person may look. `moved`
    says that the operation, if it was `done` before, moved them there.
    Raises `NotFound` for what is not there or what the person can't see, `Invalid` for several projects.
    """
    by_ref: dict[Named, Row] = {}
    for row in rows:
        if row["asked"] is None:
            by_ref[row["issue_id"]] = row
        else:
            key, _, number = row["asked"].rpartition("-")
            by_ref[key, int(number)] = row
    held: dict[int, Held] = {}
    places: dict[int, Place] = {}
    for ref in wanted:
        row = by_ref.get(ref, {})
        at = place(row or None, user)
        # What this very operation moved into the trash is found when it is sent again; besides that an answer
        # shows what a read would.
        again = moved and done is not None and row.get("issue_id") in done.issue_ids
        if at is None or not (again or _visible(row, at, user, trash if done is None else None)):
            raise _missing(ref, at, row, trash=bool(trash))
        places[at.id] = at
        key = f"{at.key}-{row['number']}"
        held[row["issue_id"]] = Held(
            row["issue_id"], row["number"], key, row["reporter_id"], row["deleted"], row
        )
    if len(places) > 1:
        raise Invalid(
            "All issues of one change must be of one project.",
            field="issue",
            hint=f"These are of {', '.join(sorted(place.key for place in places.values()))}.",
        )
    return list(held.values()), next(iter(places.values()))


def _missing(ref: Named, at: Place | None, row: Row, *, trash: bool) -> NotFound:
    if at is not None and isinstance(ref, int):
        key = f"{at.key}-{row['number']}"
        return NotFound(f"{key} is not in the trash." if trash else f"{key} was deleted meanwhile.")
    name = f"{ref[0]}-{ref[1]}" if isinstance(ref, tuple) else f"with the id {ref}"
    return NotFound(f"There is no issue {name}{' in the trash' if trash else ''}.")


def _visible(row: Row, at: Place, user: User, trash: bool | None) -> bool:
    """Whether an issue is where it is looked for; None: wherever this person may look."""
    if trash is None:
        return not row["deleted"] or allows(Permission.TRASH_READ, at.role, admin=user.admin)
    return bool(row["deleted"] == trash)
