"""Bringing the database's schema up: forward only, each file and its version row in one transaction.

Migrations are `migrations/NNNN_name.sql`. A file's first line may say `-- oldest-program: N`: the smallest
schema number that a program may have been built for and still work with the result; without it, only
programs of the same number can. Migrators wait for each other on an advisory lock that the transaction
holds, so one that is killed leaves nothing half-done and nothing locked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from rhythm_domain.connection import CONNECT, checked
from rhythm_domain.errors import Invalid, SchemaMismatch
from rhythm_domain.refusals import no_text, translated

LOCK = 0x72687974
"""The advisory lock of migrators ("rhyt")."""

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_OLDEST = re.compile(r"\A-- oldest-program: (\d+)\n")


class Migration(NamedTuple):
    """One step: its number, its name, the oldest program that can work with its result, its SQL."""

    version: int
    name: str
    oldest_program: int
    text: str


class SchemaState(NamedTuple):
    """What a database has: its version (0: empty), and the oldest program that it works with."""

    version: int
    oldest_program: int
    applied: tuple[tuple[int, str], ...] = ()

    def check(self) -> None:
        """Raises `SchemaMismatch`, with what to do, unless this program can work with it."""
        if self.version == 0:
            raise SchemaMismatch("The database is empty.", hint="Run `rhythm db migrate` to set it up.")
        if self.version < program_schema():
            raise SchemaMismatch(
                f"The database's schema is {self.version}, this program needs {program_schema()}.",
                hint="Run `rhythm db migrate` (with the owner's URL: RHYTHM_OWNER_URL).",
            )
        if self.oldest_program > program_schema():
            raise SchemaMismatch(
                f"The database's schema is {self.version}; this program is too old for it.",
                hint="Install the newer Rhythm that your team uses.",
            )


def folder() -> Path:
    """Where schema.sql and migrations/ are: inside an installed package, or at the top of a checkout."""
    package = Path(__file__).parent
    return package if (package / "schema.sql").exists() else package.parent


@cache
def migrations() -> tuple[Migration, ...]:
    """All migrations that this program brings, in order."""
    found: list[Migration] = []
    for path in sorted((folder() / "migrations").glob("*.sql")):
        match = _FILE.fullmatch(path.name)
        if not match or int(match[1]) != len(found) + 1:
            raise RuntimeError(f"{path.name} is not the next migration")
        text = path.read_text(encoding="utf-8")
        oldest = _OLDEST.match(text)
        version = int(match[1])
        found.append(Migration(version, match[2], int(oldest[1]) if oldest else version, text))
    return tuple(found)


def program_schema() -> int:
    """The schema number that this program was built for."""
    return migrations()[-1].version


def state_of(connection: psycopg.Connection[tuple[object, ...]]) -> SchemaState:
    """What schema a database has."""
    (there,) = connection.execute("SELECT to_regclass('schema_versions') IS NOT NULL").fetchone() or (False,)
    if not there:
        return SchemaState(0, 0)
    rows = connection.execute(
        "SELECT version, name, oldest_program FROM schema_versions ORDER BY version"
    ).fetchall()
    applied = tuple((int(str(version)), str(name)) for version, name, _ in rows)
    if not rows:
        return SchemaState(0, 0)
    return SchemaState(applied[-1][0], int(str(rows[-1][2])), applied)


def inspect(conninfo: str) -> SchemaState:
    """What schema the database at a URL has. Raises `Unavailable`."""
    try:
        with psycopg.connect(checked(conninfo), autocommit=True, **CONNECT) as connection:
            return state_of(connection)
    except psycopg.Error as error:
        raise translated(error) from error


def migrate(conninfo: str, *, applied: Callable[[Migration], None] = lambda _: None) -> SchemaState:
    """Applies what is missing; the schema afterwards. `applied` is called after each one was committed.

    Safe to run by several at once: one works, the others wait and find nothing to do. Raises
    `SchemaMismatch` if the database is newer than this program, `Unavailable` if it can't be reached.
    """
    try:
        with psycopg.connect(checked(conninfo), autocommit=True, **CONNECT) as connection:
            steps = 0
            while True:
                with connection.transaction():
                    for limit in (
                        "statement_timeout",
                        "lock_timeout",
                        "idle_in_transaction_session_timeout",
                    ):
                        connection.execute("SELECT set_config(%s, '0', true)", (limit,))
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                    state = state_of(connection)
                    if state.version > program_schema():
                        state.check()
                    if state.version >= program_schema():
                        break
                    step = migrations()[state.version]
                    connection.execute(step.text.encode())
                    connection.execute(
                        "INSERT INTO schema_versions (version, name, oldest_program) VALUES (%s, %s, %s)",
                        (step.version, step.name, step.oldest_program),
                    )
                applied(step)
                steps += 1
            if 0 < steps < program_schema():
                # Where a table was written anew, its rows are read though an index has all that is asked for,
                # until it is vacuumed: of itself the server would not soon. A time limit that the role has
                # may end that.
                tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                names = sql.SQL(", ").join(sql.Identifier(str(name)) for (name,) in tables)
                with suppress(psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable):
                    connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(names))
            return state
    except psycopg.Error as error:
        raise translated(error) from error


def grant(conninfo: str, role: str) -> None:
    """Gives a role what the day's work needs, and nothing more: no DDL, no ownership.

    Run by the owner, once after every migration. Raises `Invalid` if there is no such role.
    """
    name = sql.Identifier(role)
    statements = (
        "GRANT USAGE ON SCHEMA public TO {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}",
        "REVOKE INSERT, UPDATE, DELETE ON schema_versions, instance, events FROM {}",
        # The row is locked; the host of a shared instance sets whether it is read-only, and a reindex what
        # the search can be asked for.
        "GRANT UPDATE (singleton, read_only, search_generation) ON instance TO {}",
        # Entries come at the end and now; what they say can be erased, as when an issue is purged.
        "GRANT INSERT (id, operation, kind, permission, actor_id, project_id, issue_id, before, after,"
        " undoes), UPDATE (before, after, erased_at) ON events TO {}",
    )
    try:
        with psycopg.connect(checked(conninfo), **CONNECT) as connection:
            for statement in statements:
                connection.execute(sql.SQL(statement).format(name))
    except psycopg.errors.UndefinedObject as error:
        raise Invalid(
            f"There is no role {role}.", field="role", hint="Make it: `createuser ROLE --pwprompt`."
        ) from error
    except psycopg.Error as error:
        raise translated(error) from error
    except UnicodeEncodeError as error:
        raise no_text() from error
