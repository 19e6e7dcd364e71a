"""Labels in the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.models import Label, Total
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.palette import colour_of
from rhythm_domain.text import check_label, folded
from rhythm_domain.transaction import Tx

_Q = queries.load("labels")

KEPT = 20_000
"""Issues that the history of a deleted label names, the newest: those that an undo can label again."""

COUNTED = 10_000
"""Issues of a label are counted up to this number; there are "10,000+" of more."""


def _label(row: Row) -> Label:
    counted = Total(count=min(row["issues"], COUNTED), exact=row["issues"] <= COUNTED)
    return Label(
        id=row["id"],
        name=row["name"],
        colour=row["colour"],
        description=row["description"],
        issue_count=counted,
    )


async def of_project(tx: Tx) -> tuple[Label, ...]:
    """The labels of the transaction's project, by name, as the last that is read."""
    rows = await tx.last(_Q["labels_of"], project=tx.project_id, id=None, most=COUNTED)
    return tuple(_label(row) for row in rows)


async def one(tx: Tx, label: int) -> Label:
    """A label of the transaction's project. Raises `NotFound`."""
    row = await tx.one(_Q["labels_of"], project=tx.project_id, id=label, most=COUNTED)
    if row is None:
        raise NotFound("The label was deleted since.")
    return _label(row)


async def names(tx: Tx) -> list[str]:
    """The names of the project's labels."""
    return [row["name"] for row in await tx.fetch(_Q["label_names"], project=tx.project_id)]


async def held(tx: Tx, name: str) -> Row | None:
    """The columns of a label, locked."""
    return await tx.one(_Q["hold_label"], project=tx.project_id, folded=folded(name))


async def held_by_id(tx: Tx, label: int) -> Row | None:
    """The columns of a label by its id, locked."""
    return await tx.one(_Q["hold_label_by_id"], project=tx.project_id, id=label)


async def restore(tx: Tx, id: int, *, name: str, colour: str, description: str) -> bool:
    """Writes a label that was deleted, under the id that it had; False if its name is another's."""
    row = await tx.one(
        _Q["restore_label"],
        project=tx.project_id,
        id=id,
        name=name,
        folded=folded(name),
        colour=colour,
        description=description,
    )
    return row is not None


async def put_on(tx: Tx, label: int, issues: Sequence[int], most: int) -> list[int]:
    """Puts a label on those of some issues that are there and have fewer than `most` labels; their ids."""
    rows = await tx.fetch(_Q["put_label_on"], project=tx.project_id, id=label, issues=list(issues), most=most)
    return [row["issue_id"] for row in rows]


async def add(tx: Tx, new: Sequence[tuple[str, str, str]]) -> list[int]:
    """Writes those of the labels (name, colour or "" for its own, description) that are not there yet, with
    their history; their ids.
    """
    written = await tx.fetch(
        _Q["insert_labels"],
        project=tx.project_id,
        names=[name for name, _, _ in new],
        folded=[folded(name) for name, _, _ in new],
        colours=[colour or colour_of(name) for name, colour, _ in new],
        descriptions=[description for _, _, description in new],
    )
    for row in written:
        columns = {column: row[column] for column in ("id", "name", "colour", "description")}
        tx.record("label.created", after=columns)
    return [row["id"] for row in written]


async def change(tx: Tx, *, id: int, name: str, colour: str, description: str) -> None:
    """Writes the columns of a label."""
    await tx.execute(
        _Q["change_label"],
        project=tx.project_id,
        id=id,
        name=name,
        folded=folded(name),
        colour=colour,
        description=description,
    )


async def issues_of(tx: Tx, label: int, most: int) -> list[int]:
    """The ids of the newest issues that bear a label, at most `most`."""
    rows = await tx.fetch(_Q["labelled_issues"], project=tx.project_id, id=label, most=most)
    return [row["issue_id"] for row in rows]


async def bearers(tx: Tx, label: int) -> int:
    """How many issues bear a label, the trash included."""
    row = await tx.one(_Q["count_labelled"], project=tx.project_id, id=label)
    return int((row or {})["issues"])


async def delete(tx: Tx, label: int) -> None:
    """Removes a label, also from its issues."""
    await tx.execute(_Q["delete_label"], project=tx.project_id, id=label)


async def ids_by_name(tx: Tx, wanted: Sequence[str], *, create: bool) -> dict[str, int]:
    """The ids of labels of the transaction's project, under the names as they were given.

    What is not there is made if `create` says so; else raises `Invalid` (field `label`) with the nearest
    names.
    """
    clean = {name: check_label(name) for name in wanted}
    if not clean:
        return {}
    found = await _ids(tx, clean.values())
    missing = {folded(name): name for name in clean.values() if folded(name) not in found}
    if missing and create:
        await add(tx, [(name, "", "") for name in missing.values()])
        found |= await _ids(tx, missing.values())
    elif missing:
        name = next(iter(missing.values()))
        near = did_you_mean(name, await names(tx), "`rhythm label list KEY` shows the labels.")
        raise Invalid(f"There is no label {name!r} in this project.", field="label", hint=near)
    return {name: found[folded(label)] for name, label in clean.items()}


async def _ids(tx: Tx, wanted: Iterable[str]) -> dict[str, int]:
    rows = await tx.fetch(_Q["labels_named"], project=tx.project_id, folded=[folded(name) for name in wanted])
    return {row["folded"]: row["id"] for row in rows}
