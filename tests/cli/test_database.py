"""doctor, config and db on the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest

from rhythm_domain import queries
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.errors import Unavailable
from rhythm_domain.maintenance import clients
from rhythm_domain.maintenance.backup import backup
from rhythm_domain.maintenance.calls import CALLS
from rhythm_domain.maintenance.restore import restore
from rhythm_tui.cli.errors import Exit
from tests.cli.conftest import Cli
from tests.conftest import Postgres
from tests.instances import Instance, Team
from tests.servers import reachable_folder


def test_doctor_is_content_with_a_sound_instance(rhythm: Cli, team: Team) -> None:
    ran = rhythm("doctor", "--json", by=team.owner)
    assert ran.json["well"] is True, ran.json
    assert ran.code == Exit.DONE
    assert {"database", "schema", "clock", "trust", "counts", "search", "history"} <= {
        one["name"] for one in ran.json["items"]
    }


def test_doctor_says_what_it_can_where_no_server_starts(rhythm: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> str:
        raise Unavailable("The server does not start.")

    monkeypatch.setattr(EmbeddedServer, "start", refuse)
    ran = rhythm("doctor", "--json", RHYTHM_DATABASE_URL="", RHYTHM_DATA_DIR=str(rhythm.home / "own"))
    assert ran.code == Exit.UNAVAILABLE, ran.err
    found = {one["name"]: one["state"] for one in ran.json["items"]}
    assert found["database"] == "bad"
    assert {"settings", "disk", "encoding"} <= set(found)


def test_doctor_says_once_that_the_database_is_away_and_does_not_send_in_circles(rhythm: Cli) -> None:
    ran = rhythm("doctor", RHYTHM_DATABASE_URL="postgresql://ada@127.0.0.1:1/rhythm")
    assert ran.code == Exit.UNAVAILABLE
    assert ran.out.count("✗") == 1, ran.out
    assert "rhythm doctor" not in ran.out
    assert "not known before the database is well" in ran.out


def test_doctor_names_the_role_that_was_granted_too_little(
    rhythm: Cli, team: Team, postgres: Postgres, conninfo: str
) -> None:
    """As after a migration whose owner forgot to grant: one table is new."""
    with psycopg.connect(conninfo) as sql:
        dbname = sql.info.dbname
    with postgres.admin(dbname) as admin:
        admin.execute("CREATE ROLE day_worker LOGIN")
        try:
            assert rhythm("db", "migrate", "--grant", "day_worker").code == Exit.DONE
            url = postgres.conninfo(dbname, "day_worker")
            ran = rhythm("doctor", by=rhythm.token(team.owner), RHYTHM_DATABASE_URL=url)
            assert ran.code == Exit.DONE, ran.out
            admin.execute("REVOKE INSERT ON comments FROM day_worker")
            ran = rhythm("doctor", RHYTHM_DATABASE_URL=url)
            assert ran.code == Exit.UNAVAILABLE
            assert "day_worker may not work with comments" in ran.out
            assert "rhythm db migrate --grant day_worker" in ran.out
        finally:
            admin.execute("DROP OWNED BY day_worker")
            admin.execute("DROP ROLE day_worker")


def test_doctor_finds_folders_that_take_no_file(rhythm: Cli, team: Team) -> None:
    ran = rhythm(
        "doctor", "--json", by=team.owner, RHYTHM_LOG_DIR="/proc/log", RHYTHM_STATE_DIR="/proc/state"
    )
    bad = {one["name"]: one for one in ran.json["items"] if one["state"] == "bad"}
    assert set(bad) == {"log folder", "state folder"}
    assert "can't be written" in bad["log folder"]["message"]


def test_a_role_that_is_not_there_is_granted_nothing(rhythm: Cli) -> None:
    ran = rhythm("db", "migrate", "--grant", "nobody at all")
    assert ran.code == Exit.INVALID
    assert "no role nobody at all" in ran.err


DAMAGES = {
    "counts": "UPDATE issue_counts SET total = total + 1",
    "search": "DELETE FROM issue_search",
    "history": "ALTER TABLE events DISABLE TRIGGER events_are_kept",
    "owners": "ALTER TABLE project_members DISABLE TRIGGER member_changed;"
    "UPDATE project_members SET ended_at = now()",
    "schema": "INSERT INTO schema_versions (version, name, oldest_program) VALUES (99, 'later', 99)",
}


@pytest.mark.parametrize("damaged", DAMAGES)
def test_doctor_finds_what_is_wrong(rhythm: Cli, team: Team, instance: Instance, damaged: str) -> None:
    _issue(instance, team)
    instance.sql.execute(DAMAGES[damaged].encode())
    ran = rhythm("doctor", "--json", by=team.admin)
    bad = {one["name"]: one for one in ran.json["items"] if one["state"] == "bad"}
    assert damaged in bad
    assert bad[damaged]["hint"]
    assert ran.code == (Exit.SCHEMA_MISMATCH if damaged == "schema" else Exit.UNEXPECTED)


def test_reindex_heals_search_and_counts(rhythm: Cli, team: Team, instance: Instance) -> None:
    _issue(instance, team)
    for damaged in ("counts", "search"):
        instance.sql.execute(DAMAGES[damaged].encode())
    assert rhythm("doctor", by=team.owner).code == Exit.UNEXPECTED
    assert rhythm("db", "reindex", "--json").json == {"issues": 1}
    assert rhythm("doctor", by=team.owner).code == Exit.DONE
    assert instance.value("SELECT count(*) FROM issue_search WHERE tsv::text LIKE '%%/safari%%'") == 1


UNMARKED = """
    ALTER TABLE issue_labels DISABLE TRIGGER USER;
    WITH l AS (INSERT INTO labels (project_id, name, folded, colour)
      SELECT project_id, 'ui', 'ui', 'blue' FROM issues RETURNING project_id, id)
    INSERT INTO issue_labels SELECT project_id, i.id, l.id FROM l JOIN issues i USING (project_id);
    ALTER TABLE issue_labels ENABLE TRIGGER USER"""
"""A label that its issues know nothing of."""


@pytest.mark.parametrize(
    ("damage", "missing", "surplus"),
    [
        ("DELETE FROM issue_index", 1, 0),
        ("DELETE FROM issue_facets", 1, 0),
        ("UPDATE issue_facets SET facets = '{}'", 1, 0),
        ("TRUNCATE issue_search", 1, 0),  # No trigger sees that the words are gone.
        (
            "INSERT INTO issue_index"
            " (id, created_at, updated_at, project_id, number, reporter_id, status, priority, type, rank,"
            " marks) VALUES (999, now(), now(), 1, 1, 1, 'todo', 'none', 'task', 'a', 0)",
            0,
            1,
        ),
        ("UPDATE issue_index SET priority = 'urgent'", 1, 0),
        (UNMARKED, 1, 0),
        ("INSERT INTO issue_facets VALUES (999, 1, 1, '{}')", 0, 1),
    ],
)
def test_reindex_heals_what_the_indexes_point_at(
    rhythm: Cli, team: Team, instance: Instance, damage: str, missing: int, surplus: int
) -> None:
    _issue(instance, team)
    instance.sql.execute(damage.encode())
    said = f"{missing} issues are not found, {surplus} entries are of none"
    assert said in rhythm("doctor", by=team.owner).out
    rhythm("db", "reindex")
    assert rhythm("doctor", by=team.owner).code == Exit.DONE


def test_reindex_heals_what_may_come_back_from_the_trash(rhythm: Cli, team: Team, instance: Instance) -> None:
    _issue(instance, team)
    instance.sql.execute(UNMARKED)
    instance.sql.execute("DELETE FROM issue_search; UPDATE issues SET deleted_at = now()")
    rhythm("db", "reindex")
    assert rhythm("doctor", by=team.owner).code == Exit.DONE
    right = "facets = linked_facets(id, project_id, number) AND marks = marks_of(id) AND marks <> 0"
    assert instance.value(f"SELECT {right} FROM issues")


def test_reindex_heals_an_index_that_was_made_of_older_words(
    rhythm: Cli, team: Team, instance: Instance
) -> None:
    """As a REINDEX makes it that waited for somebody who wrote."""
    _issue(instance, team)
    rhythm("db", "reindex")
    sql = instance.sql
    sql.execute("CREATE TEMP TABLE kept AS SELECT issue_id, tsv FROM issue_search")
    sql.execute("ALTER TABLE issue_search DISABLE TRIGGER USER")
    sql.execute("UPDATE issue_search SET tsv = 'old'")
    sql.execute("REINDEX INDEX issue_index_words")
    sql.execute("UPDATE issue_search s SET tsv = k.tsv FROM kept k WHERE k.issue_id = s.issue_id")
    sql.execute("ALTER TABLE issue_search ENABLE TRIGGER USER")
    for other in ("seqscan", "indexscan", "indexonlyscan"):
        sql.execute(f"SET enable_{other} = off".encode())
    found = "SELECT count(*) FROM issue_index WHERE words_of(id) @@ (SELECT %s || '/safari')::tsquery"
    assert instance.value(found, f"{team.project_id}.0") == 0
    rhythm("db", "reindex")
    assert instance.value(found, f"{team.project_id}.0") == 1


def test_an_index_of_an_older_version_is_noted_until_it_is_made_anew(
    rhythm: Cli, team: Team, instance: Instance
) -> None:
    _issue(instance, team)
    instance.sql.execute("UPDATE instance SET search_generation = 1")

    def noted() -> bool:
        found = {one["name"]: one["state"] for one in rhythm("doctor", "--json", by=team.owner).json["items"]}
        return found.get("index") == "note"

    assert noted()
    rhythm("db", "reindex")
    assert not noted()


def _issue(instance: Instance, team: Team) -> None:
    instance.sql.execute(
        "WITH i AS (INSERT INTO issues (project_id, number, title, reporter_id, rank)"
        " VALUES (%s, 1, 'Safari', %s, 'U') RETURNING id, project_id),"
        " t AS (INSERT INTO issue_texts (issue_id) SELECT id FROM i)"
        " INSERT INTO issue_search SELECT id, project_id, 1, 'safari' FROM i",
        (team.project_id, team.owner.user.id),
    )


def test_status_names_the_schema(rhythm: Cli) -> None:
    status = rhythm("db", "status", "--json").json
    assert status["schema"] == status["program_schema"]
    assert status["migrations"][0]["version"] == 1


def test_migrate_has_nothing_to_do_twice(rhythm: Cli) -> None:
    assert rhythm("db", "migrate", "--json").json["applied"] == []


def test_start_and_stop_are_for_a_server_of_ones_own(rhythm: Cli) -> None:
    for verb in ("start", "stop"):
        assert rhythm("db", verb).code == Exit.INVALID


def test_a_backup_comes_back_whole_into_an_empty_database(
    rhythm: Cli, team: Team, instance: Instance, empty: str
) -> None:
    _issue(instance, team)
    token = rhythm.token(team.owner)
    file = rhythm.home / "a backup"
    assert rhythm("db", "backup", str(file)).code == Exit.DONE
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in rhythm.home.iterdir() if "backup" in path.name] == ["a backup"]
    ran = rhythm("db", "restore", str(file), "--json", RHYTHM_DATABASE_URL=empty)
    assert ran.json["well"] is True, ran.json
    assert (
        rhythm("project", "show", "CORE", "--json", by=token, RHYTHM_DATABASE_URL=empty).json["open_count"]
        == 1
    )
    with psycopg.connect(empty) as sql, pytest.raises(psycopg.errors.RestrictViolation):
        sql.execute("TRUNCATE events CASCADE")


def test_a_backup_and_a_restore_say_how_far_they_are(
    instance: Instance, team: Team, conninfo: str, empty: str, tmp_path: Path
) -> None:
    _issue(instance, team)
    instance.sql.execute("ANALYZE")
    steps: list[tuple[str, int, int | None]] = []

    def watch(doing: str, done: int, total: int | None) -> None:
        steps.append((doing, done, total))

    file = tmp_path / "backup"
    made = asyncio.run(backup(conninfo, file, watch=watch))
    assert {doing for doing, _, _ in steps} == {"Backing up"}
    assert all(total and 0 <= done <= total for _, done, total in steps)
    steps.clear()
    asyncio.run(restore(empty, file, watch=watch))
    assert steps[-2:] == [("Restoring", made.size, made.size), ("Making indexes", 0, None)]


def test_a_bar_is_drawn_on_a_terminal_and_nothing_in_a_pipe(
    rhythm: Cli, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = rhythm("db", "backup", str(rhythm.home / "one"))
    assert "\x1b" not in ran.err
    assert "Backing up" not in ran.err
    drawn = rhythm.on_terminal("db", "backup", str(rhythm.home / "two"))
    assert "Backing up" in drawn
    assert "Wrote" in drawn


def test_a_restore_never_mixes_two_databases(rhythm: Cli) -> None:
    file = rhythm.home / "backup"
    rhythm("db", "backup", str(file))
    ran = rhythm("db", "restore", str(file))
    assert ran.code == Exit.CONFLICT
    assert "empty" in ran.err
    assert "set RHYTHM_DATABASE_URL" in ran.err
    as_owner = rhythm("db", "restore", str(file), RHYTHM_OWNER_URL=rhythm.environ["RHYTHM_DATABASE_URL"])
    assert "set RHYTHM_OWNER_URL" in as_owner.err


def test_a_backup_is_not_overwritten_by_chance(rhythm: Cli) -> None:
    file = rhythm.home / "backup"
    file.write_text("precious")
    assert rhythm("db", "backup", str(file)).code == Exit.CONFLICT
    assert file.read_text() == "precious"
    assert rhythm("db", "backup", str(file), "--force").code == Exit.DONE
    assert file.read_bytes().startswith(b"PGDMP")


def test_the_help_of_restore_warns_of_files_of_others(rhythm: Cli) -> None:
    """Whose file it is decides what SQL runs as the database's owner."""
    out = " ".join(rhythm("db", "restore", "--help").out.split())
    assert "only files that you trust" in out
    assert "runs as the database's owner" in out


