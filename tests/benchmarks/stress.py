"""Many people at once on one database: nothing is lost, nothing is doubled, and a backup meanwhile is whole.

    python -m tests.benchmarks.stress [--people 50] [--seconds 20] [--backup]

Every person is a process of their own that creates, moves, orders, edits, takes back and does again, each
change under an operation id that some send twice. All begin together once the last is ready. Each keeps its
own account of what it was told was saved; at the end the accounts of all are held against the database. Who
took the making of an issue back and then looks for it must be told that there is none, and nobody else. With
--backup, a backup is taken in the middle and restored into a second database, which must pass the same checks
as the first.

Exit code 0 if every check holds.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from rhythm_domain.database import Database
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.errors import Invalid, NotFound, Outcome, RhythmError, Unavailable
from rhythm_domain.maintenance.backup import backup
from rhythm_domain.maintenance.health import State, database_checks
from rhythm_domain.maintenance.restore import restore
from rhythm_domain.migrate import migrate
from rhythm_domain.models import Priority, Role, Status, User
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.session import Session
from tests.instances import Instance

CHANGES = ("create", "move", "move", "order", "edit", "undo", "redo")
DOUBLES = 0.2
"""The share of changes that are sent twice at the same time."""


@dataclass
class Account:
    """What one person was told: how many changes of each kind, and which issues are theirs."""

    said: Counter[str] = field(default_factory=Counter)
    created: list[str] = field(default_factory=list)
    missed: set[str] = field(default_factory=set)
    refused: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    slow: Counter[str] = field(default_factory=Counter)


class _SlowQueries(logging.Handler):
    """Counts slow queries by name, in place of a log."""

    def __init__(self, counts: Counter[str]) -> None:
        super().__init__()
        self._counts = counts

    def emit(self, record: logging.LogRecord) -> None:
        self._counts[getattr(record, "query", None) or record.getMessage()] += 1


_start: Barrier
"""Where the people wait for each other before they begin."""


def _sit_down(start: Barrier) -> None:
    global _start
    _start = start


def work(conninfo: str, user: User, session_id: int, seconds: float, seed: int) -> Account:
    """One person's process."""
    return asyncio.run(_work(conninfo, user, session_id, seconds, random.Random(seed)))  # noqa: S311 - a load that can be repeated


async def _work(conninfo: str, user: User, session_id: int, seconds: float, chance: random.Random) -> Account:
    db = Database(conninfo)
    session = Session(db, user, session_id)
    account = Account()
    logging.getLogger("rhythm").addHandler(_SlowQueries(account.slow))
    # Loading programs and connecting is not what is to be seen here: fifty that start at once take a while.
    await session.history.of_project("LOAD")
    await session.issues.show("LOAD-1")
    _start.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        what = chance.choice(CHANGES) if account.created else "create"
        operation = uuid4()
        picks = [chance.random()] * (2 if chance.random() < DOUBLES else 1)
        start = time.monotonic()
        outcomes = await asyncio.gather(
            *(_change(session, what, operation, account.created, pick) for pick in picks),
            return_exceptions=True,
        )
        account.took.append(time.monotonic() - start)
        keys = [outcome for outcome in outcomes if isinstance(outcome, str)]
        account.refused += any(isinstance(one, Unavailable) for one in outcomes)
        if not keys and await _saved(session, operation, outcomes):
            keys = [
                await _change(session, what, operation, account.created, picks[0])
            ]  # It is only answered.
        if keys:
            account.said[what] += 1
            if what == "create":
                account.created.append(keys[0])
                if len(set(keys)) > 1:
                    account.errors["one create gave two issues"] += 1
        for outcome in outcomes:
            if isinstance(outcome, Unavailable) or (
                isinstance(outcome, NotFound) and what in ("undo", "redo")
            ):
                continue
            if isinstance(outcome, _Missed):
                account.missed.add(outcome.key)
            elif isinstance(outcome, BaseException):
                account.errors[f"{what}: {type(outcome).__name__}: {outcome}"] += 1
    await db.close()
    return account


async def _saved(session: Session, operation: UUID, outcomes: Sequence[object]) -> bool:
    """Whether a change was saved after all whose answer was lost."""
    while any(isinstance(one, Unavailable) and one.outcome is Outcome.UNKNOWN for one in outcomes):
        with suppress(Unavailable):
            return await session.history.saved(operation)
    return False


