"""The schema: what it is, how it comes about, who may work with it."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import psycopg
import pytest

from rhythm_domain import migrate as module
from rhythm_domain.database import Database
from rhythm_domain.embedded.programs import binaries
from rhythm_domain.errors import SchemaMismatch
from rhythm_domain.maintenance.reindex import reindex
from rhythm_domain.migrate import (
    LOCK,
    Migration,
    SchemaState,
    folder,
    grant,
    migrate,
    migrations,
    program_schema,
)
from rhythm_domain.models import User
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.session import Session, Tracker
from tests.conftest import Postgres
from tests.servers import debian_programs


def dump(conninfo: str) -> str:
    """The schema of a database in words that depend on nothing else."""
    programs = debian_programs() or binaries()
    said = subprocess.run(
        [
            programs / "pg_dump",
            "--schema-only",
            "--no-owner",
            "-d",
            conninfo,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return re.sub(r"^\\(un)?restrict .*\n", "", said, flags=re.MULTILINE)


def state(conninfo: str) -> SchemaState:
    with psycopg.connect(conninfo) as connection:
        return module.state_of(connection)


def test_the_schema_file_is_all_migrations(empty: str, conninfo: str) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute((folder() / "schema.sql").read_bytes())
    assert dump(empty) == dump(conninfo)


def test_migrating_an_empty_database_and_again(empty: str) -> None:
    seen: list[Migration] = []
    assert migrate(empty, applied=seen.append).version == program_schema()
    assert [step.version for step in seen] == [step.version for step in migrations()]
    assert migrate(empty, applied=seen.append).version == program_schema()
    assert len(seen) == len(migrations())


def test_what_an_upgrade_wrote_anew_is_vacuumed(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    every = migrations()
    monkeypatch.setattr(module, "migrations", lambda: every[:-1])
    migrate(empty)
    with psycopg.connect(empty, autocommit=True) as connection:
        vacuumed = b"SELECT sum(vacuum_count) FROM pg_stat_user_tables"
        assert connection.execute(vacuumed).fetchone() == (0,)
        monkeypatch.setattr(module, "migrations", lambda: every)
        assert migrate(empty).version == program_schema()
        while connection.execute(vacuumed).fetchone() == (0,):
            sleep(0.01)


@pytest.mark.parametrize("limit", ["statement_timeout=1000", "lock_timeout=100"])
def test_an_upgrade_that_can_not_be_vacuumed_is_one(
    empty: str, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    every = migrations()
    monkeypatch.setattr(module, "migrations", lambda: every[:-1])
    migrate(empty)
    monkeypatch.setattr(module, "migrations", lambda: every)
    with psycopg.connect(empty) as holder:
        holder.execute(b"LOCK TABLE ssh_keys IN SHARE UPDATE EXCLUSIVE MODE")
        assert migrate(f"{empty} options='-c {limit}'").version == program_schema()


def test_of_several_migrators_one_works_and_the_others_wait(empty: str) -> None:
    seen: list[Migration] = []
    with ThreadPoolExecutor(6) as threads:
        states = list(threads.map(lambda _: migrate(empty, applied=seen.append), range(6)))
    assert {one.version for one in states} == {program_schema()}
    assert len(seen) == len(migrations())


SLOW = Migration(1, "slow", 1, "CREATE TABLE half_done (); SELECT pg_sleep(60)")


def _migrate_slowly(conninfo: str) -> None:
    module.migrations = lambda: (SLOW,)  # type: ignore[assignment]
    migrate(conninfo)


def test_a_migrator_that_is_killed_leaves_nothing(empty: str) -> None:
    """Nothing half-done and nothing locked: file and version row are in one transaction on one connection."""
    process = multiprocessing.get_context("spawn").Process(target=_migrate_slowly, args=(empty,))
    process.start()
    with psycopg.connect(empty, autocommit=True) as watcher:
        asleep = (
            b"SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        )
        while not watcher.execute(asleep).fetchone():
            assert process.is_alive()
            sleep(0.02)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        # The server notices at the next sign of life; the test hurries it.
        watcher.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        assert watcher.execute("SELECT to_regclass('half_done')").fetchone() == (None,)
    assert state(empty).version == 0
    assert migrate(empty).version == program_schema()


def test_a_waiting_migrator_has_no_time_limit(empty: str) -> None:
    """Limits that the role has are lifted while it waits."""
    with psycopg.connect(empty, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        limited = psycopg.conninfo.make_conninfo(
            empty, options="-c lock_timeout=50ms -c statement_timeout=100ms"
        )
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(migrate, limited)
            while not holder.execute(b"SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                sleep(0.01)
            sleep(0.3)
            assert not waiting.done()
            holder.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
            assert waiting.result().version == program_schema()


def test_who_may_work_with_which_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "program_schema", lambda: 5)
    SchemaState(5, 5).check()
    SchemaState(7, 5).check()
    with pytest.raises(SchemaMismatch, match="empty") as empty:
        SchemaState(0, 0).check()
    with pytest.raises(SchemaMismatch, match="this program needs 5") as older:
        SchemaState(4, 1).check()
    with pytest.raises(SchemaMismatch, match="too old") as newer:
        SchemaState(7, 6).check()
    assert "rhythm db migrate" in empty.value.hint
    assert "rhythm db migrate" in older.value.hint
    assert "Install" in newer.value.hint


def test_a_newer_schema_is_not_migrated(conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO schema_versions VALUES (9999, 'future', 9999)")
    with pytest.raises(SchemaMismatch, match="too old"):
        migrate(conninfo)


def test_migrations_say_the_oldest_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_one.sql").write_text("SELECT 1;")
    (tmp_path / "migrations" / "0002_two.sql").write_text("-- oldest-program: 1\nSELECT 1;")
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    module.migrations.cache_clear()
    try:
        assert [(step.version, step.name, step.oldest_program) for step in migrations()] == [
            (1, "one", 1),
            (2, "two", 1),
        ]
        (tmp_path / "migrations" / "0004_gap.sql").write_text("SELECT 1;")
        module.migrations.cache_clear()
        with pytest.raises(RuntimeError, match="0004_gap"):
            migrations()
    finally:
        module.migrations.cache_clear()


async def test_the_role_of_the_days_work_needs_no_ddl(
    conninfo: str, postgres: Postgres, worker_id: str
) -> None:
    """It can do a day's work, cannot make or change tables, and cannot rewrite or backdate history."""
    role = f"worker_{worker_id}"
    name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
    with postgres.admin(str(name)) as admin:
        admin.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
    try:
        grant(conninfo, role)
        working = postgres.conninfo(str(name), role)
        db = Database(working)
        with psycopg.connect(conninfo) as owner:
            row = owner.execute(
                "INSERT INTO users (name, display_name, claimed) VALUES ('olga', 'Olga', true) RETURNING *"
            )
            assert row.description
            user = dict(zip([column.name for column in row.description], row.fetchone() or (), strict=True))
            session = owner.execute(
                "INSERT INTO sessions (user_id, kind, token_hash) VALUES (%s, 'password', 'x') RETURNING id",
                (user["id"],),
            ).fetchone()
            assert session
        shown = User(**{field: user[field] for field in User.names})
        olga = Session(db, shown, session[0])
        await olga.projects.create("CORE", "Core")
        await olga.issues.create("CORE", IssueDraft(title="x"))
        await olga.issues.delete(["CORE-1"])
        await olga.issues.purge(["CORE-1"])
        await Tracker(db).accounts.first_administrator("ada", "Ada", "granite violin harbour moss")
        await db.close()
        await reindex(working, lambda _: None)
        with psycopg.connect(working, autocommit=True) as sql:
            for forbidden in (
                "CREATE TABLE mine ()",
                "ALTER TABLE issues ADD COLUMN x int",
                "DELETE FROM events",
                "UPDATE schema_versions SET version = 0",
                "UPDATE instance SET created_at = now()",
                "DELETE FROM instance",
                "UPDATE events SET kind = 'x'",
                "INSERT INTO events (id, operation, kind, permission, actor_id, at)"
                " SELECT id, id, 'x', 'x', 1, '2001-01-01' FROM gen_random_uuid() id",
                "INSERT INTO events (seq, id, operation, kind, permission, actor_id) OVERRIDING SYSTEM VALUE"
                " SELECT 0, id, id, 'x', 'x', 1 FROM gen_random_uuid() id",
                "TRUNCATE events",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    sql.execute(forbidden.encode())
    finally:
        with postgres.admin(str(name)) as admin:
            admin.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"'.encode())


def test_history_cannot_be_rewritten_even_by_the_owner(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as sql:
        sql.execute("INSERT INTO users (name, display_name) VALUES ('olga', 'Olga')")
        sql.execute(
            "INSERT INTO events (id, operation, kind, permission, actor_id)"
            " SELECT gen_random_uuid(), gen_random_uuid(), 'x.y', 'x', id FROM users"
        )
        for forbidden in ("DELETE FROM events", "UPDATE events SET kind = 'z'", "TRUNCATE events"):
            with pytest.raises(psycopg.errors.RestrictViolation):
                sql.execute(forbidden.encode())
