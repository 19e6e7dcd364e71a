"""The embedded server: what it creates, who shares it, what it survives, when it goes."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from rhythm_domain.embedded import keeper, places, programs
from rhythm_domain.embedded import server as embedded
from rhythm_domain.embedded.places import Account, default_home, make_private, settle, socket_folder
from rhythm_domain.embedded.programs import Programs, failure
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.errors import Unavailable
from tests.servers import reachable_folder

GRACE = 0.2
AWKWARD = 'it\'s a "home" \\ Größe'
OLD = Path("/usr/lib/postgresql/15/bin")

# A rhythm process: starts the server, says its connection string, and stays until its input ends. It hears
# Ctrl-C also where a shell began the tests in the background.
USER = f"""
import signal, sys
from pathlib import Path
from rhythm_domain.embedded.server import EmbeddedServer
signal.signal(signal.SIGINT, signal.default_int_handler)
print(EmbeddedServer(Path(sys.argv[1]), fsync=False, grace={GRACE}).start(), flush=True)
sys.stdin.read()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder for homes; the servers in it are stopped in the end."""
    folder = reachable_folder()
    yield folder
    for home in folder.iterdir():
        EmbeddedServer(home).stop()
    shutil.rmtree(folder)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedServer]:
    """A server that is not running and that nobody claims; its data exists after its first test."""
    server = a_server(folder / AWKWARD)
    yield server
    server.release()
    server.stop()


@pytest.fixture
def users() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Begin rhythm processes on a home, each in a process group of its own."""
    begun: list[subprocess.Popen[str]] = []

    def begin(home: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", USER, str(home)]
        begun.append(
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
        )
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def a_server(home: Path, *, bindir: Path | None = None) -> EmbeddedServer:
    return EmbeddedServer(home, fsync=False, grace=GRACE, bindir=bindir)


def ask(conninfo: str, question: str) -> object:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def pid_of(server: EmbeddedServer) -> int:
    pid = server.status().pid
    assert pid
    return pid


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def keepers(home: Path) -> list[int]:
    """The process ids of the keepers of that home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"keeper.py\0keep" in words and os.fsencode(home) in words:
            found.append(int(process.name))
    return found


# What a start creates ----------------------------------------------------------------------------------


def test_the_first_start_creates_a_private_database_in_utf8_without_tcp(server: EmbeddedServer) -> None:
    conninfo = server.start()
    assert ask(conninfo, "SELECT current_database(), current_user") == ("rhythm", "rhythm")
    assert ask(conninfo, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert (
        ask(conninfo, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'rhythm'") == "rhythm"
    )
    assert ask(conninfo, "SELECT current_setting('listen_addresses')") == ""
    assert ask(conninfo, "SELECT current_setting('server_encoding')") == "UTF8"
    assert ask(conninfo, "SELECT lower('ÉЖ')") == "éж"
    assert ask(conninfo, "SELECT current_setting('TimeZone')") == "UTC"
    for place in (server.home, server.data, server.status().socket.parent):
        assert mode(place) == 0o700
    assert mode(server.log) == 0o600


def test_fsync_is_on_unless_given_up(folder: Path) -> None:
    server = EmbeddedServer(folder / "durable", grace=GRACE)
    assert ask(server.start(), "SELECT current_setting('fsync'), current_setting('full_page_writes')") == (
        "on",
        "on",
    )
    server.release()


def test_locale_and_pg_variables_of_the_person_do_not_matter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LANG", raising=False)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATA", "/nowhere")
    server = a_server(folder / "elsewhere")
    assert ask(server.start(), "SELECT lower('ÉЖ'), current_setting('port')") == ("éж", "5432")
    server.release()


def test_first_starts_at_the_same_time_give_one_server(
    folder: Path, users: Callable[[Path], subprocess.Popen[str]]
) -> None:
    deep = folder / ("deep " * 20) / ("deeper, " * 10) / "home"  # Too long for a socket, and with a comma.
    crowd = [users(deep) for _ in range(4)]
    conninfos = [process.stdout.readline().strip() for process in crowd if process.stdout]
    identities = {ask(each, "SELECT pg_postmaster_start_time()") for each in conninfos}
    assert len(identities) == 1
    assert len(conninfos) == 4
    server = a_server(deep)
    assert server.home not in server.status().socket.parents
    assert len(keepers(server.status().socket)) == 1
    server.stop()
    server.status().socket.parent.rmdir()


def test_an_interrupted_creation_is_redone(
    folder: Path, users: Callable[[Path], subprocess.Popen[str]]
) -> None:
    home = folder / "interrupted"
    process = users(home)
    eventually((home / "data.new" / "PG_VERSION").exists)
    process.kill()
    process.wait()
    assert not (home / "data").exists()
    server = a_server(home)
    assert ask(server.start(), "SELECT 1") == 1
    assert not (home / "data.new").exists()
    server.release()


# Who shares it -----------------------------------------------------------------------------------------


def test_a_second_start_joins_without_running_any_program(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    conninfo = server.start()
    monkeypatch.setattr(subprocess, "Popen", None)
    other = a_server(server.home)
    assert other.start() == conninfo
    assert other.start() == conninfo
    other.release()


def test_ctrl_c_ends_the_starter_but_not_the_server(
    server: EmbeddedServer, users: Callable[[Path], subprocess.Popen[str]]
) -> None:
    server.start()
    server.stop()  # So that the process starts it, and this one only keeps it.
    starter = users(server.home)
    assert starter.stdout
    starter.stdout.readline()
    pid = pid_of(server)
    os.killpg(starter.pid, signal.SIGINT)
    assert starter.wait(10) != 0
    assert ask(server.conninfo(), "SELECT 1") == 1
    assert pid_of(server) == pid


def test_the_keeper_waits_for_the_last_one_however_it_ends(
    server: EmbeddedServer, users: Callable[[Path], subprocess.Popen[str]]
) -> None:
    server.start()
    last = users(server.home)
    assert last.stdout
    last.stdout.readline()
    server.release()
    time.sleep(3 * GRACE)  # Nothing happens, which only the clock can tell.
    assert server.status().running
    last.kill()
    left = time.monotonic()
    eventually(lambda: not server.status().running)
    assert time.monotonic() - left >= GRACE * 0.9
    assert "received fast shutdown request" in server.log.read_text()


def test_one_who_comes_and_goes_during_the_wait_prolongs_it(server: EmbeddedServer) -> None:
    eventually(lambda: not keepers(server.home))  # The next keeper gets another patience.
    patient = EmbeddedServer(server.home, fsync=False, grace=1.0)
    patient.start()
    pid = pid_of(patient)
    for _ in range(3):  # Within the keeper's patience each, beyond it together.
        patient.release()
        time.sleep(0.4)
        patient.start()
    patient.release()
    assert pid_of(patient) == pid


def test_who_comes_while_the_keeper_stops_the_server_gets_a_new_one(server: EmbeddedServer) -> None:
    """Come back at all moments around the end of the keeper's patience."""
    for round_ in range(16):
        assert ask(server.start(), "SELECT 1") == 1
        server.release()
        time.sleep(GRACE * (0.9 + round_ / 50))
    starts = server.log.read_text().count("ready to accept connections")
    assert starts > 1, "the keeper never stopped it: the moment was never met"


def test_the_keeper_lets_nobody_in_while_it_stops_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut_down(pid: int) -> bool:
        with (tmp_path / "claims").open("rb") as claim, pytest.raises(BlockingIOError):
            fcntl.flock(claim, fcntl.LOCK_SH | fcntl.LOCK_NB)
        stopped.append(pid)
        return True

    stopped: list[int] = []
    monkeypatch.setattr(keeper, "postmaster", lambda path: 4711)
    monkeypatch.setattr(keeper, "shut_down", shut_down)
    with (tmp_path / "claims").open("wb") as claims:
        keeper.keep(claims.fileno(), "socket", 0.05)
    assert stopped == [4711]


def test_a_newcomer_waits_while_a_keeper_holds_the_claims(server: EmbeddedServer) -> None:
    server.start()
    server.release()
    server.stop()
    with (server.home / "claims").open("r+b") as claims:
        fcntl.flock(claims, fcntl.LOCK_EX)
        newcomer = threading.Thread(target=server.start)
        newcomer.start()
        newcomer.join(0.2)
        assert newcomer.is_alive()
        assert not server.status().running
    newcomer.join(10)
    assert server.status().running


def test_a_killed_keeper_is_replaced_by_the_next_start(server: EmbeddedServer) -> None:
    server.start()
    (first,) = keepers(server.home)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: keepers(server.home) == [])
    server.start()
    assert len(keepers(server.home)) == 1


