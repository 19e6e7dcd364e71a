"""The limits of the board's columns: how much may be in work at once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from rhythm_domain.errors import Invalid
from rhythm_domain.models import OPEN, Project, Status
from rhythm_domain.policy import Permission
from rhythm_tui.looks import signs
from rhythm_tui.looks.columns import View
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import counted
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.screens.sections.section import Section
from rhythm_tui.widgets.listing import Field


class Limit(NamedTuple):
    """A column of open issues: how many are in it, and how many should be at most."""

    status: Status
    issues: int
    most: int | None


def _status(limit: Limit, view: View) -> list[Piece]:
    colour = view.colours.status(limit.status)
    return [Piece(f"{signs.STATUS[limit.status].mark} {signs.words(limit.status)}", colour)]


def _most(limit: Limit, _: View) -> list[Piece]:
    return [Piece("no limit", "faint") if limit.most is None else Piece(f"{limit.most}", bold=True)]


def _now(limit: Limit, _: View) -> list[Piece]:
    if limit.most is not None and limit.issues > limit.most:
        return [Piece(f"! {limit.issues - limit.most:,} over", "warning", bold=True)]
    if limit.most is not None and limit.issues == limit.most:
        return [Piece("full", "warning")]
    return [Piece("", "muted")]


class LimitsSection(Section[Limit]):
    """Work in progress."""

    name, noun = "Limits", "column"
    words = "The board warns when more issues stand in a column than its limit. It forbids nothing."
    needs = Permission.PROJECT_EDIT
    cannot = {"add": "every column is here already: enter sets its limit"}  # noqa: RUF012 - a constant
    fields = (
        Field("COLUMN", 18, _status),
        Field("LIMIT", 10, _most, right=True),
        Field("ISSUES", 9, lambda limit, _: [Piece(f"{limit.issues:,}", "muted")], right=True),
        Field("", None, _now, least=6),
    )

    async def read(self) -> Sequence[Limit]:
        board = await self.session.boards.show(self.key, limit=1)
        return [
            Limit(column.status, column.total.count, column.wip_limit)
            for column in board.columns
            if column.status in OPEN
        ]

    def identity(self, item: Limit) -> Hashable:
        return item.status

    def sought(self, item: Limit) -> str:
        return signs.words(item.status)

    async def edit(self, item: Limit) -> None:
        async def accept(typed: str) -> Project:
            return await self._set(item.status, _number(typed))

        name = signs.words(item.status)
        saved = await self.ask(
            Prompt(
                f"At most how many {name}?",
                accept,
                value="" if item.most is None else str(item.most),
                words=f"{counted(item.issues, 'issue')} now. Empty for no limit.",
            )
        )
        if saved is not None:
            most = saved.wip_limits.get(item.status)
            self.say(f"{name}: {'no limit' if most is None else f'at most {most}'}")

    async def remove(self, item: Limit) -> None:
        await self._set(item.status, None)
        self.say(f"{signs.words(item.status)}: no limit")

    async def _set(self, status: Status, most: int | None) -> Project:
        return await self.write(
            lambda operation: self.session.projects.set_wip_limit(self.key, status, most, operation=operation)
        )


def _number(typed: str) -> int | None:
    typed = typed.strip()
    if not typed:
        return None
    if not typed.isascii() or not typed.isdigit():
        raise Invalid("A limit is a number.", field="wip_limit", hint="1 to 999, or empty for none.")
    return int(typed)
