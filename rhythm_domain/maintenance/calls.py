"""What a person asks of Rhythm, tried out to see which queries that takes: lists, searches, boards.

Their queries are put together from what was asked, so none of them stands in a file. A call of the real
service runs as the project's owner, in a transaction that is rolled back, and everything that it sends to the
database is noted.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from rhythm_domain import database, queries
from rhythm_domain.connection import Connection, Params, Question
from rhythm_domain.database import Database
from rhythm_domain.models import User
from rhythm_domain.queries import Named
from rhythm_domain.session import Session

_Q = queries.load("health")

_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Sample:
    """What a call is tried with: a person's session, the largest project's key, its newest issue's key, and a
    word of that one's title."""

    session: Session
    project: str
    issue: str
    word: str


@dataclass(frozen=True, slots=True)
class Call:
    """What a person asks. `run` is given a query, or its own one if that is empty."""

    help: str
    query: str
    run: Callable[[Sample, str], Awaitable[object]]


CALLS = {
    "list": Call(
        "the newest issues of a project", "", lambda of, q: of.session.search.page(q, project=of.project)
    ),
    "list_sorted": Call(
        "open issues in another order",
        "is:open sort:priority",
        lambda of, q: of.session.search.page(q, project=of.project),
    ),
    "list_everywhere": Call("the newest issues of all projects", "", lambda of, q: of.session.search.page(q)),
    "search": Call(
        "issues with a word in them", "WORD", lambda of, q: of.session.search.page(q, project=of.project)
    ),
    "search_sorted": Call(
        "open issues with a word, by relevance",
        "WORD is:open sort:relevance",
        lambda of, q: of.session.search.page(q, project=of.project),
    ),
    "search_everywhere": Call(
        "issues with a word, of all projects", "WORD", lambda of, q: of.session.search.page(q)
    ),
    "total": Call(
        "how many issues are found",
        "WORD is:open",
        lambda of, q: of.session.search.total(q, project=of.project),
    ),
    "board": Call("a project's board", "", lambda of, q: of.session.boards.show(of.project, q)),
    "board_filtered": Call("cards with a word", "WORD", lambda of, q: of.session.boards.show(of.project, q)),
    "backlog": Call("a project's backlog", "", lambda of, q: of.session.boards.backlog(of.project, q)),
    "flow": Call("how work flows in a project", "", lambda of, q: of.session.reports.flow(of.project, 90)),
    "velocity": Call(
        "what the last sprints got done", "", lambda of, q: of.session.reports.velocity(of.project)
    ),
    "issue": Call("an issue, whole", "", lambda of, q: of.session.issues.show(of.issue)),
    "history": Call("a project's history", "", lambda of, q: of.session.history.of_project(of.project)),
}
"""By name, as `rhythm db explain` takes it. WORD is the sample's word."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A query that a call sent, and with what."""

    query: Named
    params: Params


class Rehearsal(Database):
    """One transaction, in which a session's calls run; it is rolled back at the end."""

    def __init__(self, conninfo: str, deadline: float) -> None:
        super().__init__(conninfo, deadline=deadline, max_size=1)
        self._within: Connection | None = None

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[Connection]:
        """The transaction; to its end, the calls of a session run in it."""
        try:
            async with super().entered(write=True) as self._within:
                yield self._within
                raise _Over
        except _Over:
            return
        finally:
            self._within = None

    @asynccontextmanager
    async def entered(
        self, *first: Question, write: bool, operation: UUID | None = None
    ) -> AsyncIterator[Connection]:
        within = self._within
        assert within is not None  # noqa: S101 - a defect
        self.hints.clear()  # Else a call would ask for less, as what was listed before is known.
        await database.ask(within, *first)
        yield within

    async def run_aside(self, query: Named, params: Params = None) -> None:
        """What is rolled back is told nobody."""


class _Over(Exception):  # noqa: N818 - not an error that anyone sees
    """The end of a rehearsal."""


async def sample(db: Rehearsal, connection: Connection) -> Sample | None:
    """What to try calls with; None if there is nothing yet."""
    (known,) = await database.fetch(connection, _Q["samples"])
    rows = await database.fetch(connection, _Q["open_rehearsal"], {"user": known["user"]})
    if not rows:
        return None
    user = User(**{name: rows[0][name] for name in User.names})
    session = Session(db, user, rows[0]["session"])
    page = await session.search.page(project=known["key"], limit=1)
    if not page.items:
        return None
    newest = page.items[0]
    return Sample(session, known["key"], newest.key, max(_WORD.findall(newest.title), key=len, default="a"))


async def sent_by(call: Call, of: Sample, query: str = "") -> list[Sent]:
    """The queries of a call, in order."""
    asked = query or call.query.replace("WORD", of.word)
    notes: list[tuple[Named, Params]] = []
    noting = database.overheard.set(notes)
    try:
        await call.run(of, asked)
    finally:
        database.overheard.reset(noting)
    return [Sent(query, params) for query, params in notes]
