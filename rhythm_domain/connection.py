"""A connection to PostgreSQL: statements go over it in batches, and most answers are waited for in place.

To send a message, and to be woken by its answer, costs more than many a statement does. So what can be asked
together goes in one message (libpq's pipeline mode), past psycopg's cursors, which take longer over a
statement than the server.

An answer comes within a fraction of a millisecond: to have the event loop watch the socket costs more again.
So it is waited for right here first, for a millisecond at most, and only then by the loop. Others have their
turn once in each transaction, however many statements it has: before one that reads, whose first answer waits
by the loop if they took it, as one thing leads to another; and while a write's COMMIT waits for the disk.
"""

from __future__ import annotations

import re
import select
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import abc, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

from rhythm_domain.errors import Invalid
from rhythm_domain.queries import Named

T = TypeVar("T")
Params: TypeAlias = Mapping[str, Any] | None

CONNECT: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
    "application_name": "rhythm",
    "client_encoding": "UTF8",
}
"""How every connection is made."""

PATIENCE = 1
"""Milliseconds."""

PREPARED = 200
"""The most statements that are kept prepared on a connection, or are remembered to have been asked."""

FORGOTTEN = 20
"""How many of them the server is told at once that they are not."""

IN = "in query "
"""How an error's note begins that says which query failed."""

_PARAMETER = re.compile(rb"%(?:%|\((\w+)\)s)")


@dataclass(slots=True, eq=False)
class Question:
    """A statement to be sent; its rows and their number, once it is answered. Rows that are to be `named` are
    dicts. Others are tuples, read in binary: of an enum they have bytes.
    """

    query: Named
    params: Params = None
    named: bool = True
    rows: list[Any] = field(default_factory=list)
    count: int = 0
    answered: bool = False


