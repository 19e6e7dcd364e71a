"""What an edit of issues means: the right that it needs, its columns, its checks; and the one way in which
changes of issues are written and recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rhythm_domain.errors import Conflict, Invalid
from rhythm_domain.models import OPEN, SprintState
from rhythm_domain.places import Held, parse_ref
from rhythm_domain.policy import Permission
from rhythm_domain.repository import history, issues, labels, members, sprints
from rhythm_domain.repository.issues import Values
from rhythm_domain.text import folded
from rhythm_domain.transaction import Ref, Tx

if TYPE_CHECKING:
    from rhythm_domain.models.drafts import IssueEdit

_NEEDS = {
    "status": Permission.ISSUE_MOVE,
    "assignee": Permission.ISSUE_ASSIGN,
    "estimate": Permission.ISSUE_ESTIMATE,
    "sprint": Permission.ISSUE_PLAN,
    "add_labels": Permission.ISSUE_LABEL,
    "remove_labels": Permission.ISSUE_LABEL,
}
"""What changing a field needs; everything else, and several kinds at once, needs ISSUE_EDIT."""

_REQUIRED = ("title", "description", "status", "priority", "type")

_BESIDE = ("description", "add_labels", "remove_labels")
"""What changes something that no column of the issue's own holds."""

MAX_LABELS = 50
"""Labels on one issue."""

_TENTH = Decimal("0.1")


async def edit_held(tx: Tx, held: Sequence[Held], edit: IssueEdit, new_labels: Collection[str] = ()) -> None:
    """Makes a change of some issues; see `label_ids` for `new_labels`."""
    if tx.done:
        return
    before = await issues.held(tx, held, texts=not edit.fields.isdisjoint(_BESIDE))
    wanted = await _wanted(tx, edit, new_labels)
    for one in held:
        await _check_texts(tx, edit, one.id, before[one.id])
    await _check_parent(tx, held, wanted.get("parent_id"))
    await change(tx, before, {one.id: wanted for one in held})


async def change(
    tx: Tx, before: Mapping[int, Values], wanted: Mapping[int, Values], *, undoes: UUID | None = None
) -> list[int]:
    """Writes what differs from the values before and records it, an event an issue; the issues changed.

    `wanted` holds columns as `repository.issues.apply` names them. Where nothing differs, nothing is written.
    A closed issue that is opened again is nobody's if its assignee left the project meanwhile.
    """
    left = await issues.former_assignees(tx, _reopened(before, wanted))
    changes = {
        issue: difference(before[issue], {"assignee_id": None, **values} if issue in left else values)
        for issue, values in wanted.items()
    }
    changes = {issue: values for issue, values in changes.items() if values}
    for issue, values in changes.items():
        if added := values.get("labels_added"):
            check_labels(len(before[issue]["labels"]) + len(added) - len(values.get("labels_removed", ())))
    for issue, values in changes.items():
        was, after = sides(before[issue], values, issues.closing(before[issue], values, tx.now))
        tx.record("issue.changed", issue=issue, before=was, after=after, undoes=undoes)
    await issues.write(tx, changes)
    if not changes:
        tx.unchanged()
    return list(changes)


def _reopened(before: Mapping[int, Values], wanted: Mapping[int, Values]) -> list[int]:
    return [
        issue
        for issue, values in wanted.items()
        if before[issue]["closed_at"] and before[issue]["assignee_id"] and values.get("status") in OPEN
    ]


def difference(before: Values, wanted: Values) -> Values:
    """The columns of `wanted` that change something; labels only where they are not, or are, on the issue."""
    changed: Values = {}
    for name, value in wanted.items():
        if name == "labels_added":
            value = [label for label in value if label not in before["labels"]]
        elif name == "labels_removed":
            value = [label for label in value if label in before["labels"]]
        elif same(before[name], value):
            continue
        if value or not name.startswith("labels_"):
            changed[name] = value
    return changed


def sides(before: Values, changed: Values, closed_at: str | None) -> tuple[Values, Values]:
    """What history says of a change: the columns before and after. `closed_at` is when the issue is closed
    afterwards.
    """
    was: Values = {name: before.get(name) for name in changed if not name.startswith("labels_")}
    after = dict(changed)
    if "status" in after:
        was["closed_at"], after["closed_at"] = before["closed_at"], closed_at
    if added := after.get("labels_added"):
        was["labels_removed"] = added
    if removed := after.get("labels_removed"):
        was["labels_added"] = removed
    return was, after


def same(one: Any, other: Any) -> bool:
    """Whether two values of a column are the same, however JSON holds them."""
    return one == other or (one is not None and other is not None and str(one) == str(other))