def tables(conninfo: str) -> int:
    """How many tables, indexes and the like a database has."""
    with psycopg.connect(conninfo) as sql:
        row = sql.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ).fetchone()
    assert row
    return int(row[0])


def test_a_broken_backup_restores_nothing(rhythm: Cli, empty: str) -> None:
    file = rhythm.home / "backup"
    rhythm("db", "backup", str(file))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert rhythm("db", "restore", str(file), RHYTHM_DATABASE_URL=empty).code == Exit.UNAVAILABLE
    assert tables(empty) == 0


@pytest.mark.parametrize("share", [1.0, 0.9], ids=["whole", "cut off"])
def test_a_backup_that_psql_gives_up_early_says_why_and_restores_nothing(
    rhythm: Cli, instance: Instance, empty: str, share: float
) -> None:
    """Much is still to come when psql ends: writing on to it must not be what the person is told of, nor
    keep a file that breaks off from being told of."""
    room = "room for something else"
    instance.sql.execute(
        f"COMMENT ON TABLE users IS '{room}';"
        "CREATE TABLE ample AS SELECT md5(i::text) || md5((-i)::text) AS word"
        "  FROM generate_series(1, 40000) i".encode()
    )
    file = rhythm.home / "backup"
    rhythm("db", "backup", str(file))
    broken = file.read_bytes().replace(room.encode(), b"'; SELECT nothing; --".ljust(len(room)))
    assert broken != file.read_bytes()
    file.write_bytes(broken[: int(len(broken) * share)])
    ran = rhythm("db", "restore", str(file), RHYTHM_DATABASE_URL=empty)
    assert ran.code == Exit.UNAVAILABLE, ran.err
    assert 'column "nothing" does not exist' in ran.err or share < 1
    assert "Nothing was changed" in ran.err
    assert tables(empty) == 0


