"""The frame of the command line: help, wrong names, exit codes, errors, pipes."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from typing import Any

import pytest

from rhythm_domain import errors
from rhythm_tui.cli.errors import Exit, exit_code, report
from tests.cli.conftest import Cli, waits_in
from tests.instances import Team


def test_help_teaches_by_examples_and_loads_no_command(rhythm: Cli) -> None:
    ran = rhythm("--help")
    assert ran.code == Exit.DONE
    assert "rhythm issue create CORE" in ran.out
    assert ran.out.index("Work:") < ran.out.index("People:") < ran.out.index("This instance:")


def test_every_verb_has_help_and_an_example(rhythm: Cli) -> None:
    import click

    from rhythm_tui.cli.command import Verb
    from rhythm_tui.cli.main import ENTRIES, root

    seen = 0
    context = click.Context(root)
    for name in ENTRIES:
        command = root.get_command(context, name)
        assert command is not None
        verbs = command.commands.values() if isinstance(command, click.Group) else [command]
        for verb in verbs:
            assert isinstance(verb, Verb)
            assert verb.help, f"{name} {verb.name} says nothing of itself"
            assert verb.examples, f"{name} {verb.name} has no example"
            assert any("rhythm" in example for example in verb.examples)
            seen += 1
    assert seen > 50


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("projct", "list"), "Did you mean project?"),
        (("project", "lst"), "Did you mean list?"),
        (("project", "list", "--archved"), "Did you mean '--archived'?"),
        (("member", "add", "CORE", "mia", "boss"), "'viewer', 'member', 'maintainer', 'owner'"),
        (("project", "show"), "Missing argument 'KEY'"),
    ],
)
def test_a_wrong_word_is_usage_and_names_the_nearest(rhythm: Cli, args: tuple[str, ...], said: str) -> None:
    ran = rhythm(*args)
    assert ran.code == Exit.USAGE
    assert ran.out == ""
    assert said in ran.err


def test_what_there_is_to_choose_from_is_told_in_lines(rhythm: Cli) -> None:
    ran = rhythm("export", "CORE")
    assert ran.code == Exit.USAGE
    assert [line.strip(" ,") for line in ran.err.splitlines()[1:3]] == ["csv", "json"]
    assert not set(ran.err) & set("␊␉")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.RhythmError(), 1),
        (errors.NotSignedIn(), 3),
        (errors.SignInFailed(), 3),
        (errors.Forbidden(), 4),
        (errors.NotFound(), 5),
        (errors.Conflict(), 6),
        (errors.AlreadyExists(), 6),
        (errors.Invalid(), 7),
        (errors.Unavailable(), 8),
        (errors.SchemaMismatch(), 9),
    ],
)
def test_exit_codes_are_those_of_the_contract(error: errors.RhythmError, code: int) -> None:
    assert exit_code(error) == code


def test_an_error_is_one_line_of_what_and_one_of_what_to_do(rhythm: Cli, team: Team) -> None:
    ran = rhythm("project", "show", "NOPE", by=team.owner)
    assert ran.code == Exit.NOT_FOUND
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 2


def test_with_json_an_error_is_json_too(rhythm: Cli, team: Team) -> None:
    ran = rhythm("project", "create", "CORE", "Again", "--json", by=team.owner)
    assert ran.code == Exit.CONFLICT
    assert ran.error["code"] == "conflict"
    assert ran.error["field"] == "key"


def test_a_conflict_hands_both_texts_to_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    report(errors.Conflict(field="title", current="theirs", mine="ours", version=3), as_json=True)
    error = json.loads(capsys.readouterr().err)["error"]
    assert (error["current"], error["mine"], error["version"]) == ("theirs", "ours", 3)


def test_an_error_can_do_nothing_to_a_terminal(rhythm: Cli, team: Team) -> None:
    ran = rhythm("project", "show", "A\x1b]52;c;aGk=\x07", by=team.owner)
    assert "\x1b" not in ran.err
    assert "␛" in ran.err


def test_the_unexpected_is_one_line_and_a_log_without_values(
    rhythm: Cli, monkeypatch: pytest.MonkeyPatch, team: Team
) -> None:
    from rhythm_domain.services.projects import Projects

    async def broken(*_: object, **__: object) -> None:
        secret = "hunter2"
        raise ZeroDivisionError(secret)

    monkeypatch.setattr(Projects, "list", broken)
    ran = rhythm("project", "list", by=team.owner)
    assert ran.code == Exit.UNEXPECTED
    assert "Traceback" not in ran.err
    assert "ZeroDivisionError" in ran.err
    log = rhythm.home / "state/rhythm/log/rhythm.log"
    assert str(log) in ran.err
    line = json.loads(log.read_text())
    assert line["error"][0]["kind"] == "ZeroDivisionError"
    assert any("broken" in place for place in line["error"][0]["at"])
    assert "hunter2" not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_nobody_signed_in_is_said_with_its_own_code(rhythm: Cli) -> None:
    ran = rhythm.process("project", "list")
    assert ran.returncode == Exit.NOT_SIGNED_IN
    assert "rhythm login" in ran.stderr


def test_a_database_that_is_not_there_is_unavailable(rhythm: Cli) -> None:
    url = "postgresql://ada:hunter2@127.0.0.1:1/none"
    ran = rhythm("project", "list", by="rha_x", RHYTHM_DATABASE_URL=url)
    assert ran.code == Exit.UNAVAILABLE
    assert "hunter2" not in ran.out + ran.err


def test_a_reader_that_goes_away_is_no_error(rhythm: Cli) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "rhythm_tui", "config"],
        env=rhythm.environ,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert ran.returncode == Exit.BROKEN_PIPE
    assert ran.stderr.strip().count(b"\n") == 0
    assert b"Traceback" not in ran.stderr
    assert b"Exception" not in ran.stderr


def test_ctrl_c_ends_with_130_and_no_traceback(rhythm: Cli, team: Team) -> None:
    with rhythm.started("ssh-key", "add", "-", by=team.member, stdin=subprocess.PIPE) as process:
        # It reads from us once it is at work.
        while "read" not in waits_in(process.pid):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.wait(60)  # Its stdin is still open.
        _, err = process.communicate()
    assert process.returncode == Exit.INTERRUPTED
    assert b"Traceback" not in err


def test_version(rhythm: Cli) -> None:
    assert re.fullmatch(r"rhythm \d+\.\d+\.\d+\n", rhythm("--version").out)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_prints_the_shells_script(rhythm: Cli, shell: str) -> None:
    assert "_RHYTHM_COMPLETE" in rhythm("completion", shell).out


def test_completion_offers_commands(rhythm: Cli) -> None:
    words = {"_RHYTHM_COMPLETE": "zsh_complete", "COMP_WORDS": "rhythm proj", "COMP_CWORD": "1"}
    assert "project" in rhythm.process(**words).stdout


def test_completion_offers_what_the_instance_has(
    rhythm: Cli, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rhythm_tui.cli.completing.PATIENCE", 60)
    rhythm("issue", "create", "CORE", "One", by=team.member)

    def offered(words: str) -> str:
        at = str(len(words.split(" ")) - 1)
        asked = {"_RHYTHM_COMPLETE": "zsh_complete", "COMP_WORDS": words, "COMP_CWORD": at}
        return rhythm(by=team.member, **asked).out

    assert "CORE-1\nOne" in offered("rhythm issue show c")
    assert "in_review" in offered("rhythm issue move CORE-1 in_")
    assert "mia" in offered("rhythm issue assign CORE-1 m")
    assert not rhythm("issue", "list", by="nobody").out


def test_a_shell_hears_that_its_words_were_completed(rhythm: Cli) -> None:
    words = {"_RHYTHM_COMPLETE": "zsh_complete", "COMP_WORDS": "rhythm proj", "COMP_CWORD": "1"}
    assert rhythm.process(**words).returncode == Exit.DONE


def test_the_settings_url_to_listen_reaches_the_tracker(
    rhythm: Cli, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rhythm_domain.session import Tracker

    opened: list[object] = []
    real = Tracker.open

    def spy(conninfo: str, **options: Any) -> Any:
        opened.append(options["listen_conninfo"])
        return real(conninfo, **options)

    monkeypatch.setattr(Tracker, "open", spy)
    rhythm("whoami", by=team.owner, RHYTHM_LISTEN_URL="postgresql://past.example/it")
    assert opened == ["postgresql://past.example/it"]


def test_on_a_terminal_a_table_has_a_header_and_colours(rhythm: Cli, team: Team) -> None:
    shown = _on_a_terminal(rhythm, "project", "list", by=team.owner, columns=60)
    assert "last change" in shown or "key" in shown
    assert "\x1b[1mCORE" in shown
    plain = _on_a_terminal(rhythm, "project", "list", by=team.owner, columns=60, NO_COLOR="1")
    assert "\x1b" not in plain
    assert all(len(line) <= 60 for line in plain.splitlines())


def test_without_arguments_on_a_terminal_it_opens_the_app_and_in_a_pipe_it_helps(rhythm: Cli) -> None:
    """The command line itself knows nothing of the app: it hands over what is to be opened."""
    from rhythm_tui.cli import main, opening

    assert "Usage: rhythm" in rhythm("--demo").out
    opened: list[opening.Opening] = []

    def open_app(wanted: opening.Opening) -> int:
        opened.append(wanted)
        return 7

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "at_terminal", lambda: True)
        assert main.run(["--demo"], open_app=open_app) == 7
    assert opened[0].flags["demo"] is True


def test_an_issues_key_opens_the_app_there_and_in_a_pipe_prints_it(
    rhythm: Cli, team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it does over SSH; the word `open` may stand before it."""
    from rhythm_tui.cli import main, opening
    from rhythm_tui.cli.commands import open as open_

    rhythm("label", "create", "CORE", "ui", by=team.owner)
    assert rhythm("issue", "create", "CORE", "Sign-in fails", "--add-label", "ui", by=team.owner).code == 0
    assert rhythm("issue", "edit", "CORE-1", "--label", "ui", by=team.owner).code == Exit.DONE
    shown = rhythm("issue", "show", "CORE-1", by=team.owner)
    assert rhythm("core-1", by=team.owner) == rhythm("open", "CORE-1", by=team.owner) == shown
    assert rhythm("CORE-1", "--json", by=team.owner).json["labels"]
    opened: list[opening.Opening] = []

    def open_app(wanted: opening.Opening) -> int:
        opened.append(wanted)
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(open_, "at_terminal", lambda: True)
        assert main.run(["--demo", "core-1"], open_app=open_app) == 0
        assert (opened[0].issue, opened[0].flags["demo"]) == ("CORE-1", True)
        # What no issue has for a key is said before the app opens, with what to type instead.
        for key, instead in (("core", "`rhythm board CORE`"), ("CORE-0", "CORE-123"), ("a b", "CORE-123")):
            assert main.run(["open", key], open_app=open_app) == Exit.INVALID
            said = capsys.readouterr().err
            assert f"{key!r} is no issue key" in said
            assert instead in said
    assert len(opened) == 1


def _on_a_terminal(rhythm: Cli, *args: str, by: object, columns: int, **environ: str) -> str:
    from rhythm_domain.session import Session

    assert isinstance(by, Session)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "rhythm_tui", *args],
        env={
            **rhythm.environ,
            "RHYTHM_TOKEN": rhythm.token(by),
            "TERM": "xterm",
            "COLUMNS": str(columns),
            **environ,
        },
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:  # How Linux says that the terminal's last user is gone.
            break
        if not more:
            break
        shown += more
    os.close(ours)
    assert process.wait() == 0, shown
    return shown.decode()
