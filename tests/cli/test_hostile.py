"""Hostile text through every command: as any argument, and stored, then shown by whatever reads.

The commands and their parameters come from the click tree: a new one is covered by itself.
"""

from __future__ import annotations

import json
import logging
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from unicodedata import normalize

import click
import pytest

from rhythm_domain import logs
from rhythm_domain.database import Database
from rhythm_domain.models import Role, Status
from rhythm_domain.models.drafts import IssueDraft, SprintEdit
from rhythm_domain.session import Session
from rhythm_domain.text import shown
from rhythm_tui.cli.command import Verb
from rhythm_tui.cli.errors import Exit
from rhythm_tui.cli.main import ENTRIES, root
from rhythm_tui.cli.values import OneOf
from tests.cli.conftest import Cli, Ran
from tests.conftest import Postgres
from tests.databases import Databases
from tests.instances import Instance

MARKUP = "[/][bold][@click=app.quit]x[/]"
HOSTILE = {
    "a terminal's language": f"\x1b[2J\x1b]52;c;aGk=\x07\x1b]8;;http://x\x1b\\\x9b31m\x90q\x9c\r\b\x7f{MARKUP}",
    "what hides or turns": f"\u202eabc\u2066\u200b\u200d\ufeff\U000e0041{MARKUP}-e\n--json",
    "too many marks": "e" + "\u0301" * 300,
    "NUL": "a\0b",
    "bytes that are no text": "a\udcffb\udc80",
    "a megabyte": "x" * 1_000_000,
}

ACUTE = "\u0301"
STORED = f"{MARKUP}\u202eabc\u2066\u200b\ufeff e{ACUTE * 20} =1+1 %s {{x}} \\e[31m"
"""What may be stored in one line, and still be no harm."""

BODY = f"{STORED}\n\t$(reboot) ![x](javascript:1) <b>\n{ACUTE * 9}"


def verbs() -> Iterator[tuple[tuple[str, ...], Verb]]:
    """Every command with the words that call it."""
    context = click.Context(root)
    for name in ENTRIES:
        command = root.get_command(context, name)
        if isinstance(command, click.Group):
            for verb in command.commands.values():
                assert isinstance(verb, Verb)
                yield (name, verb.name or ""), verb
        elif isinstance(command, Verb):
            yield (name,), command


VERBS = dict(verbs())


def takes_text(parameter: click.Parameter) -> bool:
    return not (isinstance(parameter, click.Option) and (parameter.is_flag or parameter.name == "help"))


PARAMETERS = [(words, p) for words, verb in VERBS.items() for p in verb.params if takes_text(p)]


@pytest.fixture(scope="module")
def place(postgres: Postgres, databases: Databases) -> Iterator[tuple[str, Session]]:
    """A database with hostile text wherever some can be stored, and who owns and administers all of it."""
    import asyncio

    import psycopg
    from psycopg.rows import dict_row

    name = databases.copy()
    conninfo = postgres.conninfo(name)
    with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
        instance = Instance(Database(conninfo), sql)
        boss, mia = instance.person("boss", admin=True), instance.person("mia")
        project = instance.project("CORE", owner=boss)
        instance.join(project, mia, Role.MEMBER)
        asyncio.run(_fill(conninfo, boss, mia))
    yield conninfo, boss
    databases.drop(name)


def _imported() -> bytes:
    """An export of GitHub's in which everything is hostile."""
    nasty = "".join(HOSTILE[name] for name in HOSTILE if name not in ("a megabyte", "bytes that are no text"))
    person = {"login": nasty, "name": nasty}
    return json.dumps(
        [
            {
                "number": 1,
                "title": nasty,
                "body": nasty + "\ud800",
                "state": "OPEN",
                "author": person,
                "assignees": [person],
                "labels": [{"name": nasty[:40], "color": nasty, "description": nasty}],
                "milestone": {"title": nasty[:90], "description": nasty},
                "comments": [
                    {"author": person, "body": nasty, "createdAt": "2026-01-05T00:00:00Z", "url": nasty}
                ],
                "url": "https://github.com/a/b/issues/1",
                "createdAt": "2026-01-05T00:00:00Z",
                "updatedAt": "2026-01-05T00:00:00Z",
                nasty: nasty,
            }
        ]
    ).encode()