# What it survives --------------------------------------------------------------------------------------


def test_it_starts_again_after_a_crash_and_keeps_what_was_committed(server: EmbeddedServer) -> None:
    with psycopg.connect(server.start()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    pid = pid_of(server)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not server.status().running)
    assert ask(server.start(), "SELECT answer FROM kept") == 42
    assert pid_of(server) != pid


def test_a_process_id_left_over_may_belong_to_anybody(server: EmbeddedServer) -> None:
    """After a reboot the old id is often that of another process of the same person."""
    server.start()
    sockets = server.status().socket.parent
    os.kill(pid_of(server), signal.SIGKILL)
    eventually(lambda: not server.status().running)
    owner = server.data.stat()
    other = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], **other) as stranger:  # type: ignore[call-overload]
        try:
            for file in (server.data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
                lines = file.read_text().split("\n")
                file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
            assert ask(server.start(), "SELECT 1") == 1
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_data_that_another_postgresql_works_on_is_left_alone(server: EmbeddedServer, folder: Path) -> None:
    server.start()
    server.stop()
    owner = server.data.stat()
    account = Account(owner.st_uid, owner.st_gid)
    sockets = folder / "by hand"
    make_private(sockets, account)
    with (folder / "log").open("ab") as log, (folder / "lock").open("ab") as lock:
        own = Programs(programs.binaries(), account, server.home, lock.fileno(), log.fileno())
        with (
            own.serving(server.data, sockets, 7),
            pytest.raises(Unavailable, match="Another PostgreSQL") as raised,
        ):
            server.start()
    assert "stop it" in raised.value.hint
    for leftover in (sockets, folder / "log", folder / "lock"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def test_a_start_that_fails_says_why(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    settings = server.data / "postgresql.auto.conf"
    before = settings.read_text()
    settings.write_text("work_mem = 'a lot'\n")
    try:
        with pytest.raises(Unavailable, match=r"work_mem|postgresql\.auto\.conf"):
            server.start()
    finally:
        settings.write_text(before)
    assert ask(server.start(), "SELECT 1") == 1


@pytest.mark.parametrize(
    ("version", "said"),
    [("99", "made by PostgreSQL 99"), ("9", "PostgreSQL 9 are not there"), ("?", "not a data folder")],
)
def test_data_that_does_not_fit_is_refused_and_left_alone(
    server: EmbeddedServer, version: str, said: str
) -> None:
    server.start()
    server.stop()
    file = server.data / "PG_VERSION"
    before = file.read_text()
    file.write_text(version)
    try:
        with pytest.raises(Unavailable, match=said) as raised:
            server.start()
    finally:
        file.write_text(before)
    assert raised.value.hint
    assert ask(server.start(), "SELECT 1") == 1


@pytest.mark.skipif(not OLD.exists(), reason="needs an older PostgreSQL")
def test_older_data_is_upgraded_and_kept_beside(folder: Path) -> None:
    home = folder / "old data"
    old = a_server(home, bindir=OLD)
    with psycopg.connect(old.start()) as connection:
        connection.execute(
            "CREATE TABLE words AS SELECT 'Größe \\ '' \n' AS word, g AS n FROM generate_series(1, 3) g"
        )
    with psycopg.connect(old.conninfo("postgres", "postgres")) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("ALTER ROLE rhythm SET statement_timeout = '5s'")
    assert old.status().version == "15"
    old.stop()
    old.release()

    new = a_server(home)
    conninfo = new.start()
    assert ask(conninfo, "SELECT current_setting('server_version_num')::int / 10000") == programs.MAJOR
    assert ask(conninfo, "SELECT word, count(*) FROM words GROUP BY 1") == ("Größe \\ ' \n", 3)
    assert ask(conninfo, "SELECT tableowner FROM pg_tables WHERE tablename = 'words'") == "rhythm"
    assert ask(conninfo, "SELECT current_setting('statement_timeout')") == "5s"
    assert ask(conninfo, "SELECT count(*) FROM pg_roles WHERE rolname = 'reader'") == 1
    assert ask(conninfo, "SELECT datlocprovider FROM pg_database WHERE datname = 'rhythm'") == "b"
    assert (home / "data-15" / "PG_VERSION").read_text() == "15\n"

    # Interrupted between the last two renames, an upgrade is finished by the next start.
    new.stop()
    new.data.rename(home / "data.upgraded")
    assert ask(new.start(), "SELECT count(*) FROM words") == 3
    new.release()


def test_a_long_log_gives_way_to_a_new_one(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.start()
    server.stop()
    monkeypatch.setattr(embedded, "LOG_LIMIT", 10)
    before = server.log.read_text()
    server.start()
    assert (server.log.with_name("log.old")).read_text().startswith(before)
    assert before not in server.log.read_text()


# What it says about itself -----------------------------------------------------------------------------


def test_status_before_during_and_after(folder: Path, server: EmbeddedServer) -> None:
    nothing = a_server(folder / "never started").status()
    assert (nothing.running, nothing.pid, nothing.version, nothing.size) == (False, None, None, 0)
    assert not (folder / "never started").exists()
    server.start()
    status = server.status()
    assert status.running
    assert status.version == str(programs.MAJOR)
    assert status.size > 10_000_000
    assert status.socket.is_socket()
    assert ask(server.conninfo(), "SELECT pg_backend_pid()") != status.pid
    server.stop()
    assert not server.status().running
    server.stop()


@pytest.mark.parametrize(
    ("log", "message", "hint"),
    [
        ("12:00 [7] LOG:  x\n12:00 [7] FATAL:  No space left on device\nlast\n", "device", "Free some space"),
        ("initdb: error: could not create x: Permission denied\n", "could not create x", "Check who owns"),
        ("odd words\n", "odd words", "doctor"),
        ("", "it said nothing", "doctor"),
    ],
)
def test_failures_speak_in_postgresqls_last_words(log: str, message: str, hint: str) -> None:
    error = failure("PostgreSQL could not start", log)
    assert error.message.startswith("PostgreSQL could not start: ")
    assert message in error.message
    assert hint in error.hint


def test_a_home_that_cannot_be_written_to_is_unavailable(folder: Path) -> None:
    (folder / "spoilt").mkdir()
    (folder / "spoilt").chmod(0o755)  # Whatever the umask: root's server settles in what it can reach.
    (folder / "spoilt" / "claims").mkdir()
    with pytest.raises(Unavailable, match=r"can't be started: .*spoilt/claims"):
        a_server(folder / "spoilt").start()


# Where it lives ----------------------------------------------------------------------------------------


def test_a_private_folder_that_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    me = Account(os.geteuid(), os.getegid())
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o710)
    (tmp_path / "file").touch(mode=0o600)
    for name in ("link", "open", "file"):
        with pytest.raises(Unavailable, match="private folder"):
            make_private(tmp_path / name, me)
    (tmp_path / "fine").mkdir(mode=0o700)
    with pytest.raises(Unavailable, match="private folder"):
        make_private(tmp_path / "link" / "open", me)
    make_private(tmp_path / "fine", me)
    make_private(tmp_path / "new", me)
    assert mode(tmp_path / "new") == 0o700


@pytest.mark.parametrize(("length", "short"), [(80, False), (89, False), (90, True), (300, True)])
def test_the_socket_path_never_exceeds_its_limit(length: int, short: bool) -> None:
    home = Path("/" + "h" * (length - 1))
    folder = socket_folder(home, Account(1000, 1000))
    assert len(os.fsencode(places.socket_path(folder))) <= 107
    assert folder.is_relative_to(home) != short


def test_a_person_has_a_home_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_home() == tmp_path / "rhythm" / "postgres"
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_home() == Path("/var/lib/rhythm/postgres")


@as_root
def test_root_serves_as_another_account_and_opens_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the home nor the programs can be reached by the account: both get a place of their own."""
    monkeypatch.setattr(places, "ROOT_HOME", folder / "root's")
    monkeypatch.setattr(programs, "ROOT_HOME", folder / "root's")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    installed = programs.binaries().parent.parent
    for name in (installed.name, f"{installed.name}.libs"):
        (locked / name).symlink_to(installed.with_name(name))
    above = {path: mode(path) for path in (locked, *locked.parents)}
    server = a_server(locked / "home", bindir=locked / installed.name / "pginstall" / "bin")
    conninfo = server.start()
    assert ask(conninfo, "SELECT 1") == 1
    assert server.home.parent == folder / "root's"
    assert Path(f"/proc/{pid_of(server)}").stat().st_uid == server.data.stat().st_uid != 0
    assert Path(f"/proc/{pid_of(server)}/exe").resolve().is_relative_to(folder / "root's")
    assert Path(f"/proc/{keepers(server.home)[0]}").stat().st_uid != 0
    assert {path: mode(path) for path in above} == above
    assert not (locked / "home").exists()
    assert settle(locked / "home") == (server.home, server._account)
    server.stop()
    server.release()


@as_root
def test_data_of_roots_own_is_refused(folder: Path) -> None:
    (folder / "roots data" / "data").mkdir(parents=True)
    with pytest.raises(Unavailable, match="belongs to root") as raised:
        a_server(folder / "roots data").start()
    assert "chown" in raised.value.hint
