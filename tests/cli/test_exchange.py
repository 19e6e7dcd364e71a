"""`rhythm import` and `rhythm export`."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from rhythm_domain.formats import READERS
from rhythm_tui.cli.commands.exchange import FORMATS
from rhythm_tui.cli.errors import Exit
from tests.cli.conftest import Cli, waits_in
from tests.instances import Team


def issues(path: Path, *titles: str | None) -> str:
    """A file as `gh` prints it; None is an issue without a title."""
    values: list[dict[str, Any]] = [
        {"number": at, "title": title, "body": "", "state": "OPEN", "author": {"login": "octocat"}}
        for at, title in enumerate(titles, start=1)
    ]
    file = path / "issues.json"
    file.write_text(json.dumps(values, indent=1))
    return str(file)


def test_every_reader_is_offered() -> None:
    assert list(READERS) == FORMATS


def test_an_import_says_what_came_in(rhythm: Cli, team: Team, tmp_path: Path) -> None:
    ran = rhythm("import", "github", issues(tmp_path, "One", "Two"), "--project", "core", by=team.maintainer)
    assert (ran.code, ran.out) == (
        0,
        "2 issues new, 0 updated, 0 unchanged in CORE; 0 comments written\n",
    )
    assert ran.err == (
        "Issues looked at: 2\nNew accounts, for an administrator to give to their people: octocat\n"
    )


def test_an_import_of_many_people_names_a_few(rhythm: Cli, team: Team, tmp_path: Path) -> None:
    """A hundred names in a line are read by nobody; scripts get them all."""
    file = Path(issues(tmp_path, *map(str, range(100))))
    values = json.loads(file.read_text())
    for at, value in enumerate(values):
        value["author"] = {"login": f"hand{at:02}"}
    file.write_text(json.dumps(values))
    args = ("import", "github", str(file), "--project", "CORE", "--dry-run")
    ran = rhythm(*args, by=team.maintainer)
    assert "their people: hand00, hand01, hand02" in ran.err
    assert "hand09 and 90 more (--json names them all)\n" in ran.err
    assert "hand10" not in ran.err
    assert len(rhythm(*args, "--json", by=team.maintainer).json["people"]) == 100


def test_bad_rows_are_named_and_the_exit_code_says_so(rhythm: Cli, team: Team, tmp_path: Path) -> None:
    file = issues(tmp_path, "One", None, "Three")
    ran = rhythm("import", "github", file, "--project", "CORE", by=team.maintainer)
    assert ran.code == 7
    assert ran.out.startswith("2 issues new")
    assert "line 11: #2: its title is no text\n" in ran.err
    assert ran.err.endswith("1 row could not be read; the rest is fine.\n")


def test_a_dry_run_and_json(rhythm: Cli, team: Team, tmp_path: Path) -> None:
    file = issues(tmp_path, "One", None)
    args = ("import", "github", file, "--project", "CORE", "--dry-run")
    ran = rhythm(*args, by=team.maintainer)
    assert ran.out.startswith("Nothing is written; this would happen: 1 issue new")
    ran = rhythm(*args, "--json", by=team.maintainer)
    assert (ran.code, ran.err) == (7, "")
    assert ran.json["created"] == 1
    assert ran.json["problems"] == [{"line": 11, "source": "#2", "reason": "its title is no text"}]
    assert team.instance.value("SELECT count(*) FROM issues") == 0


def test_a_missing_project_is_answered_with_how_to_create_it(rhythm: Cli, team: Team, tmp_path: Path) -> None:
    ran = rhythm("import", "github", issues(tmp_path, "One"), "--project", "nope", by=team.maintainer)
    assert ran.code == 5
    assert ran.err == ('rhythm: There is no project NOPE.\nCreate it: `rhythm project create NOPE "NAME"`.\n')


def test_a_file_that_is_not_there_or_of_another_kind(rhythm: Cli, team: Team, tmp_path: Path) -> None:
    assert rhythm("import", "github", "nowhere.json", "--project", "CORE", by=team.maintainer).code == 2
    ran = rhythm("import", "jira", issues(tmp_path, "One"), "--project", "CORE", by=team.maintainer)
    assert ran.code == 7
    assert "not a CSV file from Jira" in ran.err


def test_an_export_goes_through_a_pipe_into_another_project(rhythm: Cli, team: Team, tmp_path: Path) -> None:
    team.instance.project("COPY", owner=team.owner)
    rhythm("import", "github", issues(tmp_path, "One", "Two"), "--project", "CORE", by=team.owner)
    out = rhythm("export", "CORE", "--format", "json", by=team.owner).out
    ran = rhythm.process("import", "rhythm", "-", "--project", "COPY", by=team.owner, text=out)
    assert ran.returncode == 0, ran.stderr
    assert rhythm("export", "COPY", "--format", "json", by=team.owner).out == out


def test_an_export_to_a_terminal_can_do_nothing_there(rhythm: Cli, team: Team) -> None:
    """Into a pipe it goes as it is."""
    rhythm("issue", "create", "CORE", "turned \u202egnp.exe", by=team.owner)
    drawn = rhythm.on_terminal("export", "CORE", "--format", "csv", by=team.owner)
    assert "turned <202E>gnp.exe" in drawn
    assert "\u202e" in rhythm("export", "CORE", "--format", "csv", by=team.owner).out


def test_an_export_into_a_file_appears_only_once_it_is_whole(rhythm: Cli, team: Team, tmp_path: Path) -> None:
    rhythm("import", "github", issues(tmp_path, "One", "Two"), "--project", "CORE", by=team.owner)
    target = tmp_path / "core.csv"
    args = ("export", "CORE", "--format", "csv", "--output", str(target))
    ran = rhythm(*args, by=team.viewer)
    assert (ran.code, ran.out) == (0, f"Wrote 2 issues to {target}\n")
    whole = target.read_bytes()
    assert whole.count(b"\n") == 3
    assert rhythm(*args, "colour:red", by=team.viewer).code == 7
    assert target.read_bytes() == whole
    assert [path.name for path in tmp_path.glob("core*")] == ["core.csv"]


def test_an_export_takes_a_query(rhythm: Cli, team: Team, tmp_path: Path) -> None:
    rhythm("import", "github", issues(tmp_path, "One", "Two"), "--project", "CORE", by=team.owner)
    ran = rhythm("export", "CORE", "two", "--format", "json", by=team.viewer)
    assert [issue["title"] for issue in ran.json["issues"]] == ["Two"]


# Ctrl-C ------------------------------------------------------------------------------------------------


def test_ctrl_c_stops_an_export_at_once_and_leaves_no_half_file(
    rhythm: Cli, team: Team, tmp_path: Path
) -> None:
    team.fill(20_000)
    target = tmp_path / "core.json"
    target.write_text("an earlier one")
    args = ("export", "CORE", "--format", "json", "--output", str(target))
    with rhythm.started(*args, by=team.owner) as process:
        while not any(part.stat().st_size for part in tmp_path.glob(".core.json.*")):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == Exit.INTERRUPTED, err
    assert b"Traceback" not in err
    assert target.read_text() == "an earlier one"
    assert [path.name for path in tmp_path.glob("core*")] == ["core.json"]


def test_ctrl_c_stops_an_export_that_nobody_reads(rhythm: Cli, team: Team) -> None:
    """Into a pager that shows the first page: the pipe is full, and stays so."""
    team.fill(1000)
    team.instance.sql.execute("UPDATE issue_texts SET description = repeat('x', 1000)")
    with rhythm.started("export", "CORE", "--format", "csv", by=team.owner) as process:
        while "pipe_write" not in waits_in(process.pid):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == Exit.INTERRUPTED
        _, err = process.communicate()
    assert b"Traceback" not in err
