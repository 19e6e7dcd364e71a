"""Labels of a project: their names are unique whatever the case and the accents."""

from __future__ import annotations

from uuid import UUID

from rhythm_domain import text
from rhythm_domain.database import Row
from rhythm_domain.errors import AlreadyExists, Invalid, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import COLOURS, Label
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.policy import Permission
from rhythm_domain.repository import labels
from rhythm_domain.transaction import Tx, repeatable

_description = text.one_line("description", 250, required=False)


class Labels:
    """What a person does with a project's labels."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def list(self, key: str) -> tuple[Label, ...]:
        """The labels of a project by name, each with the number of its issues."""
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await labels.of_project(tx)

    @repeatable
    async def create(
        self,
        key: str,
        name: str,
        *,
        colour: str = "",
        description: str = "",
        operation: UUID | None = None,
    ) -> Label:
        """Creates a label, of a colour that follows from its name if none is given.

        Raises `AlreadyExists` for a name that differs from another only by case or accents, `Invalid`.
        """
        name, description = text.check_label(name), _description(description)
        colour = colour and _colour(colour)
        async with self._guard.project(Permission.LABEL_MANAGE, key, operation=operation) as tx:
            if tx.done:
                return await labels.one(tx, int(tx.done.after[0]["id"]))
            written = await labels.add(tx, [(name, colour, description)])
            if not written:
                raise AlreadyExists("There is already a label of that name.", field="name")
            return await labels.one(tx, written[0])

    @repeatable
    async def edit(
        self,
        key: str,
        name: str,
        *,
        new_name: str | None = None,
        colour: str | None = None,
        description: str | None = None,
        operation: UUID | None = None,
    ) -> Label:
        """Changes what is given; issues keep the label. Raises as `create`, and `NotFound`."""
        given: dict[str, str | None] = {"name": new_name, "colour": colour, "description": description}
        check = {"name": text.check_label, "colour": _colour, "description": _description}
        wanted: dict[str, str] = {
            column: check[column](value) for column, value in given.items() if value is not None
        }
        async with self._guard.project(Permission.LABEL_MANAGE, key, operation=operation) as tx:
            if tx.done:
                return await labels.one(tx, int(tx.done.after[0]["id"]))
            before = await _held(tx, name)
            after: dict[str, str] = {
                column: value for column, value in wanted.items() if value != before[column]
            }
            if after:
                await labels.change(tx, **{**before, **after})
                named = {"id": before["id"], "name": before["name"]}
                tx.record(
                    "label.edited",
                    before={**named, **{column: before[column] for column in after}},
                    after={**named, **after},
                )
            else:
                tx.unchanged()
            return await labels.one(tx, before["id"])

    @repeatable
    async def delete(self, key: str, name: str, *, operation: UUID | None = None) -> None:
        """Removes a label from the project and from its issues. Raises `NotFound`."""
        async with self._guard.project(Permission.LABEL_MANAGE, key, operation=operation) as tx:
            if not tx.done:
                before = await _held(tx, name)
                issues = await labels.issues_of(tx, before["id"], labels.KEPT)
                was = {**before, "issues": issues}
                if len(issues) == labels.KEPT:
                    was["bore"] = await labels.bearers(tx, before["id"])
                await labels.delete(tx, before["id"])
                tx.record("label.deleted", before=was, after={"id": before["id"]})


async def _held(tx: Tx, name: str) -> Row:
    held = await labels.held(tx, text.check_label(name))
    if held is None:
        near = did_you_mean(name, await labels.names(tx), "`rhythm label list KEY` shows the labels.")
        raise NotFound(f"There is no label {name!r} in this project.", hint=near)
    return held


def _colour(name: str) -> str:
    """A colour of the palette. Raises `Invalid`."""
    colour = name.strip().lower().replace("gray", "grey")
    if colour not in COLOURS:
        raise Invalid(
            f"{name!r} is no colour of labels.", field="colour", hint=f"One of: {', '.join(COLOURS)}."
        )
    return colour