class _Missed(Exception):  # noqa: N818 - what a person was told
    """There is no such issue."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


async def _change(session: Session, what: str, operation: UUID, keys: list[str], chance: float) -> str:
    pick = random.Random(chance)  # noqa: S311
    if what == "create":
        draft = IssueDraft(title=f"Strain {operation}", priority=pick.choice(list(Priority)))
        return (await session.issues.create("LOAD", draft, operation=operation)).key
    key = pick.choice(keys)
    try:
        await _change_one(session, what, operation, key, keys, pick)
    except (NotFound, Invalid) as error:
        if missing := re.match(r"There is no issue (LOAD-\d+)", error.message):
            raise _Missed(missing[1]) from error
        raise
    return key


async def _change_one(
    session: Session, what: str, operation: UUID, key: str, keys: list[str], pick: random.Random
) -> None:
    match what:
        case "move":
            await session.issues.move(key, pick.choice(list(Status)), operation=operation)
        case "order":
            other = pick.choice([one for one in (*keys, "LOAD-1") if one != key])
            await session.issues.order(key, after=other, operation=operation)
        case "edit":
            edit = IssueEdit(title=f"Edited {operation}", priority=pick.choice(list(Priority)))
            await session.issues.edit(key, edit, operation=operation)
        case "undo":
            await session.history.undo("LOAD", operation=operation)
        case "redo":
            await session.history.redo("LOAD", operation=operation)


def checks(
    sql: psycopg.Connection[dict[str, object]], accounts: list[Account]
) -> list[tuple[str, object, object]]:
    """(what, as it is, as it must be) of everything that can be counted."""

    def value(query: str) -> object:
        row = sql.execute(query.encode()).fetchone()
        return next(iter(row.values())) if row else None

    created = [key for account in accounts for key in account.created]
    taken_back = "SELECT i.number FROM events c JOIN events u ON u.undoes = c.operation"
    taken_back += " JOIN issues i ON i.id = c.issue_id WHERE c.kind = 'issue.created'"
    gone = {f"LOAD-{row['number']}" for row in sql.execute(taken_back.encode())}
    missed = {key for account in accounts for key in account.missed}
    undone = "SELECT count(DISTINCT operation) FROM events WHERE undoes IS NOT NULL"
    return [
        ("issues created", value("SELECT count(*) - 1 FROM issues"), len(created)),
        ("keys given twice", len(created) - len(set(created)), 0),
        ("titles given twice", value("SELECT count(title) - count(DISTINCT title) FROM issues"), 0),
        (
            "events of creation",
            value("SELECT count(*) - 1 FROM events WHERE kind = 'issue.created'"),
            len(created),
        ),
        ("numbers given twice", value("SELECT count(*) - count(DISTINCT number) FROM issues"), 0),
        ("ranks held twice", value("SELECT count(rank) - count(DISTINCT rank) FROM issues"), 0),
        ("undos and redos", value(undone), sum(a.said["undo"] + a.said["redo"] for a in accounts)),
        (
            "total of the counters",
            value("SELECT sum(total) FROM issue_counts"),
            value("SELECT count(*) FROM issues WHERE deleted_at IS NULL"),
        ),
        ("issues missed that nobody took back", len(missed - gone), 0),
        ("unexpected errors", sum(sum(account.errors.values()) for account in accounts), 0),
    ]


async def _bad(conninfo: str) -> list[str]:
    return [f"{one.name}: {one.message}" async for one in database_checks(conninfo) if one.state is State.BAD]


def main() -> int:
    """Runs it; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--backup", action="store_true", help="take a backup meanwhile, and restore it")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="rhythm stress "))
    folder.chmod(0o711)
    server = EmbeddedServer(folder / "postgres")
    try:
        return _run(server, folder, given.people, given.seconds, with_backup=given.backup)
    finally:
        server.stop()
        shutil.rmtree(folder)


def _run(server: EmbeddedServer, folder: Path, people: int, seconds: float, *, with_backup: bool) -> int:
    conninfo = server.start()
    migrate(conninfo)
    with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
        instance = Instance(Database(conninfo), sql)
        owner = instance.person("owner")
        project = instance.project("LOAD", owner=owner)
        sessions = [instance.person(f"person-{at}") for at in range(people)]
        for session in sessions:
            instance.join(project, session, Role.MEMBER)
        asyncio.run(_first(owner))
        context = multiprocessing.get_context("spawn")
        saved = folder / "meanwhile.backup"
        start = context.Barrier(people + 1)
        with context.Pool(people, _sit_down, (start,)) as pool:
            running = pool.starmap_async(
                work, [(conninfo, one.user, one.id, seconds, at) for at, one in enumerate(sessions)], 1
            )
            start.wait()
            if with_backup:
                running.wait(seconds / 2)
                asyncio.run(backup(conninfo, saved))
            accounts = running.get()
        said = sum((account.said for account in accounts), Counter[str]())
        print(f"{people} people, {seconds:.0f} s: {sum(said.values()):,} changes", dict(said))
        took = sorted(1000 * one for account in accounts for one in account.took)
        at = {f"p{share}": f"{took[len(took) * share // 100]:,.0f}" for share in (50, 95, 99)}
        print("ms", *(f"{name} {value}" for name, value in at.items()), f"max {took[-1]:,.0f}")
        print(
            "slow queries", dict(sum((account.slow for account in accounts), Counter[str]()).most_common(8))
        )
        refused = sum(account.refused for account in accounts)
        print(f"{refused} answers for lack of time that nothing was saved, or that it is not known")
        wrong = sum((account.errors for account in accounts), Counter[str]())
        for error, count in wrong.most_common(10):
            print(f"  {count} × {error}")
        failed = False
        for what, found, wanted in checks(sql, accounts):
            failed |= found != wanted
            print(f"{'ok ' if found == wanted else 'BAD'}  {what}: {found} (must be {wanted})")
    bad = asyncio.run(_bad(conninfo))
    print("ok   the instance is well" if not bad else f"BAD  {bad}")
    if with_backup:
        bad += _restored(server, saved)
    return int(failed or bool(bad))


async def _first(owner: Session) -> None:
    await owner.issues.create("LOAD", IssueDraft(title="The first"))
    await owner._db.close()


def _restored(server: EmbeddedServer, saved: Path) -> list[str]:
    """What is wrong with the backup once it is restored."""
    with psycopg.connect(server.conninfo("postgres", "postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE again OWNER rhythm")
    again = server.conninfo("again")
    try:
        asyncio.run(restore(again, saved))
        bad = asyncio.run(_bad(again))
    except RhythmError as error:
        bad = [error.message]
    with psycopg.connect(again) as sql:
        row = sql.execute("SELECT count(*) FROM issues").fetchone()
    verdict = f"BAD  {bad}" if bad else "ok   the backup from meanwhile is whole"
    print(f"{verdict}: {row and row[0]} issues")
    return bad


if __name__ == "__main__":
    sys.exit(main())
