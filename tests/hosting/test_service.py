"""The host process with the tracker behind it: sessions, the hub, keys, and what its administrator does."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from rhythm_domain.database import Database
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.session import Session
from rhythm_tui.hosting import key_shim
from tests.conftest import Postgres
from tests.databases import Databases
from tests.hosting.driver import Host, end_with_children, hub_answers, until
from tests.instances import Instance, Team
from tests.servers import alive, reachable_folder
from tests.tui.seat import PATIENCE, Seat

ROOT = Path(__file__).parents[2]


class Shared(Host):
    """A host process over the team's database."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, team: Team) -> None:
        super().__init__(process, folder)
        self.team = team
        self.file = folder / "host.toml"

    def key_of(self, session: Session, name: str = "laptop") -> int:
        """A key of somebody's, who may have it already; its id."""
        known = "SELECT id FROM ssh_keys WHERE user_id = %s AND name = %s"
        return int(
            self.team.instance.value(known, session.user.id, name)
            or self.team.instance.value(
                "INSERT INTO ssh_keys (user_id, name, kind, fingerprint, public_key)"
                " VALUES (%s, %s, 'ssh-ed25519', %s, 'ssh-ed25519 AAAA') RETURNING id",
                session.user.id,
                name,
                f"SHA256:{session.user.name}-{name}",
            )
        )

    def order(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs `rhythm host ...` as the administrator."""
        verb, *rest = words
        line = ["-m", "rhythm_tui", "host", verb, "--config", str(self.file), *rest]
        return subprocess.run(
            [sys.executable, *line], capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    @property
    def main(self) -> int:
        """The process that serves now."""
        return int(self.status["pid"])

    def hub(self) -> int:
        """The hub's process: the first child that is no session. A spare one may have come by now."""
        children = Path(f"/proc/{self.main}/task/{self.main}/children").read_text().split()
        sessions = {each["pid"] for each in self.sessions()}
        return min({int(each) for each in children} - sessions)

    def connections(self) -> int:
        """Connections of programs of Rhythm to the database."""
        return int(
            self.team.instance.value(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'rhythm'"
            )
        )


@contextmanager
def shared(
    team: Team, conninfo: str, program: Sequence[str] = ("-m", "rhythm_tui"), **limits: Any
) -> Iterator[Shared]:
    """A host process of the test's own."""
    folder = reachable_folder()
    file = folder / "host.toml"
    lines = [f"database_url = {json.dumps(conninfo)}", f'run_dir = "{folder}"', "[limits]"]
    file.write_text("\n".join([*lines, *(f"{name} = {value}" for name, value in limits.items())]))
    file.chmod(0o600)
    command = [sys.executable, "-I", *program, "host", "serve", "--as-root", "--config", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        made = Shared(process, folder, team)
        assert process.stderr is not None
        try:
            assert "serving" in process.stderr.readline()
            yield made
        finally:
            end_with_children(process)


@pytest.fixture(scope="module")
def going_on(postgres: Postgres, databases: Databases) -> Iterator[Shared]:
    """A host process that serves many tests."""
    name = databases.copy()
    conninfo = postgres.conninfo(name)
    with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
        team = Team.of(Instance(Database(conninfo), sql))
        asyncio.run(_issue(team))
        with shared(team, conninfo) as made:
            yield made
    databases.drop(name)


async def _issue(team: Team) -> None:
    await team.member.issues.create("CORE", IssueDraft(title="Login fails on Safari"))
    await team.instance.db.close()


@pytest.fixture
def host(going_on: Shared) -> Iterator[Shared]:
    """A host process at which nobody is; a test leaves it so."""
    yield going_on
    until(lambda: not (going_on.sessions() or listeners(going_on)), "the end of all sessions")


@pytest.fixture
async def own(team: Team, conninfo: str) -> AsyncIterator[Shared]:
    """A host process of the test's own, to be mistreated."""
    await team.member.issues.create("CORE", IssueDraft(title="Login fails on Safari"))
    with shared(team, conninfo) as made:
        yield made


def at_the_board(host: Shared, key: int) -> Seat:
    """Somebody at the app."""
    seat = host.terminal(key=key)
    seat.sees("Project CORE")
    return seat


def test_the_app_and_the_command_line_know_who_it_is(host: Shared) -> None:
    mia, vic = host.key_of(host.team.member), host.key_of(host.team.viewer)
    with at_the_board(host, mia) as seat:
        code, out, err = host.run("whoami --json", key=vic)
        assert (code, json.loads(out)["name"]) == (0, "vic"), err
        assert host.run("issue show CORE-99", key=vic)[0] == 5
        assert host.run("issue create CORE Mine", key=vic)[0] == 4
        seat.press("\x11")
        assert seat.ended() == 0
    assert host.run("whoami", key=999)[0] == 3


def test_what_one_does_the_others_see(host: Shared) -> None:
    mia, olga = host.key_of(host.team.member), host.key_of(host.team.owner)
    with at_the_board(host, mia) as seat:
        seat.press("\r")
        seat.sees("Login fails on Safari")
        assert host.run("issue create CORE 'Seen at once'", key=olga)[0] == 0
        seat.sees("1 new")


def test_a_session_has_one_connection_and_the_hub_listens_for_all(host: Shared) -> None:
    keys = [host.key_of(each) for each in (host.team.member, host.team.viewer, host.team.owner)]
    with at_the_board(host, keys[0]), at_the_board(host, keys[1]), at_the_board(host, keys[2]):
        until(lambda: listeners(host) == 3, "that all listen")
        # The hub's, and that by which the test filled the database.
        assert host.connections() <= 3 + 1 + 1


def test_status_says_who_is_there(host: Shared) -> None:
    mia = host.key_of(host.team.member, "laptop")
    with at_the_board(host, mia) as seat:
        told = json.loads(host.order("status", "--json").stdout)
        (session,) = told["sessions"]
        assert (session["person"], session["key"], session["command"]) == ("mia", "laptop", "")
        # Sessions are kept from being looked into: only with CAP_SYS_PTRACE it can be seen what they take.
        assert session["memory"] is None or session["memory"] > 1_000_000
        assert "mia" in host.order("status").stdout
        done = host.order("end-session", str(session["id"]))
        assert done.returncode == 0, done.stderr
        assert seat.ended() == 129
        assert "An administrator ended your session" in seat.text
    assert host.order("end-session", "77").returncode == 5


def test_a_broadcast_appears_in_every_app(host: Shared) -> None:
    with (
        at_the_board(host, host.key_of(host.team.member)) as mia,
        at_the_board(host, host.key_of(host.team.viewer)) as vic,
    ):
        until(lambda: listeners(host) == 2, "that both listen")
        done = host.order("broadcast", "Coffee [b]at[/b] ten")
        assert done.returncode == 0, done.stderr
        mia.sees("Coffee [b]at[/b] ten")
        vic.sees("Coffee [b]at[/b] ten")
    assert host.order("broadcast", "x" * 501).returncode == 7


def listeners(host: Shared) -> int:
    """Sessions that have connected to the hub, the hub's own end of each."""
    lines = Path("/proc/net/unix").read_text().splitlines()
    at = str(host.folder / "hub.sock")
    return sum(at in line and line.split()[5] == "03" for line in lines)


def test_read_only_refuses_writes_in_words_and_lets_people_read(host: Shared) -> None:
    mia = host.key_of(host.team.member)
    assert host.order("read-only", "on").returncode == 0
    try:
        assert json.loads(host.order("status", "--json").stdout)["read_only"]
        code, _, err = host.run("issue create CORE Another", key=mia)
        assert code == 4
        assert "read-only at the moment" in err
        assert host.run("issue show CORE-1", key=mia)[0] == 0
    finally:
        assert host.order("read-only", "off").returncode == 0
    assert host.run("issue create CORE Another", key=mia)[0] == 0


def test_a_hub_that_ended_is_begun_anew(own: Shared) -> None:
    mia, olga = own.key_of(own.team.member), own.key_of(own.team.owner)
    with at_the_board(own, mia) as seat:
        seat.press("\r")
        seat.sees("Login fails on Safari")
        os.kill(own.hub(), signal.SIGKILL)
        assert own.run("issue create CORE 'Without a hub'", key=olga)[0] == 0
        seat.sees("1 new")
        until(lambda: listeners(own) == 1, "the next hub")
        mark = len(seat.text)
        assert own.run("issue create CORE 'With the next'", key=olga)[0] == 0
        seat.sees("new", since=mark)


def test_without_the_host_process_a_session_runs_by_itself(own: Shared) -> None:
    mia = own.key_of(own.team.member)
    with at_the_board(own, mia) as seat:
        (session,) = own.sessions()
        os.kill(own.main, signal.SIGKILL)
        assert seat.ended() == 8
        assert "connect again" in seat.text
        until(lambda: not alive(session["pid"]), "the end of its session")
    with at_the_board(own, mia) as seat:
        seat.press("\x11")
        assert seat.ended() == 0
    code, out, _ = own.run("whoami --json", key=mia)
    assert (code, json.loads(out)["name"]) == (0, "mia")


def _handed_over(host: Shared, first: int) -> None:
    """Waits until the next process serves, and the first one is asked where earlier ones are."""
    until(lambda: host.main != first, "the next process")
    until(lambda: list(host.folder.glob("earlier-*.sock")), "the way to the first")


def test_reloaded_it_hands_over_and_open_sessions_go_on(own: Shared) -> None:
    mia, vic = own.key_of(own.team.member), own.key_of(own.team.viewer)
    first = own.main
    with at_the_board(own, mia) as seat:
        own.process.send_signal(signal.SIGHUP)
        _handed_over(own, first)
        try:
            assert parent(own.main) != first  # Else systemd would not see it as the service's own.
            with at_the_board(own, vic) as other:
                assert [each["key"] for each in own.sessions()] == [vic]
                told = json.loads(own.order("status", "--json").stdout)
                assert [each["person"] for each in told["sessions"]] == ["mia", "vic"]
                assert told["earlier"] == [first]
                seat.press("\r")
                seat.sees("Login fails on Safari")
                other.press("\x11")
                assert other.ended() == 0
            seat.press("\x11")
            assert seat.ended() == 0
            assert own.process.wait(PATIENCE) == 0
            assert own.run("whoami", key=vic)[0] == 0
        finally:
            os.kill(own.main, signal.SIGKILL)


PROGRAM = """
import sys
sys.path.insert(0, {!r})
from rhythm_tui.__main__ import main
main()
"""


async def test_sessions_need_no_file_of_the_program(team: Team, conninfo: str, tmp_path: Path) -> None:
    """While people work a new version takes its place: nobody is given half of the one, half of the other."""
    await team.member.issues.create("CORE", IssueDraft(title="Login fails on Safari"))
    for name in ("rhythm_domain", "rhythm_tui"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("schema.sql", "migrations"):
        (tmp_path / name).symlink_to(ROOT / name)
    with shared(team, conninfo, ("-c", PROGRAM.format(str(tmp_path)))) as host:
        assert str(tmp_path) not in host.run("whoami", key=host.key_of(team.viewer))[2]
        for name in ("rhythm_domain", "rhythm_tui"):
            shutil.rmtree(tmp_path / name)
        with at_the_board(host, host.key_of(team.member)) as seat:
            for keys, seen in WAY:
                mark = len(seat.text)
                seat.press(keys)
                seat.sees(seen, since=mark)
            seat.press("\x11")
            assert seat.ended() == 0


WAY = (
    *(("2", "in progress"), ("3", "No sprint"), ("5", "created"), ("6", "urndown")),
    *(("1", "Login"), ("m", "Parent"), ("\x1b", "enter open"), ("\r", "Activity"), ("c", "Comment")),
)
"""Keys that open the views and the most different dialogs, and a word that then appears."""


def test_stopped_after_a_reload_it_tells_those_who_were_there_before(own: Shared) -> None:
    mia, vic = own.key_of(own.team.member), own.key_of(own.team.viewer)
    first = own.main
    with at_the_board(own, mia) as seat, at_the_board(own, vic) as other:
        until(lambda: listeners(own) == 2, "that both listen")
        own.process.send_signal(signal.SIGHUP)
        _handed_over(own, first)
        main = own.main
        ended = json.loads(own.order("status", "--json").stdout)["sessions"][1]["id"]
        assert own.order("end-session", str(ended)).returncode == 0
        assert other.ended() == 129
        os.kill(main, signal.SIGTERM)
        seat.sees("Rhythm stops in")
        assert seat.ended() == 129
        assert "host stopped" in seat.text
    assert own.process.wait(PATIENCE) == 0
    until(lambda: not alive(main), "the end of the process that served")
    assert list(own.folder.glob("earlier*")) == []


def parent(pid: int) -> int:
    """The process that a process is a child of."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_next_version_that_does_not_start_changes_nothing(own: Shared) -> None:
    mia = own.key_of(own.team.member)
    kept = own.file.read_text()
    assert own.order("check").returncode == 0
    own.file.write_text("nonsense")
    assert own.order("check").returncode == 7
    own.process.send_signal(signal.SIGHUP)
    assert own.process.stderr is not None
    until(lambda: "next process failed" in own.process.stderr.readline(), "the failure")  # type: ignore[union-attr]
    own.file.write_text(kept)
    assert own.run("whoami", key=mia)[0] == 0


def test_stopped_it_tells_people_first(own: Shared) -> None:
    mia = own.key_of(own.team.member)
    with at_the_board(own, mia) as seat:
        until(lambda: listeners(own) == 1, "that the session listens")
        own.process.terminate()
        seat.sees("Rhythm stops in")
        code, _, err = own.run("whoami", key=mia)
        assert code == 8
        assert "host stops" in err
        assert seat.ended() == 129
        assert own.process.wait(PATIENCE) == 0


def test_a_second_host_process_is_refused(host: Shared) -> None:
    done = host.order("serve", "--as-root")
    assert done.returncode == 8
    assert "serves here already" in done.stderr


async def test_whose_a_key_is_is_answered_by_the_hub_and_without_it(own: Shared, tmp_path: Path) -> None:
    file = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)  # noqa: ASYNC221
    public = Path(f"{file}.pub").read_text()  # noqa: ASYNC240
    key = await own.team.member.people.add_ssh_key("laptop", public)
    kind, body, *_ = public.split()

    def asked(fingerprint: str) -> str:
        words = ["-I", "-S", "-E", key_shim.__file__, str(own.folder / "hub.sock"), str(own.file)]
        line = [sys.executable, *words, fingerprint, kind, body]
        done = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    until(lambda: hub_answers(own.folder), "the hub")
    warm = asked(key.fingerprint)
    assert warm.startswith('restrict,pty,command="')
    assert f' {key.id} {key.user_id}" {kind} {body}' in warm
    assert asked("SHA256:another") == ""
    os.kill(own.main, signal.SIGKILL)
    assert asked(key.fingerprint).strip() == warm.strip()
    assert asked("SHA256:another") == ""


def test_no_socket_stands_where_others_could_put_theirs(tmp_path: Path) -> None:
    """Whoever came in would hand their terminal to it."""
    run_dir, file = tmp_path / "run", tmp_path / "host.toml"
    run_dir.mkdir()
    run_dir.chmod(0o777)
    file.write_text(f'database_url = "postgresql:///nowhere"\nrun_dir = {json.dumps(str(run_dir))}\n')
    file.chmod(0o600)
    line = ["-I", "-m", "rhythm_tui", "host", "serve", "--as-root", "--config", str(file)]
    done = subprocess.run(
        [sys.executable, *line], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 7, done.stderr
    assert "Others than its owner could change" in done.stderr
    assert not list(run_dir.iterdir())