def test_a_backup_of_something_else_is_refused(rhythm: Cli, empty: str, postgres: Postgres) -> None:
    file = rhythm.home / "backup"
    rhythm("db", "backup", str(file), RHYTHM_DATABASE_URL=postgres.conninfo("rhythm"))
    ran = rhythm("db", "restore", str(file), "--trust", RHYTHM_DATABASE_URL=empty)
    assert ran.code == Exit.INVALID
    assert "something else than Rhythm" in ran.err


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("CREATE VIEW burndown AS SELECT 1 AS one", "VIEW public burndown"),
        ("CREATE SCHEMA other CREATE TABLE thing (id int)", "TABLE other thing"),
        ("CREATE RULE gone AS ON DELETE TO labels DO INSTEAD NOTHING", "RULE public labels gone"),
    ],
)
def test_a_backup_with_more_than_rhythm_makes_needs_trust(
    rhythm: Cli, instance: Instance, empty: str, made: str, named: str
) -> None:
    instance.sql.execute(made.encode())
    file = rhythm.home / "backup"
    rhythm("db", "backup", str(file))
    ran = rhythm("db", "restore", str(file), RHYTHM_DATABASE_URL=empty)
    assert ran.code == Exit.INVALID
    assert named in ran.err
    assert "--trust" in ran.err
    assert tables(empty) == 0
    assert rhythm("db", "restore", str(file), "--trust", RHYTHM_DATABASE_URL=empty).code == Exit.DONE