async def _fill(conninfo: str, boss: Session, mia: Session) -> None:
    db = Database(conninfo)
    boss, mia = (Session(db, person.user, person.id) for person in (boss, mia))
    try:
        await boss.projects.edit("CORE", name=STORED, description=BODY)
        await boss.people.set_display_name(STORED)
        await boss.people.create_token(STORED)
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGhdyIU4n0p2QL969c3zNteLpFKS1CRYryrOW9inOdl1"
        await boss.people.add_ssh_key(STORED, key)
        await boss.labels.create("CORE", STORED[:40], description=STORED)
        await boss.sprints.create("CORE", STORED, BODY)
        for number in range(3):
            await boss.issues.create(
                "CORE",
                IssueDraft(
                    title=STORED,
                    description=BODY,
                    status=Status.TODO,
                    sprint=STORED if number else None,
                    assignee="boss",
                    labels=(STORED[:40],),
                ),
            )
        await boss.sprints.start("CORE", STORED)
        await boss.sprints.edit("CORE", STORED, SprintEdit(goal=BODY + "!"))
        await mia.comments.add("CORE-1", BODY)
        await boss.issues.create("CORE", IssueDraft(title=STORED))
        await boss.issues.delete(["CORE-4"])
        await boss.views.save(STORED, "is:open", key="CORE", published=True)
        report = await boss.exchange.import_file("CORE", "github", BytesIO(_imported()))
        assert report.created == 1
    finally:
        await db.close()


