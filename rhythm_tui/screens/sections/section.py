"""What every section of the settings has in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from textual.content import Content
from textual.screen import ModalScreen

from rhythm_domain.models import Project
from rhythm_domain.policy import Permission
from rhythm_domain.session import Session
from rhythm_tui.desk import Desk
from rhythm_tui.looks.colours import Colours
from rhythm_tui.screens.work import WorkScreen
from rhythm_tui.widgets.listing import Field
from rhythm_tui.widgets.theming import colours_of

T = TypeVar("T")
R = TypeVar("R")

NOTHING_HERE = "there is nothing under the cursor"


class Section(Generic[T]):
    """A list of the settings. A subclass reads its items, draws them, and carries out what keys ask for.

    Where an action is not possible at all `cannot` says why, under `add`, `edit` or `remove`.
    """

    name: ClassVar[str]
    noun: ClassVar[str]
    """What one of its items is called."""
    words: ClassVar[str]
    """What it is about, in a line."""
    empty: ClassVar[str] = "Nothing here."
    of_project: ClassVar[bool] = True
    """Whether it belongs to a project; else to the person."""
    needs: ClassVar[Permission | None] = None
    """What all of its actions need."""
    cannot: ClassVar[dict[str, str]] = {}
    fields: Sequence[Field[T]]

    def __init__(self, screen: WorkScreen) -> None:
        self.screen = screen

    async def read(self) -> Sequence[T]:
        """Its items, as the database has them now."""
        raise NotImplementedError

    def identity(self, item: T) -> Hashable:
        """What an item is known by when it is read again."""
        raise NotImplementedError

    def sought(self, item: T) -> str:
        """The words by which an item is found."""
        raise NotImplementedError

    def faded(self, item: T) -> bool:
        """Whether an item is of the past."""
        return False

    def about(self, item: T) -> Content:
        """What there is to know about the item under the cursor."""
        return Content(self.words)

    def why_not(self, action: str, item: T | None) -> str | None:
        """Why `add`, `edit` or `remove` can't be done, in words; None if it can."""
        if action in self.cannot:
            return self.cannot[action]
        if action != "add" and item is None:
            return NOTHING_HERE
        return self.may(self.needs) if self.needs else None

    async def add(self) -> None:
        """Asks for a new item and makes it."""

    async def edit(self, item: T) -> None:
        """Asks for a change of an item and makes it."""

    async def remove(self, item: T) -> None:
        """Removes an item."""

    # What a subclass works with ----------------------------------------------------------------------------

    @property
    def desk(self) -> Desk:
        return self.screen.desk

    @property
    def session(self) -> Session:
        return self.desk.session

    @property
    def project(self) -> Project:
        """The project that is shown."""
        if self.desk.project is None:
            raise self.desk.no_project
        return self.desk.project

    @property
    def key(self) -> str:
        return self.project.key

    @property
    def colours(self) -> Colours:
        return colours_of(self.screen)

    def may(self, permission: Permission) -> str | None:
        """Why the person may not, in this project."""
        return self.session.can(permission, self.project)

    async def write(self, send: Callable[[UUID], Awaitable[R]]) -> R:
        """Sends a write; its answer."""
        answer = await self.desk.edits.run(send)
        if not self.of_project:
            self.desk.did_aside(f"changed your {self.noun}s")
        return answer

    async def ask(self, dialog: ModalScreen[R | None]) -> R | None:
        """What the person answers; None if they don't."""
        return await self.screen.app.push_screen_wait(dialog)

    def say(self, text: str, hint: str = "") -> None:
        self.screen.say(text, hint)


AnySection = Section[Any]
