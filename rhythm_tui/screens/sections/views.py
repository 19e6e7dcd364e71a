"""Saved views: searches with a name, one's own or published to the project's team."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textual.content import Content

from rhythm_domain.models import SavedView
from rhythm_domain.policy import Permission
from rhythm_domain.text import shown
from rhythm_tui.looks.columns import View
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.screens.confirm import forget_view
from rhythm_tui.screens.form import Entry, Form, Values
from rhythm_tui.screens.saved_views import tabs
from rhythm_tui.screens.sections.section import Section
from rhythm_tui.widgets.choice_line import Way
from rhythm_tui.widgets.listing import Field

_WHO_SEES = (
    Way("", Content("only you")),
    Way("team", Content("the team"), "everybody in this project finds it among their tabs"),
)


def _seen_by(view: SavedView, _: View) -> list[Piece]:
    if view.owner is None:
        return [Piece("everybody", "muted")]
    return [Piece("the team", "success") if view.published else Piece("only you", "muted")]


def _where(view: SavedView, _: View) -> list[Piece]:
    return [Piece(view.project_key or "everywhere", "muted")]


def _owner(view: SavedView, look: View) -> list[Piece]:
    if view.owner is None:
        return [Piece("Rhythm", "muted")]
    return [Piece(shown(view.owner.display_name), look.colours.person(view.owner))]


class ViewsSection(Section[SavedView]):
    """The tabs over the issue table."""

    name, noun = "Views", "view"
    words = "Searches with a name: the tabs over the issue table, where + saves what is searched for."
    fields = (
        Field("VIEW", 24, lambda view, _: [Piece(shown(view.name), bold=True)]),
        Field("SEARCH", None, lambda view, _: [Piece(shown(view.query), "muted")], least=16),
        Field("SEEN BY", 9, _seen_by, keep=90),
        Field("IN", 10, _where, keep=40),
        Field("OF", 16, _owner, keep=50),
    )

    async def read(self) -> Sequence[SavedView]:
        views = await tabs(self.session, self.key)
        return sorted(views, key=lambda view: view.built_in)  # What one can change comes first.

    def identity(self, item: SavedView) -> Hashable:
        return item.id or item.name

    def faded(self, item: SavedView) -> bool:
        return item.built_in

    def sought(self, item: SavedView) -> str:
        return f"{item.name} {item.query}"

    def _mine(self, view: SavedView) -> bool:
        return view.owner is not None and view.owner.id == self.session.user.id

    def why_not(self, action: str, item: SavedView | None) -> str | None:
        if action == "add" and self.project.archived:
            return f"{self.key} is archived"
        if action == "add" or item is None:
            return super().why_not(action, item)
        if item.owner is None:
            return "it comes with Rhythm"
        if action == "edit" and not self._mine(item):
            return f"it is {shown(item.owner.display_name)}'s own"
        return None if self._mine(item) else self.may(Permission.PROJECT_EDIT)

    def _entries(self, view: SavedView | None) -> list[Entry]:
        refused = self.may(Permission.VIEW_PUBLISH)
        if view is not None and view.project_key is None:
            refused = "only a view of one project has a team"
        ways = [Way("", Content("only you"), f"{refused}")] if refused else list(_WHO_SEES)
        return [
            Entry("name", "Name", view.name if view else "", hint="Crashes"),
            Entry("query", "Search", view.query if view else "", hint="type:bug is:open sort:priority"),
            Entry("seen", "Seen by", "team" if view and view.published else "", ways=ways),
        ]

    async def add(self) -> None:
        await self._save(None)

    async def edit(self, item: SavedView) -> None:
        await self._save(item)

    async def _save(self, view: SavedView | None) -> None:
        async def accept(values: Values) -> SavedView:
            return await self.write(
                lambda operation: self.session.views.save(
                    view.name if view else values["name"],
                    values["query"],
                    key=view.project_key if view else self.key,
                    published=values["seen"] == "team",
                    new_name=values["name"] if view else None,
                    operation=operation,
                )
            )

        title = f"View {view.name}" if view else f"New view of {self.key}"
        if saved := await self.ask(Form(title, self._entries(view), accept)):
            if not saved.published:
                self.desk.did_aside(f"saved the view {saved.name}")
            self.say(f"{shown(saved.name)} saved", "[ and ] go to it in the issue table")

    async def remove(self, item: SavedView) -> None:
        if not item.published and not await self.ask(forget_view(item)):
            return
        owner = None if self._mine(item) or item.owner is None else item.owner.name
        await self.write(
            lambda operation: self.session.views.delete(
                item.name, key=item.project_key, owner=owner, operation=operation
            )
        )
        if not item.published:
            self.desk.did_aside(f"deleted the view {item.name}")
        self.say(f"{shown(item.name)} deleted", "u takes it back" if item.published else "")