def check_some(edit: IssueEdit) -> None:
    if not edit.fields:
        raise Invalid("Nothing to change.", field="issue", hint="Name at least one field.")


def needed(edit: IssueEdit) -> Permission:
    needs = {_NEEDS.get(name, Permission.ISSUE_EDIT) for name in edit.fields}
    return needs.pop() if len(needs) == 1 else Permission.ISSUE_EDIT


async def _wanted(tx: Tx, edit: IssueEdit, new_labels: Collection[str]) -> Values:
    """The columns that an edit sets; names and keys resolved in the transaction's project."""
    asked = {name: getattr(edit, name) for name in edit.fields - {"add_labels", "remove_labels"}}
    for name in _REQUIRED:
        if name in asked and asked[name] is None:
            raise Invalid(f"The {name} can't be empty.", field=name)
    wanted = await resolved(tx, asked)
    if edit.add_labels:
        wanted["labels_added"] = await label_ids(tx, edit.add_labels, new_labels)
    if edit.remove_labels:
        wanted["labels_removed"] = await label_ids(tx, edit.remove_labels)
    return wanted


async def label_ids(tx: Tx, names: Sequence[str], new: Collection[str] = ()) -> list[int]:
    """The ids of labels. Those that are `new` are made if they are not there, by who may make labels: in the
    same step, so that none is left of a change that is refused, and undo takes both back. Raises `Invalid`.
    """
    to_make = {folded(name) for name in new} if tx.allows(Permission.LABEL_MANAGE) else set()
    made = [name for name in names if folded(name) in to_make]
    known = [name for name in names if name not in made]
    ids = await labels.ids_by_name(tx, known, create=False) | await labels.ids_by_name(tx, made, create=True)
    return sorted(set(ids.values()))


async def resolved(tx: Tx, asked: Mapping[str, Any]) -> Values:
    """Fields of a draft or an edit as columns: enums as text, names and keys as ids."""
    values: Values = {}
    for name, value in asked.items():
        match name:
            case "assignee":
                values["assignee_id"] = None if value is None else await members.resolve(tx, value)
            case "sprint":
                values["sprint_id"] = None if value is None else await sprint_to_plan(tx, value)
            case "parent":
                values["parent_id"] = None if value is None else await beside(tx, value)
            case "estimate":
                values[name] = None if value is None else points(value)
            case "due":
                values[name] = None if value is None else value.isoformat()
            case _:
                values[name] = value
    return values


def points(estimate: Decimal) -> str:
    """An estimate as its column has it."""
    return str(estimate.quantize(_TENTH))


async def sprint_to_plan(tx: Tx, name: str) -> int:
    """A sprint of the project by name (`current`: the active one) that work can be planned into.

    It is held: nobody finishes it until the end. Raises `Invalid` (field `sprint`).
    """
    hint = "`rhythm sprint list KEY` shows the sprints."
    found = await sprints.named(tx, name, hold=True)
    if found is None:
        raise Invalid(f"There is no sprint {name!r} in this project.", field="sprint", hint=hint)
    if found["state"] == SprintState.FINISHED:
        raise Invalid(f"{name} is finished: nothing can be planned into it.", field="sprint", hint=hint)
    return int(found["id"])


async def beside(tx: Tx, ref: Ref) -> int:
    """The id of another living issue of the same project."""
    found = await issues.living(tx, parse_ref(ref))
    if found is None:
        raise Invalid(f"There is no issue {ref} in this project.", field="issue")
    return found


async def _check_parent(tx: Tx, held: Sequence[Held], parent: int | None) -> None:
    if parent is None:
        return
    await issues.lock_graph(tx)
    above = await issues.ancestors(tx, parent)
    for one in held:
        if one.id in above:
            raise Invalid(f"{one.key} can't be below itself.", field="parent", hint="Choose another parent.")


async def _check_texts(tx: Tx, edit: IssueEdit, issue: int, before: Values) -> None:
    """Raises `Conflict` if a text that is to be written was changed since it was read."""
    if edit.base_version is None:
        return
    for name in ("title", "description"):
        mine = getattr(edit, name)
        if name in edit.fields and before[f"{name}_version"] > edit.base_version and before[name] != mine:
            by = await history.who_wrote(tx, issue, name)
            raise Conflict(
                f"{by or 'Somebody else'} changed the {name} meanwhile.",
                by=by,
                field=name,
                current=before[name],
                mine=mine,
                version=before["version"],
            )


def check_labels(count: int) -> None:
    if count > MAX_LABELS:
        raise Invalid(f"An issue can have at most {MAX_LABELS} labels.", field="labels")