def test_a_superuser_restores_nothing_without_trust(
    rhythm: Cli, team: Team, empty: str, postgres: Postgres
) -> None:
    """As a superuser the file's SQL could run programs on the server."""
    file = rhythm.home / "backup"
    rhythm("db", "backup", str(file))
    with psycopg.connect(empty) as sql:
        url = postgres.conninfo(sql.info.dbname, "postgres")
    ran = rhythm("db", "restore", str(file), RHYTHM_DATABASE_URL=url)
    assert ran.code == Exit.INVALID
    assert "may run programs on the server" in ran.err
    assert tables(empty) == 0
    assert rhythm("db", "restore", str(file), "--trust", RHYTHM_DATABASE_URL=url).code == Exit.DONE


def test_what_is_no_backup_is_refused(rhythm: Cli, empty: str) -> None:
    file = rhythm.home / "no-backup"
    file.write_text("SELECT 1;")
    assert rhythm("db", "restore", str(file), RHYTHM_DATABASE_URL=empty).code == Exit.INVALID


def test_the_program_of_the_servers_version_is_preferred_to_a_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for major in (14, 16, 17):
        tool = tmp_path / str(major) / "pg_dump"
        tool.parent.mkdir()
        tool.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.2'\n")
        tool.chmod(0o755)
    monkeypatch.setattr(clients, "_bundled", lambda: iter(()))
    monkeypatch.setattr(clients, "_installed", lambda: iter(sorted(tmp_path.iterdir())))
    assert clients.program("pg_dump", 16).parent.name == "16"
    assert clients.program("pg_dump", 15).parent.name == "16"
    with pytest.raises(Unavailable, match="PostgreSQL 18"):
        clients.program("pg_dump", 18)


