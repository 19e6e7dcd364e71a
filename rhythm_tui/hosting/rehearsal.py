"""The app, opened once in memory before the first person comes: what it learns by that, all forks have.

Python adapts code to what it is run with, Textual parses stylesheets and remembers what it drew; each session
would do so anew, in memory of its own. There is no database here, no terminal, and nobody who is signed in:
the person, their project and the issues are made up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from rhythm_domain import config
from rhythm_domain.models import (
    IssueRow,
    IssueType,
    LabelRef,
    Page,
    PersonRef,
    Priority,
    Project,
    Role,
    Status,
    Total,
    User,
)
from rhythm_domain.session import Session
from rhythm_tui.app import RhythmApp
from rhythm_tui.instance import Instance
from rhythm_tui.notebook import Notebook

PATIENCE = 30.0
"""Seconds after which it is given up: a host that is slow to start is better than one that does not."""

ROWS = 200
"""Issues in the list."""

SIZE = (120, 40)

KEYS = ("j", "j", "k", "ctrl+d", "ctrl+u", "slash", "a", "escape", "space", "space")

_THEN = datetime(2025, 1, 6, 12, tzinfo=UTC)

log = logging.getLogger("rhythm.host")


def rehearse(keys: Sequence[str] = KEYS) -> None:
    """Opens the app at a list of issues, presses some keys, and leaves. What fails is logged: the host does
    without. Afterwards there is no thread, no task and no loop of it.
    """
    try:
        asyncio.run(_play(keys))
    except Exception:
        log.exception("the rehearsal failed; sessions will begin a little more slowly")
    end = monotonic() + PATIENCE  # A thread that was joined is still there for a moment.
    while len(list(Path("/proc/self/task").iterdir())) > 1 and monotonic() < end:
        sleep(0.005)


async def _play(keys: Sequence[str]) -> None:
    app = RhythmApp(Stage(), start="issues", project=_PROJECT.key)
    whole = app.run_test(size=SIZE, tooltips=True, notifications=True)
    async with asyncio.timeout(PATIENCE), whole as pilot:
        while (app.view is None or app.view.busy) and app.crashed is None:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
        for key in keys:
            await pilot.press(key)


class Stage(Instance):
    """An instance without a database, whose only person is made up."""

    local = False
    settings = config.Settings()

    def conninfo(self) -> str:
        return ""

    @asynccontextmanager
    async def tracker(self) -> AsyncIterator[Any]:
        yield None

    async def signed_in(self, tracker: Any) -> Session:
        return Nobody()

    @property
    def instance_name(self) -> str:
        return "rehearsal"

    async def notebook(self, kind: str, session: Session) -> Notebook:
        return Notebook(None, kind)


class Nobody(Session):
    """A person of no database: they have what the list of issues reads, and can't do a thing."""

    def __init__(self) -> None:
        self.user, self.id = _PERSON, 0

    @cached_property
    def projects(self) -> Any:
        return _Answers(list=(_PROJECT,))

    @cached_property
    def views(self) -> Any:
        return _Answers(list=())

    @cached_property
    def people(self) -> Any:
        return _Answers(me=_PERSON)

    @cached_property
    def search(self) -> Any:
        rows = tuple(_row(number) for number in range(ROWS, 0, -1))
        return _Answers(page=Page(items=rows), total=Total(count=ROWS), suggest=())

    @cached_property
    def live(self) -> Any:
        return _Silence()


class _Answers:
    """A service of which each function has one answer, whatever it is asked."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        answer = self._answers[name]

        async def answered(*_: Any, **__: Any) -> Any:
            return answer

        return answered


class _Silence:
    """Nothing is ever heard."""

    hears = False

    async def mark(self) -> None:
        """Nothing has happened."""

    async def changes(self) -> AsyncIterator[Any]:
        await asyncio.Event().wait()
        yield None


_PERSON = User(
    id=0,
    name="nobody",
    display_name="Nobody",
    admin=False,
    active=True,
    claimed=True,
    time_zone="UTC",
    created_at=_THEN,
)

_PROJECT = Project(
    id=0,
    key="STAGE",
    name="Rehearsal",
    description="",
    archived_at=None,
    created_at=_THEN,
    updated_at=_THEN,
    version=1,
    wip_limits={},
    role=Role.MEMBER,
)


def _row(number: int) -> IssueRow:
    """One of the issues: no two neighbours look the same."""
    statuses, priorities, types = tuple(Status), tuple(Priority), tuple(IssueType)
    return IssueRow(
        id=number,
        project_id=_PROJECT.id,
        project_key=_PROJECT.key,
        number=number,
        title=f"Made up for the rehearsal, the {number}th of its kind",
        status=statuses[number % len(statuses)],
        priority=priorities[number % len(priorities)],
        type=types[number % len(types)],
        assignee=_PERSON.ref if number % 2 else None,
        reporter=PersonRef(id=0, name="nobody", display_name="Nobody"),
        sprint_id=None,
        sprint="Sprint" if number % 3 else None,
        estimate=None,
        due=_THEN.date() if number % 5 == 0 else None,
        labels=(LabelRef(name="label", colour="blue"),) if number % 4 == 0 else (),
        parent_key=None,
        blocked=number % 7 == 0,
        rank=f"{number:06}",
        version=1,
        created_at=_THEN,
        updated_at=_THEN,
        closed_at=None,
        deleted_at=None,
    )
