"""The labels of a project: their colours, what they mean, how many issues have them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textual.content import Content

from rhythm_domain.models import COLOURS, Label
from rhythm_domain.policy import Permission
from rhythm_domain.text import shown
from rhythm_tui.looks.columns import View
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.screens.form import Entry, Form, Values
from rhythm_tui.screens.sections.section import Section
from rhythm_tui.widgets.choice_line import Way
from rhythm_tui.widgets.listing import Field


def _name(label: Label, view: View) -> list[Piece]:
    return [Piece(f"•{shown(label.name)}", view.colours.label(label.colour))]


class LabelsSection(Section[Label]):
    """The words that issues are sorted by."""

    name, noun = "Labels", "label"
    words = "Words to sort issues by. In the search: label:name, or no:label."
    empty = "No labels yet. + makes the first one."
    needs = Permission.LABEL_MANAGE
    fields = (
        Field("LABEL", 26, _name),
        Field("MEANS", None, lambda label, _: [Piece(shown(label.description))], least=10),
        Field("ISSUES", 9, lambda label, _: [Piece(str(label.issue_count), "muted")], keep=90, right=True),
        Field("COLOUR", 9, lambda label, _: [Piece(shown(label.colour), "muted")], keep=30),
    )

    async def read(self) -> Sequence[Label]:
        return await self.session.labels.list(self.key)

    def identity(self, item: Label) -> Hashable:
        return item.id

    def sought(self, item: Label) -> str:
        return f"{item.name} {item.description}"

    def _colour_ways(self) -> list[Way]:
        return [Way(name, Content.assemble((f"• {name}", self.colours.label(name)))) for name in COLOURS]

    def _entries(self, label: Label | None) -> list[Entry]:
        own = [] if label else [Way("", Content("by its name"), "a colour that follows from the name")]
        return [
            Entry("name", "Name", label.name if label else ""),
            Entry("colour", "Colour", label.colour if label else "", ways=[*own, *self._colour_ways()]),
            Entry("description", "Means", label.description if label else "", hint="in a line, if you like"),
        ]

    async def add(self) -> None:
        async def accept(values: Values) -> Label:
            return await self.write(
                lambda operation: self.session.labels.create(
                    self.key,
                    values["name"],
                    colour=values["colour"],
                    description=values["description"],
                    operation=operation,
                )
            )

        if made := await self.ask(Form(f"New label in {self.key}", self._entries(None), accept)):
            self.say(f"{shown(made.name)} is there", "t puts it on issues")

    async def edit(self, item: Label) -> None:
        async def accept(values: Values) -> Label:
            return await self.write(
                lambda operation: self.session.labels.edit(
                    self.key,
                    item.name,
                    new_name=values["name"],
                    colour=values["colour"],
                    description=values["description"],
                    operation=operation,
                )
            )

        if saved := await self.ask(Form(f"Label {item.name}", self._entries(item), accept)):
            self.say(f"{shown(saved.name)} saved")

    async def remove(self, item: Label) -> None:
        await self.write(
            lambda operation: self.session.labels.delete(self.key, item.name, operation=operation)
        )
        self.say(f"{shown(item.name)} deleted", "u takes it back")
