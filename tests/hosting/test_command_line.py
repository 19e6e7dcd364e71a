"""Rhythm's command line over SSH: the same answers and exit codes, and of the host nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click
import pytest

from rhythm_tui.cli.command import Noun
from rhythm_tui.cli.main import ENTRIES
from rhythm_tui.cli.values import FileName, InputFile, OutputFile
from rhythm_tui.hosting.commands import OFFERED, root
from tests.hosting.conftest import Host
from tests.hosting.sshd import SSHD, told
from tests.hosting.test_warm import warmed
from tests.instances import Team


@pytest.fixture
def asks(folder: Path) -> str:
    """It is told of all keys: here it is not the question whose they are."""
    return told(folder / "known")


@pytest.fixture
def warm(team: Team, conninfo: str, folder: Path) -> Iterator[Host]:
    """The team's instance with its resident process, by which each of many commands costs next to nothing."""
    if SSHD is None:
        pytest.skip("there is no sshd here: install openssh-server")
    with warmed(team, conninfo, folder) as made:
        yield made


async def test_it_answers_with_the_exit_codes_of_a_machine_of_ones_own(warm: Host) -> None:
    mia, vic = await warm.person(warm.team.member), await warm.person(warm.team.viewer)
    with mia.kept() as mia, vic.kept() as vic:
        made = mia.run("issue create CORE 'Two words' --json")
        assert json.loads(made.stdout)["title"] == "Two words"
        codes = {
            "issue list": 0,
            "rhythm issue list is:open --json": 0,
            "CORE-1": 0,
            "open CORE-1": 0,
            "issue shwo": 2,
            "issue create CORE nothing": 4,
            "issue show CORE-99": 5,
            "issue list status:nonsense": 7,
            "issue list 'a": 7,
        }
        assert {command: vic.run(command).returncode for command in codes} == codes
        (listed,) = json.loads(vic.run("issue list --json Two").stdout)["items"]
        assert listed["key"] == "CORE-1"
        assert "a terminal" in vic.run().stderr


async def test_files_go_through_pipes(warm: Host) -> None:
    """What goes out comes in again; no name of a file is taken."""
    owner = await warm.person(warm.team.owner)
    with owner.kept() as owner:
        owner.run("issue create CORE One --description-file -", stdin="Several\nlines, é\n")
        assert owner.run("issue comment CORE-1 --file -", stdin="Piped").returncode == 0
        assert owner.run("issue comment CORE-1 Typed").returncode == 0
        out = owner.run("export CORE --format json")
        (issue,) = json.loads(out.stdout)["issues"]
        assert [each["body"] for each in issue["comments"]] == ["Piped", "Typed"]
        assert issue["description"].startswith("Several\nlines, é")
        owner.run("project create COPY Copy")
        done = owner.run("import rhythm - --project COPY", stdin=out.stdout)
        assert (done.returncode, "1 issue new" in done.stdout) == (0, True), done.stdout + done.stderr
        secret = warm.folder / "host.toml"
        for command in (
            f"issue create CORE Two --description-file '{secret}'",
            f"issue comment CORE-1 --file '{secret}'",
            f"import rhythm '{secret}' --project CORE",
            f"export CORE --format csv --output '{warm.folder}/x.csv'",
            f"ssh-key add '{warm.folder}/olga-laptop.pub'",
        ):
            done = owner.run(command)
            assert (done.returncode, done.stdout) == (2, ""), command
            assert "No file can be named over SSH" in done.stderr
        assert not (warm.folder / "x.csv").exists()
        done = owner.run("issue create CORE Two --edit")
        assert (done.returncode, "no editor over SSH" in done.stderr) == (2, True)


async def test_no_more_is_taken_than_can_be_used(host: Host) -> None:
    """A pipe can be endless; the host's memory and its disk are everybody's. Who may not is told at once."""
    await host.issue("Here")
    vic = await host.person(host.team.viewer)
    for command in ("issue comment CORE-1 --file -", "ssh-key add -", "import rhythm - --project CORE"):
        code, said = fed(vic.arguments(vic.to, command))
        assert code == 4 if command.startswith("import") else "far too long" in said, said
        assert code in (4, 7)