@pytest.fixture
def rhythm(
    place: tuple[str, Session],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """The command line on that database, in a folder where commands may write what they like."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "issues.json").write_text("[]")
    (tmp_path / "password").write_text("correct horse battery staple\n")
    return Cli(tmp_path, {"RHYTHM_DATABASE_URL": place[0], "EDITOR": "true"}, monkeypatch, capsys)


def check(ran: Ran, *, json_too: bool = False) -> None:
    """It ended as documented, and what it said can do nothing to a terminal."""
    assert ran.code in set(Exit) - {Exit.UNEXPECTED}, ran.err[-500:]
    assert "Traceback" not in ran.err
    for text in (ran.out, ran.err):
        harmless(text)
    if json_too:
        text = ran.out if ran.code == Exit.DONE else ran.err
        assert text.isascii()
        assert json.loads(text) is not None


def harmless(text: str) -> None:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\t", " ").replace("\r\n", "\n")
    for line in plain.split("\n"):
        assert shown(line) == line, repr(line[:300])


ORDINARY: dict[str, str] = {
    "key": "CORE",
    "project": "CORE",
    "id_": "CORE-1",
    "ids": "CORE-1",
    "other": "CORE-2",
    "parent": "CORE-3",
    "user": "mia",
    "name": "mia",
    "query": "is:open",
    "text": "words",
    "file": "issues.json",
    "password_file": "password",
    "format": "github",
    "role": "member",
    "line": "ssh-ed25519 AAAA",
}


def ordinary(words: tuple[str, ...], parameter: click.Parameter) -> str:
    """A value with which the command gets as far as the other parameters."""
    match parameter.type:
        case click.Choice(choices=choices):
            return str(choices[0])
        case OneOf(enum=enum):
            return str(next(iter(enum)))
        case click.types.IntParamType():
            return "1"
    if words[0] == "sprint" and parameter.name == "name":
        return "current"
    return ORDINARY.get(parameter.name or "", "something")


def line_of(words: tuple[str, ...], tested: click.Parameter, text: str) -> list[str]:
    """A command with hostile text for one parameter and ordinary values for those that it needs."""
    line, arguments = list(words), []
    for parameter in VERBS[words].params:
        value = text if parameter is tested else ordinary(words, parameter)
        if isinstance(parameter, click.Argument):
            arguments.append(value)
        elif parameter is tested or (parameter.required and takes_text(parameter)):
            line.append(f"{parameter.opts[0]}={value}" if parameter.opts[0].startswith("--") else value)
        elif parameter.name == "yes":
            line.append("--yes")
    return [*line, "--", *arguments]


@pytest.mark.parametrize(
    ("words", "parameter"), PARAMETERS, ids=[f"{' '.join(words)} {p.name}" for words, p in PARAMETERS]
)
def test_hostile_text_as_an_argument(
    rhythm: Cli, place: tuple[str, Session], words: tuple[str, ...], parameter: click.Parameter
) -> None:
    by = rhythm.token(place[1])
    for name, text in HOSTILE.items():
        if name == "NUL" and isinstance(parameter.type, click.Path | click.File):
            continue  # The system passes no such arguments on, and click opens these.
        ran = rhythm(*line_of(words, parameter, text), by=by)
        if words == ("export",):  # Its output is data, to the letter; stored text has no controls.
            assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", ran.out)
            ran = Ran(ran.code, "", ran.err)
        check(ran)
    text = HOSTILE["a terminal's language"]
    ran = rhythm(words[0], *words[1:], "--json", *line_of(words, parameter, text)[len(words) :], by=by)
    check(ran, json_too=ran.code != Exit.DONE or not ran.out.startswith("#"))


@pytest.mark.parametrize("option", ["--database-url", "--color"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_text_as_an_option_of_all(rhythm: Cli, option: str, text: str) -> None:
    check(rhythm(f"{option}={text}", "project", "list"))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_names_of_commands_and_options(rhythm: Cli, text: str) -> None:
    for line in (
        [text],
        ["issue", text],
        ["issue", "list", f"--{text}"],
        ["issue", "show", "--", text, text],
    ):
        check(rhythm(*line))


# Stored ------------------------------------------------------------------------------------------------

READING: dict[tuple[str, ...], list[list[str]]] = {
    ("issue", "list"): [[], ["is:open"], ["--project", "CORE", "--all"]],
    ("issue", "show"): [["CORE-1"], ["CORE-5"]],
    ("issue", "history"): [["CORE-1"], ["CORE-5"]],
    ("issue", "trash"): [["CORE"]],
    ("board",): [["CORE"], ["CORE", "is:open", "--cards", "1"]],
    ("backlog",): [["CORE"]],
    ("sprint", "list"): [["CORE"]],
    ("sprint", "show"): [["CORE", "current"]],
    ("sprint", "report"): [["CORE", "current"]],
    ("project", "list"): [[], ["--everyone"]],
    ("project", "show"): [["CORE"]],
    ("label", "list"): [["CORE"]],
    ("view", "list"): [[], ["--project", "CORE"]],
    ("member", "list"): [["CORE"], ["CORE", "--former"]],
    ("user", "list"): [[], ["--accounts"]],
    ("user", "show"): [["boss"]],
    ("user", "sessions"): [[]],
    ("token", "list"): [[]],
    ("ssh-key", "list"): [[]],
    ("whoami",): [[]],
    ("config",): [[]],
}
LOOKS = {"list", "show", "history", "trash", "report", "sessions", "board", "backlog", "whoami", "config"}


def test_every_command_that_reads_is_tried() -> None:
    assert {words for words in VERBS if words[-1] in LOOKS} == set(READING)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_what_is_stored_is_shown_without_harm(
    rhythm: Cli, place: tuple[str, Session], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a pipe, as JSON, and on a terminal with colours."""
    by = rhythm.token(place[1])
    for line in READING[words]:
        plain = rhythm(*words, *line, by=by)
        check(plain)
        assert plain.code == Exit.DONE, plain.err
        as_json = rhythm(*words, *line, "--json", by=by)
        check(as_json, json_too=True)
        with monkeypatch.context() as patch:
            patch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
            patch.setenv("COLUMNS", "100")
            check(rhythm(*words, *line, by=by, RHYTHM_COLOR="always"))


def test_json_says_what_is_stored(rhythm: Cli, place: tuple[str, Session]) -> None:
    issue = rhythm("issue", "show", "CORE-1", "--json", by=place[1]).json
    assert issue["title"] == normalize("NFC", STORED)
    assert issue["comments"][0]["body"] == normalize("NFC", BODY)


def test_undo_says_what_it_took_back_without_harm(rhythm: Cli, place: tuple[str, Session]) -> None:
    by = rhythm.token(place[1])
    check(rhythm("sprint", "edit", "CORE", "current", "--goal", "x", by=by))
    for words in (("undo",), ("redo",), ("undo",)):
        ran = rhythm(*words, "CORE", by=by)
        check(ran)
        assert ran.code == Exit.DONE


@pytest.mark.parametrize("format", ["csv", "json"])
def test_an_export_of_it_can_be_imported_again(rhythm: Cli, place: tuple[str, Session], format: str) -> None:
    by = rhythm.token(place[1])
    check(rhythm("export", "CORE", "--format", format, "--output", "all", by=by))
    again = rhythm("import", "rhythm", "all", "--project", "CORE", "--dry-run", "--json", by=by)
    check(again, json_too=True)
    assert again.json["problems"] == []


@pytest.mark.parametrize(
    "line",
    [["issue", "list"], ["issue", "show", "CORE-5"], ["board", "CORE"], ["project", "show", "\x1b]0;x\x07"]],
)
def test_on_a_real_terminal(rhythm: Cli, place: tuple[str, Session], line: list[str]) -> None:
    code, text = on_a_terminal(line, {**rhythm.environ, "RHYTHM_TOKEN": rhythm.token(place[1])})
    assert code in (Exit.DONE, Exit.NOT_FOUND)
    harmless(text)
    assert "CORE" in text or code == Exit.NOT_FOUND


def on_a_terminal(line: list[str], environ: dict[str, Any]) -> tuple[int, str]:
    """Runs a command in a terminal of its own; its exit code and all that it printed."""
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "rhythm_tui", *line]
    root_folder = str(Path(__file__).parents[2])
    environ = {**environ, "TERM": "xterm-256color", "COLUMNS": "100", "PYTHONPATH": root_folder}
    with subprocess.Popen(command, env=environ, stdin=writer, stdout=writer, stderr=writer) as process:
        os.close(writer)
        printed = b""
        while select.select([reader], [], [], 60)[0]:
            try:
                printed += os.read(reader, 65536)
            except OSError:
                break
        os.close(reader)
        return process.wait(), printed.decode()