def test_over_a_network_programs_that_speak_tls_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, major in (("wheel", 16), ("system", 17)):
        tool = tmp_path / place / "pg_dump"
        tool.parent.mkdir()
        tool.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.2'\n")
        tool.chmod(0o755)
    monkeypatch.setattr(clients, "_bundled", lambda: iter([tmp_path / "wheel"]))
    monkeypatch.setattr(clients, "_installed", lambda: iter([tmp_path / "system"]))

    def chosen(line: clients.Line) -> str:
        return clients.program("pg_dump", 16, line).parent.name

    assert chosen(clients.Line.SOCKET) == "wheel"
    assert chosen(clients.Line.NETWORK) == chosen(clients.Line.ENCRYPTED) == "system"
    monkeypatch.setattr(clients, "_installed", lambda: iter(()))
    assert chosen(clients.Line.NETWORK) == "wheel"
    with pytest.raises(Unavailable, match="TLS"):
        chosen(clients.Line.ENCRYPTED)


def test_every_named_query_has_a_plan(rhythm: Cli, team: Team, instance: Instance) -> None:
    _issue(instance, team)
    for name in queries.every():
        ran = rhythm("db", "explain", name, "--json")
        assert ran.code == Exit.DONE, f"{name}: {ran.err}"
        (plan,) = ran.json["items"]
        assert plan["plan"]


@pytest.mark.parametrize(
    ("call", "sends"),
    [
        ("list", "search_window"),
        ("list_sorted", "search_walked|search_ordered"),
        ("list_everywhere", "search_window"),
        ("search", "search_words"),
        ("search_sorted", "search_scores"),
        ("search_everywhere", "search_words|search_window"),
        ("total", "search_total"),
        ("board", "board"),
        ("board_filtered", "board_of_few|board"),
        ("backlog", "search_walked|search_ordered"),
        ("flow", "status_flow"),
        ("velocity", "sprint_outcomes"),
        ("issue", "issue_details"),
        ("history", "events_of_project"),
    ],
)
def test_what_people_ask_for_has_plans_of_all_its_queries(
    rhythm: Cli, team: Team, instance: Instance, call: str, sends: str
) -> None:
    _issue(instance, team)
    before = instance.value("SELECT count(*) FROM sessions")
    ran = rhythm("db", "explain", call, "--json")
    assert ran.code == Exit.DONE, ran.err
    plans = {one["name"]: one for one in ran.json["items"]}
    assert plans.keys() & set(sends.split("|")), list(plans)
    assert all("Execution Time" in one["plan"][-1] for one in plans.values())
    assert instance.value("SELECT count(*) FROM sessions") == before