@lru_cache(maxsize=1024)
def numbered(text: bytes) -> tuple[bytes, tuple[str, ...]]:
    """A statement with `$1` for the first name of `%(name)s` and so on, and the names in that order."""
    numbers: dict[str, int] = {}

    def number(match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            return b"%"
        return b"$%d" % numbers.setdefault(match[1].decode(), len(numbers) + 1)

    return _PARAMETER.sub(number, text), tuple(numbers)


class Connection(psycopg.AsyncConnection[dict[str, Any]]):
    """As psycopg's own, and with `ask`."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.prepares = False
        """Whether what is asked again is prepared: there must be nothing between this and the server."""
        self._adapting: abc.Transformer = Transformer(self)
        # By text and types: how the server knows it; None if it was asked once.
        self._statements: OrderedDict[tuple[bytes, tuple[int, ...]], bytes | None] = OrderedDict()
        self._columns: dict[bytes, list[str]] = {}
        self._names = 0
        self._forgotten: list[bytes] = []
        self.waiting: list[Question] = []
        """What is sent with what is asked next: nothing that is done until then depends on the answer."""
        self.follow: list[Question] = []
        """What is sent behind the COMMIT of this transaction, and is lost if that fails."""
        self.ending: Question | None = None
        """The COMMIT of this transaction, if that may go with its last statement and was not sent yet."""

    async def ask(self, *questions: Question, in_place: bool | None = None) -> None:
        """Sends what is `waiting` and these statements in one message, and reads the answers into them.

        They are waited for `in_place` first, or by the loop at once; None: in place within a transaction.
        Raises psycopg's error of the first that failed, with the query's name as a note; the server has
        skipped what came behind it.
        """
        asked, self.waiting = [*self.waiting, *questions], []
        if asked:
            async with self.lock:
                await self._let_go()
                conversation = self._conversation(asked, prepare=self.prepares)
                if in_place is None:
                    in_place = self.pgconn.transaction_status == TransactionStatus.INTRANS
                await (self._wait_in_place(conversation) if in_place else self.wait(conversation))

    async def _let_go(self) -> None:
        """Lets go of what is asked no more, between two transactions: one begins with what says how it is."""
        if len(self._forgotten) >= FORGOTTEN and self.pgconn.transaction_status == TransactionStatus.IDLE:
            names, self._forgotten = self._forgotten, []
            letting_go = [Question(Named("deallocate", b"DEALLOCATE " + name)) for name in names]
            with suppress(psycopg.errors.InvalidSqlStatementName):
                await self.wait(self._conversation(letting_go, prepare=False))

    async def _wait_in_place(self, gen: Generator[Wait, Ready | int, T]) -> T:
        """Takes what waits for the server to its end, and returns what that does."""
        try:
            wanted = next(gen)
            while ready := _ready(self.pgconn.socket, wanted):
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result
        return await self.wait(_further(gen, wanted))

    def _conversation(
        self, questions: Sequence[Question], *, prepare: bool
    ) -> Generator[Wait, Ready | int, None]:
        server = self.pgconn
        # What can't be written as a parameter is found out before anything is sent.
        written = [self._written(question) for question in questions]
        server.enter_pipeline_mode()
        sent: list[Question | None] = []
        begun = []
        for question, (text, params, types, formats) in zip(questions, written, strict=True):
            read = Format.TEXT if question.named else Format.BINARY
            name = self._name(key := (text, types), at_once=question.query.lasts) if prepare else None
            if name is None:
                server.send_query_params(
                    text, params, param_types=types, param_formats=formats, result_format=read
                )
            else:
                if self._statements[key] is None:
                    server.send_prepare(name, text, param_types=types)
                    self._statements[key] = name
                    begun.append(key)
                    sent.append(None)
                server.send_query_prepared(name, params, param_formats=formats, result_format=read)
            sent.append(question)
        server.pipeline_sync()
        yield from generators.send(server)
        failed: psycopg.Error | None = None
        prepared = 0
        answers: list[tuple[Question, PGresult]] = []
        try:
            for of in sent:
                (result,) = yield from generators.fetch_many(server)
                if result.status == ExecStatus.FATAL_ERROR:
                    if failed is None:
                        self._forget(begun[prepared:], result)
                        failed = error_from_result(result)
                        failed.add_note(f"{IN}{(of or questions[len(answers)]).query.name}")
                elif failed is None and of is None:
                    prepared += 1
                elif failed is None and of is not None:
                    of.answered = True
                    answers.append((of, result))
            yield from generators.fetch_many(server)
            server.exit_pipeline_mode()
        except psycopg.OperationalError:
            # The server has closed the connection: why, if it said so.
            if failed is None:
                raise
        if failed is not None:
            raise failed
        for question, result in answers:
            question.count = result.command_tuples or 0
            if result.status == ExecStatus.TUPLES_OK:
                self._adapting.set_pgresult(result)
                question.rows = self._adapting.load_rows(0, result.ntuples, tuple)
                if question.named:
                    names = self._column_names(question.query, result)
                    question.rows = [dict(zip(names, row, strict=True)) for row in question.rows]

    def _written(
        self, question: Question
    ) -> tuple[bytes, Sequence[Any] | None, tuple[int, ...], Sequence[Any] | None]:
        """A statement and its parameters as they are sent: the text, the values, their types and formats."""
        text = question.query.text
        if question.params is None:
            return text, None, (), None
        text, names = numbered(text)
        if not names:
            return text, None, (), None
        values = [question.params[name] for name in names]
        dumped = self._adapting.dump_sequence(values, [PyFormat.AUTO] * len(values))
        return text, dumped, self._adapting.types or (), self._adapting.formats

    def _name(self, key: tuple[bytes, tuple[int, ...]], *, at_once: bool) -> bytes | None:
        """The name under which the server has a statement, or is to have it; None: it is worth none yet."""
        if key not in self._statements:
            self._statements[key] = None
            if len(self._statements) > PREPARED:
                _, name = self._statements.popitem(last=False)
                if name is not None:
                    self._forgotten.append(name)
            if not at_once:
                return None
        self._statements.move_to_end(key)
        if (name := self._statements[key]) is None:
            self._names += 1
            return b"asked_%d" % self._names
        return name

    def _column_names(self, query: Named, result: PGresult) -> list[str]:
        """The names of a query's columns: of one that lasts they are looked at once."""
        names = self._columns.get(query.text)
        if names is None:
            names = [(result.fname(column) or b"").decode() for column in range(result.nfields)]
            if query.lasts:
                self._columns[query.text] = names
        return names

    def _forget(self, unprepared: Sequence[tuple[bytes, tuple[int, ...]]], result: PGresult) -> None:
        """What was not prepared, or is no more, as a statement failed."""
        for key in unprepared:
            self._statements[key] = None
        match (result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"").decode():
            case "0A000":  # Of a prepared statement: its tables have changed since.
                self._forgotten += [name for name in self._statements.values() if name is not None]
                self._statements.clear()
                self._columns.clear()
            case "26000":  # The server does not have it: somebody said DISCARD.
                self._forgotten.clear()
                self._statements.clear()


def checked(conninfo: str) -> str:
    """A URL or conninfo that can be read. Raises `Invalid`, which does not quote it: libpq's own words, that
    the pool would log, hold the password.
    """
    try:
        psycopg.conninfo.conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError:
        raise Invalid(
            "The database's URL can't be read.",
            field="database_url",
            hint="It looks like postgresql://USER@HOST/NAME; in a password, @ is written %40, and % is %25.",
        ) from None
    return conninfo


async def in_iso(connection: Connection) -> None:
    """Sees to it that times come in the style that psycopg reads, whatever PGDATESTYLE or the role says."""
    if not (connection.info.parameter_status("DateStyle") or "ISO").startswith("ISO"):
        await connection.execute(b"SET DateStyle TO ISO")


def _ready(socket: int, wanted: Wait) -> Ready | None:
    """What a socket is ready for; None if it is for nothing yet."""
    poll = select.poll()
    poll.register(socket, (wanted & Wait.R and select.POLLIN) | (wanted & Wait.W and select.POLLOUT))
    for _, event in poll.poll(PATIENCE):
        if not event & select.POLLOUT:
            return Ready.R
        return Ready.W if event == select.POLLOUT else Ready.RW
    return None


def _further(gen: Generator[Wait, Ready | int, T], wanted: Wait) -> Generator[Wait, Ready | int, T]:
    """The rest of what waits for something already."""
    while True:
        ready = yield wanted
        try:
            wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result