# Files and variables -----------------------------------------------------------------------------------


def test_an_export_touches_no_file_but_its_own(
    rhythm: Cli, place: tuple[str, Session], tmp_path: Path
) -> None:
    """It was first written to FILE.part, by whatever link somebody had put there in a folder for all, and a
    file of that name was gone afterwards. Everybody on the machine could read what only members may."""
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (tmp_path / "all.csv.part").symlink_to(mine)
    ran = rhythm("export", "CORE", "--format", "csv", "--output", "all.csv", by=rhythm.token(place[1]))
    assert ran.code == Exit.DONE
    assert mine.read_text() == "mine"
    assert (tmp_path / "all.csv.part").is_symlink()
    assert (tmp_path / "all.csv").stat().st_mode & 0o777 == 0o600


def test_the_folders_of_log_and_sign_ins_are_for_their_owner_alone(tmp_path: Path) -> None:
    """The log came first, and of the folders that it made only its own was private: the one above it, in
    which drafts and sign-ins are kept, was as open as the umask allowed."""
    before = os.umask(0)
    try:
        logs.set_up(tmp_path / "state" / "rhythm" / "log")
        logging.getLogger("rhythm").error("something")
    finally:
        os.umask(before)
    for folder in (tmp_path / "state", tmp_path / "state" / "rhythm", tmp_path / "state" / "rhythm" / "log"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_that_cannot_be_read_is_no_defect(rhythm: Cli, place: tuple[str, Session]) -> None:
    """A disk that fails, or a file that is none: the system's error went to the log, and nobody knew why."""
    by = rhythm.token(place[1])
    for format in ("github", "linear", "jira", "rhythm"):
        ran = rhythm("import", format, "/proc/self/mem", "--project", "CORE", by=by)
        check(ran)
        assert ran.code == Exit.INVALID
        assert "can't be read" in ran.err


def test_an_export_replaces_no_device(rhythm: Cli, place: tuple[str, Session], tmp_path: Path) -> None:
    """Where root wrote to /dev/null there was a file from then on."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    by = rhythm.token(place[1])
    ran = rhythm("export", "CORE", "CORE-1", "--format", "csv", "--output", "pipe", by=by)
    assert (ran.code, (tmp_path / "pipe").is_fifo()) == (Exit.DONE, True)
    assert os.read(reader, 100)
    os.close(reader)


@pytest.mark.parametrize("what", ["a folder", "open to others", "no JSON"])
def test_a_file_of_sign_ins_that_is_none_is_no_defect(rhythm: Cli, tmp_path: Path, what: str) -> None:
    file = tmp_path / "state" / "rhythm" / "sessions.json"
    file.parent.mkdir(parents=True)
    if what == "a folder":
        file.mkdir(mode=0o700)
    else:
        file.write_bytes(b"\xff{")
        file.chmod(0o644 if what == "open to others" else 0o600)
    ran = rhythm("whoami")
    check(ran)
    assert ran.code == (Exit.NOT_SIGNED_IN if what == "no JSON" else Exit.INVALID)


@pytest.mark.parametrize(
    "variable", ["PGDATESTYLE=German", "PGOPTIONS=-c DateStyle=SQL,DMY", "PGCLIENTENCODING=LATIN1"]
)
def test_what_other_programs_are_told_does_not_change_what_is_read(
    rhythm: Cli, place: tuple[str, Session], variable: str
) -> None:
    """Variables that suit psql were a defect of Rhythm: times in German, and titles that LATIN1 has not."""
    name, _, value = variable.partition("=")
    plain = rhythm("issue", "show", "CORE-1", "--json", by=rhythm.token(place[1]), **{name: value})
    check(plain, json_too=True)
    assert plain.json["title"] == normalize("NFC", STORED)
