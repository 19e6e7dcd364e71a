"""What the faces of Rhythm hold: an open instance, and a signed-in person with everything they can do.

async with Tracker.open(conninfo) as tracker:
    session = await tracker.sign_in("ada", password)
    page = await session.issues.list("assignee:@me is:open")
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rhythm_domain.database import Database
from rhythm_domain.guard import Guard
from rhythm_domain.models import Project, User
from rhythm_domain.policy import Permission, allows, reason

if TYPE_CHECKING:
    from rhythm_domain.live import Live
    from rhythm_domain.services.boards import Boards
    from rhythm_domain.services.comments import Comments
    from rhythm_domain.services.exchange import Exchange
    from rhythm_domain.services.history import History
    from rhythm_domain.services.hosting import Hosting
    from rhythm_domain.services.issues import Issues
    from rhythm_domain.services.labels import Labels
    from rhythm_domain.services.members import Members
    from rhythm_domain.services.notes import Notes
    from rhythm_domain.services.people import People
    from rhythm_domain.services.projects import Projects
    from rhythm_domain.services.reports import Reports
    from rhythm_domain.services.search import Search
    from rhythm_domain.services.sprints import Sprints
    from rhythm_domain.services.views import Views


class Session:
    """A signed-in person. Each capability is a service behind the guard; services are loaded on first use."""

    def __init__(self, db: Database, user: User, session_id: int) -> None:
        self.user = user
        self.id = session_id
        self._db = db
        self._guard = Guard(db, session_id)

    def can(self, permission: Permission, project: Project, *, author: bool = False) -> str | None:
        """None if the person may, else the reason in words. For lighting keys: the guard decides."""
        if not allows(permission, project.role, admin=self.user.admin, author=author):
            return reason(permission)
        if project.archived and not permission.reads and not permission.rule.archived:
            return f"{project.key} is archived"
        return None

    def forget(self) -> None:
        """Has everything read anew, also what was changed past Rhythm, as by hand in SQL: what was read in
        the last minute would else be shown again, as long as the history says that nothing happened.
        """
        self._db.hints.clear()

    @cached_property
    def people(self) -> People:
        from rhythm_domain.services.people import People

        return People(self._guard)

    @cached_property
    def projects(self) -> Projects:
        from rhythm_domain.services.projects import Projects

        return Projects(self._guard)

    @cached_property
    def members(self) -> Members:
        from rhythm_domain.services.members import Members

        return Members(self._guard)

    @cached_property
    def labels(self) -> Labels:
        from rhythm_domain.services.labels import Labels

        return Labels(self._guard)

    @cached_property
    def issues(self) -> Issues:
        from rhythm_domain.services.issues import Issues

        return Issues(self._guard)

    @cached_property
    def comments(self) -> Comments:
        from rhythm_domain.services.comments import Comments

        return Comments(self._guard)

    @cached_property
    def search(self) -> Search:
        from rhythm_domain.services.search import Search

        return Search(self._guard)

    @cached_property
    def boards(self) -> Boards:
        from rhythm_domain.services.boards import Boards

        return Boards(self._guard)

    @cached_property
    def sprints(self) -> Sprints:
        from rhythm_domain.services.sprints import Sprints

        return Sprints(self._guard)

    @cached_property
    def reports(self) -> Reports:
        from rhythm_domain.services.reports import Reports

        return Reports(self._guard)

    @cached_property
    def views(self) -> Views:
        from rhythm_domain.services.views import Views

        return Views(self._guard)

    @cached_property
    def notes(self) -> Notes:
        from rhythm_domain.services.notes import Notes

        return Notes(self._guard)

    @cached_property
    def history(self) -> History:
        from rhythm_domain.services.history import History

        return History(self._guard)

    @cached_property
    def live(self) -> Live:
        from rhythm_domain.live import Live

        return Live(self._db, self._guard)

    @cached_property
    def exchange(self) -> Exchange:
        from rhythm_domain.services.exchange import Exchange

        return Exchange(self._guard)


class Tracker:
    """An open instance: the doors for somebody who is not signed in yet (see `services.accounts`)."""

    def __init__(self, db: Database) -> None:
        self._db = db
        from rhythm_domain.services.accounts import Accounts

        self.accounts = Accounts(db, self._session)

    @cached_property
    def hosting(self) -> Hosting:
        """For who runs a shared instance."""
        from rhythm_domain.services.hosting import Hosting

        return Hosting(self._db)

    def _session(self, user: User, session_id: int) -> Session:
        return Session(self._db, user, session_id)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        conninfo: str,
        *,
        pooler: bool = False,
        listen_conninfo: str | None = None,
        discreet: bool = False,
        hub: Path | None = None,
    ) -> AsyncIterator[Tracker]:
        """An instance at a database URL or conninfo. The schema is checked on the first sign-in.

        `pooler` says that PgBouncer is in between; live changes then need `listen_conninfo`, past it, or the
        `hub` of a shared instance. With `discreet` no error says where the database is.
        Connections are made when they are needed and closed at the end.
        """
        db = Database(conninfo, pooler=pooler, listen_conninfo=listen_conninfo, discreet=discreet, hub=hub)
        try:
            yield cls(db)
        finally:
            await db.close()