def fed(line: Sequence[str]) -> tuple[int, str]:
    """Runs a program on an endless pipe; its exit code, and what it said on stderr."""
    with subprocess.Popen(line, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        assert ran.stdin is not None
        assert ran.stderr is not None
        with suppress(BrokenPipeError):
            while ran.poll() is None:
                ran.stdin.write(b"x" * 100_000)
        said = ran.stderr.read().decode()
        with suppress(BrokenPipeError):
            ran.stdin.close()
    return ran.returncode, said


async def test_nothing_but_rhythm_answers(warm: Host) -> None:
    """No shell reads the words, and of Rhythm's own commands those of the machine are not there."""
    vic = await warm.person(warm.team.viewer)
    witness = warm.folder / "witness"
    with vic.kept() as vic:
        for command in (
            f"touch '{witness}'",
            f"issue list; touch '{witness}'",
            f"issue list `touch '{witness}'` $(touch '{witness}')",
            f"issue list > '{witness}'\ntouch '{witness}'",
            f"issue show CORE-1 && touch '{witness}' | sh -c id",
            "/bin/sh -c id",
            "scp -t /",
            "/usr/lib/openssh/sftp-server",
            "rhythm --database-url postgresql:///x issue list",
            "rhythm --demo issue list",
            "db backup x",
            "login ada",
        ):
            done = vic.run(command)
            assert done.returncode in (0, 2), (command, done.stderr)
            assert "uid=" not in done.stdout
        assert not witness.exists()


async def test_no_answer_says_where_it_runs(host: Host) -> None:
    """Not even when the database is away."""
    mia = await host.person(host.team.member)
    host.file.write_text('database_url = "postgresql://secret-role@127.0.0.1:1/secret"\n')
    done = mia.run("issue list")
    assert "secret" not in done.stdout + done.stderr
    key = host.team.instance.value("SELECT id FROM ssh_keys")
    for file in (host.file, host.folder / "none.toml"):
        words = ["-I", "-m", "rhythm_tui.hosting", str(file), str(key)]
        done = mia.call([sys.executable, *words], env={"SSH_ORIGINAL_COMMAND": "issue list"})
        assert done.returncode == 8
        assert "secret" not in done.stdout + done.stderr
        assert str(host.folder) not in done.stdout + done.stderr


def test_what_is_the_hosts_business_is_not_offered() -> None:
    """Nor is any other way to sign in, nor a flag that leads elsewhere. What opens an issue is no command of
    the line there but of the request, see `request`."""
    assert ENTRIES.keys() - set(OFFERED) == {
        *("login", "join", "logout", "open"),
        *("doctor", "config", "db", "demo", "host", "completion"),
    }
    context = click.Context(root)
    flags = {each for param in root.get_params(context) for each in param.opts}
    assert flags == {"--version", "--help"}
    assert {name for name in ENTRIES if root.get_command(context, name)} == set(OFFERED)


def verbs(command: click.Command, name: str) -> list[tuple[str, click.Command]]:
    """All commands below one."""
    if isinstance(command, Noun):
        found = []
        context = click.Context(command)
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            assert below is not None
            found += verbs(below, f"{name} {each}")
        return found
    return [(name, command)]


@pytest.mark.parametrize(("name", "verb"), verbs(root, "rhythm"), ids=lambda value: str(value))
def test_no_command_takes_a_files_name_unasked(name: str, verb: click.Command) -> None:
    """A parameter that is a file's is of a kind that asks whose files these are."""
    for param in verb.params:
        kind = param.type
        assert not isinstance(kind, (click.Path, click.File)) or isinstance(kind, (InputFile, OutputFile))
        words = f"{param.name} {param.metavar}".lower()
        assert isinstance(kind, (FileName, InputFile, OutputFile)) == (
            "file" in words or param.name == "output"
        )
