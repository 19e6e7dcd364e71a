"""Saved views over the issue table: made, renamed, shown to the team, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rhythm_domain.errors import Invalid
from rhythm_domain.models import SavedView
from rhythm_domain.policy import Permission
from rhythm_domain.query import Condition, Field, QueryError, parse
from rhythm_domain.session import Session
from rhythm_domain.text import folded, shown
from rhythm_tui.desk import Desk
from rhythm_tui.screens.confirm import forget_view, over
from rhythm_tui.screens.prompt import Prompt

if TYPE_CHECKING:
    from rhythm_tui.screens.work import WorkScreen

_WORK = {"view.rename": "renamed", "view.publish": "published", "view.delete": "deleted"}


async def tabs(session: Session, key: str | None) -> list[SavedView]:
    """The views that stand over the table of a project, or with None of all projects.

    One of everywhere whose search names other projects finds nothing in this one. One whose search can't be
    read, as a newer program saved it, stands there: what is wrong is said once it is shown.
    """
    views = [view for view in await session.views.list(key) if view.project_key in (None, key)]
    named = [_projects(view) for view in views]
    if key is None or not any(named):
        return views
    keys = await session.projects.keys(key)
    return [view for view, of in zip(views, named, strict=True) if not _elsewhere(of, keys)]


def _projects(view: SavedView) -> list[Condition]:
    """What a view's search asks of projects."""
    if "project:" not in view.query:
        return []
    try:
        return [each for each in parse(view.query).conditions if each.field is Field.PROJECT]
    except QueryError:
        return []


def _elsewhere(named: Sequence[Condition], keys: frozenset[str]) -> bool:
    return any(keys.isdisjoint(map(str, each.values)) is not each.negated for each in named)


def why_not(desk: Desk, command: str, view: SavedView | None) -> str | None:
    """Why a command can't be given about the view that is shown, in words; None if it can."""
    if view is None:
        return "this search is no saved view: [ and ] go to one, + makes it one"
    if view.owner is None:
        return f"{shown(view.name)} comes with Rhythm: it can't be {_WORK[command]}"
    mine = view.owner.id == desk.session.user.id
    if not mine and command != "view.delete":
        return f"{shown(view.name)} is {shown(view.owner.display_name)}'s own"
    if not mine:
        return desk.why_not(Permission.PROJECT_EDIT, view.project_key)
    if command == "view.publish" and view.project_key is None:
        return f"{shown(view.name)} is of all projects; only a project's views have a team"
    if view.published or command == "view.publish":
        return None if command == "view.delete" else desk.why_not(Permission.VIEW_PUBLISH, view.project_key)
    return None


async def save(screen: WorkScreen, query: str, views: Sequence[SavedView]) -> SavedView | None:
    """Asks for a name and saves a search under it, for oneself, in the project that is shown or in none."""
    desk = screen.desk
    me = desk.session.user.id
    own = [view for view in views if view.owner and view.owner.id == me and view.project_key == desk.key]
    known = {folded(view.name): view for view in own}
    before: SavedView | None = None

    async def accept(name: str) -> SavedView:
        nonlocal before
        before = known.get(folded(name.strip()))
        other = before is not None and before.query != query
        if before and other and not await screen.app.push_screen_wait(over(before)):
            raise Invalid(f"{before.name} is there already.", hint="Give this one another name, or leave.")
        return await desk.edits.run(
            lambda operation: desk.session.views.save(
                name, query, key=desk.key, published=bool(before and before.published), operation=operation
            )
        )

    where = f"in {desk.key}" if desk.key else "over all your projects"
    words = f"{query or 'all issues'} · a tab {where}, for you alone until you publish it"
    prompt = Prompt("Save this search as a view", accept, words=words, placeholder="Its name")
    saved = await screen.app.push_screen_wait(prompt)
    if saved is not None:
        if not saved.published:
            desk.did_aside(f"saved the view {saved.name}")
        if before is not None:
            screen.say(f"{shown(saved.name)} searches for this now", "instead of what it did before")
        else:
            screen.say(f"{shown(saved.name)} saved", "the palette renames, publishes and deletes it")
    return saved


async def rename(screen: WorkScreen, view: SavedView) -> SavedView | None:
    """Asks for another name of one's own view."""
    desk = screen.desk

    async def accept(name: str) -> SavedView:
        return await desk.edits.run(
            lambda operation: desk.session.views.save(
                view.name,
                view.query,
                key=view.project_key,
                published=view.published,
                new_name=name,
                operation=operation,
            )
        )

    saved = await screen.app.push_screen_wait(Prompt("Rename a view", accept, value=view.name))
    if saved is not None:
        if not saved.published:
            desk.did_aside(f"renamed the view {view.name} to {saved.name}")
        screen.say(f"{shown(view.name)} is {shown(saved.name)} now", _way_back(view))
    return saved


async def publish(screen: WorkScreen, view: SavedView) -> SavedView:
    """Shows one's own view to the project's team, or to oneself alone again."""
    desk = screen.desk
    saved = await desk.edits.run(
        lambda operation: desk.session.views.save(
            view.name,
            view.query,
            key=view.project_key,
            published=not view.published,
            operation=operation,
        )
    )
    seen = "seen by you alone" if view.published else f"a tab of everybody in {view.project_key}"
    screen.say(f"{shown(view.name)} is {seen} now", "u takes it back")
    return saved


async def delete(screen: WorkScreen, view: SavedView) -> None:
    """Deletes a view, after a question if undo would not know of it."""
    desk = screen.desk
    mine = view.owner is not None and view.owner.id == desk.session.user.id
    if not view.published and not await screen.app.push_screen_wait(forget_view(view)):
        return
    owner = None if mine or view.owner is None else view.owner.name
    await desk.edits.run(
        lambda operation: desk.session.views.delete(
            view.name, key=view.project_key, owner=owner, operation=operation
        )
    )
    if not view.published:
        desk.did_aside(f"deleted the view {view.name}")
    screen.say(f"{shown(view.name)} deleted", _way_back(view))
    screen.reload()


def _way_back(view: SavedView) -> str:
    return "u takes it back" if view.published else ""