def test_every_call_that_can_be_explained_is_tried(rhythm: Cli) -> None:
    tried = test_what_people_ask_for_has_plans_of_all_its_queries.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {call for call, _ in tried} == set(CALLS)
    listed = rhythm("db", "explain", "--json").json["items"]
    assert {one["name"] for one in listed} == set(CALLS) | set(queries.every())
    assert not set(CALLS) & set(queries.every())


def test_a_query_of_ones_own_is_explained_and_one_that_the_log_names(
    rhythm: Cli, team: Team, instance: Instance
) -> None:
    """Slow queries are in the log by the name of the query, which a call put together."""
    _issue(instance, team)
    asked = rhythm("db", "explain", "list", "--query", "safari sort:due", "--json").json["items"]
    assert any("i.due" in one["query"] for one in asked)
    (window,) = rhythm("db", "explain", "search_window", "--json").json["items"]
    assert window["name"] == "search_window"
    printed = rhythm("db", "explain", "board").out
    assert "LATERAL" in printed
    assert "Buffers:" in printed


def test_where_there_are_no_issues_yet_there_is_nothing_to_try(rhythm: Cli) -> None:
    ran = rhythm("db", "explain", "board")
    assert ran.code == Exit.NOT_FOUND
    assert "no issues yet" in ran.err


def test_explaining_a_write_changes_nothing(rhythm: Cli, team: Team, instance: Instance) -> None:
    _issue(instance, team)
    instance.sql.execute("DELETE FROM issue_counts")
    (plan,) = rhythm("db", "explain", "correct_counts", "--json").json["items"]
    assert plan["ran"] is True
    assert instance.value("SELECT count(*) FROM issue_counts") == 0


def test_a_wrong_query_is_answered_with_the_nearest(rhythm: Cli) -> None:
    ran = rhythm("db", "explain", "wrong_count")
    assert ran.code == Exit.NOT_FOUND
    assert "wrong_counts" in ran.err


def test_config_masks_secrets_and_names_sources(rhythm: Cli) -> None:
    url = "postgresql://ada:hunter2@host/db?sslpassword=hunter2"
    ran = rhythm("--color", "never", "config", "--json", by="rha_hunter2", RHYTHM_DATABASE_URL=url)
    assert "hunter2" not in ran.out
    settings = {one["name"]: one for one in ran.json["items"]}
    assert settings["database_url"]["source"] == "RHYTHM_DATABASE_URL"
    assert settings["database_url"]["value"].startswith("postgresql://ada:")
    assert settings["color"]["source"] == "--color"
    assert settings["theme"]["source"] == "default"


def test_a_password_in_a_flag_is_refused_without_being_repeated(rhythm: Cli) -> None:
    ran = rhythm("--database-url", "postgresql://ada:hunter2@host/db", "project", "list")
    assert ran.code == Exit.INVALID
    assert "hunter2" not in ran.err


def test_with_nothing_configured_a_server_of_ones_own_is_set_up(rhythm: Cli) -> None:
    home = reachable_folder()
    own = {"RHYTHM_DATABASE_URL": "", "RHYTHM_DATA_DIR": str(home)}
    try:
        made = rhythm.process("project", "create", "CORE", "Mine", "--json", **own)
        assert made.returncode == Exit.DONE, made.stderr
        assert rhythm.process("doctor", **own).returncode == Exit.DONE
        assert '"running": true' in rhythm.process("db", "status", "--json", **own).stdout
    finally:
        assert rhythm.process("db", "stop", **own).returncode == Exit.DONE
    assert '"running": false' in rhythm.process("db", "status", "--json", **own).stdout
    assert [place.name for place in home.iterdir()] == ["postgres"]
