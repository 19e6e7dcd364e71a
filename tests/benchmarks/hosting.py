"""What the shared instance costs: many people at the app, some of them typing, on one machine.

    python -m tests.benchmarks.hosting [--sessions 1,10,50,100,200] [--issues N] [--home FOLDER] [--seconds S]
                                       [--merge S] [--without-sshd]

Everybody comes by an ssh client and a key of their own to a real sshd on the loopback, with a terminal of 120
by 40, to the issue table of one project. Clients and sshd take the same two cores. (Without sshd each session
is what sshd would begin: the shim of a key. Only root's sshd gives terminals everywhere.) One process plays
all the people: it starts them one after the other, waits until all is quiet, measures what they cost, then
has 10 % of them (5 % of more than 100) walk through the list, five keys a second each, and notes how long
each key takes to be on the screen. A figure that is over its bound has a ! behind it; the last line has the
bounds. First comes what sshd takes alone: a client whose key is in a file, and whose command does nothing.

    paint   from the start of the client to the whole screen, milliseconds
    key     from a key to what it changed on the screen, milliseconds
    MB      of a session, what it shares with others counted in parts (PSS); `+ shim` is that of the shim
    idle    % of a core that a session takes while nobody types, host process and hub included
    db      connections to the database: most while people come and type, and once all was quiet
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import json
import os
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from rhythm_domain.demo import filler
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.migrate import migrate
from rhythm_domain.ssh_keys import parse
from rhythm_tui.cli.progress import progress
from rhythm_tui.hosting import key_shim, shim
from rhythm_tui.hosting.control import ask
from rhythm_tui.hosting.install import sshd_settings
from rhythm_tui.hosting.overview import memory
from tests.benchmarks.instance import home, owner_of
from tests.hosting.sshd import SSHD, Client, Key, Sshd, me, told

PATIENCE = 60.0

SETTLED = 10.0
"""Seconds after which all is taken for drawn that people who came in have to see."""

RATE = 5
"""Keys a second of who types."""

SHOWN = b"search: words"
"""What is drawn with the last of the screen: the line below the list, with how many issues there are."""

WHOLE = b"\x1b[?2026l"
"""The end of a picture: the terminal shows it at once (DEC mode 2026)."""

PAINT, KEY, MEGABYTES, IDLE = 300.0, 150.0, 25.0, 0.1
"""The bounds: paint p50 and key p95 in milliseconds, MB and % of a core of a session. Of connections: one for
each session, and the hub's two.
"""

FLOOR = 15
"""Clients who come in for nothing."""

ASKED, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""Whether the terminal can do that, and that it can."""


@dataclass
class Person:
    """Somebody at a terminal. `asked` are the moments of keys that nothing was seen of yet."""

    key: int
    process: subprocess.Popen[bytes]
    master: int
    began: float
    painted: float = 0.0
    drawn: bytes = b""
    asked: deque[float] = field(default_factory=deque)
    at: int = 0

    def heard(self, data: bytes, into: list[float]) -> None:
        """Takes what was drawn; of keys how long they took goes into the list."""
        now = time.perf_counter()
        if not self.painted:
            if ASKED in data:
                os.write(self.master, ANSWER)
            self.drawn += data
            if SHOWN in self.drawn and b" issues" in self.drawn:
                self.painted = now
        elif WHOLE in data and self.asked:
            into.append((now - self.asked.popleft()) * 1000)

    def walk(self) -> None:
        """A step down the list; after ten, as many up again."""
        self.at += 1
        self.asked.append(time.perf_counter())
        os.write(self.master, b"j" if self.at // 10 % 2 == 0 else b"k")


class Crowd:
    """People, and what is drawn for them."""

    def __init__(self, folder: Path, keys: list[int], clients: list[Client]) -> None:
        self.folder, self.keys, self.clients = folder, keys, clients
        self.people: list[Person] = []
        self.took: list[float] = []
        self._poll = select.poll()
        self._of: dict[int, Person] = {}

    def come(self) -> Person:
        """One more person comes in; returns once their screen is whole."""
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        key = self.keys[len(self.people)]
        began = time.perf_counter()
        process = subprocess.Popen(
            self._command(key),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={"TERM": "xterm-256color", "COLORTERM": "truecolor", "PATH": os.environ["PATH"]},
            start_new_session=True,
        )
        os.close(slave)
        person = Person(key, process, master, began)
        self.people.append(person)
        self._of[master] = person
        self._poll.register(master, select.POLLIN)
        end = began + PATIENCE
        while not person.painted:
            self.listen(0.1)
            if time.perf_counter() > end or process.poll() is not None:
                raise SystemExit(f"a session did not begin: {person.drawn[-2000:].decode(errors='replace')}")
        return person

    def _command(self, key: int) -> list[str]:
        """The next person's client, or the shim that sshd would begin for them."""
        if self.clients:
            client = self.clients[len(self.people)]
            return client.arguments(client.to, options=["-tt"])
        places = (str(self.folder / "host.sock"), str(self.folder / "host.toml"))
        return [sys.executable, "-I", "-S", "-E", shim.__file__, *places, str(key), str(key)]

    def listen(self, seconds: float) -> bool:
        """Takes what is drawn within so many seconds, or the first of it; whether there was anything."""
        ready = self._poll.poll(seconds * 1000)
        for master, _ in ready:
            try:
                self._of[master].heard(os.read(master, 1 << 16), self.took)
            except OSError:
                self._poll.unregister(master)
        return bool(ready)

    def settle(self, seconds: float) -> None:
        """Until nothing was drawn for so long, or for `SETTLED` at most."""
        end = time.perf_counter() + SETTLED
        while self.listen(seconds) and time.perf_counter() < end:
            pass

    def rest(self, seconds: float) -> None:
        """Takes what is drawn for so many seconds."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.listen(left)

    def walk(self, count: int, seconds: float) -> list[float]:
        """So many of them type for so many seconds; how long each key took."""
        self.took.clear()
        start = time.perf_counter()
        typing = self.people[:: max(1, len(self.people) // count)][:count]
        due = [(start + at / len(typing) / RATE, person) for at, person in enumerate(typing)]
        while due[0][0] < start + seconds:
            moment, person = due.pop(0)
            while (left := moment - time.perf_counter()) > 0:
                self.listen(left)
            person.walk()
            due.append((moment + 1 / RATE, person))
        self.rest(2)
        if left := sum(len(person.asked) for person in self.people):
            print(f"  {left} keys were never seen")
        return list(self.took)

    def leave(self) -> None:
        """All hang up."""
        for person in self.people:
            person.process.terminate()
            os.close(person.master)
        for person in self.people:
            person.process.wait(PATIENCE)


def floor() -> list[float]:
    """Milliseconds from the start of a client to its end, of some who come in for nothing."""
    folder = Path(tempfile.mkdtemp(prefix="rh"))
    key = Key.made(folder, "guest")
    known = folder / "known"
    known.write_text(f'restrict,pty,command="/bin/true" {key.public}')
    sshd = Sshd(folder, sshd_settings(told(known), me()))
    sshd.start()
    client = Client(sshd, [key])
    took = []
    try:
        for _ in range(FLOOR):
            began = time.perf_counter()
            client.call(client.arguments(client.to, options=["-tt"]))
            took.append((time.perf_counter() - began) * 1000)
    finally:
        sshd.stop()
        shutil.rmtree(folder)
    return took


@dataclass(frozen=True)
class Row:
    """The figures of one size."""

    sessions: int
    typing: int
    paint: list[float]
    keys: list[float]
    megabytes: float
    shim: float
    idle: float
    most: int
    quiet: int

    @property
    def line(self) -> str:
        """As a line of the table."""
        paint = at(self.paint, 0.5)
        keys = at(self.keys, 0.95)
        return (
            f"{self.sessions:8}{self.typing:7}"
            f"{_told(paint, 7, PAINT)}{at(self.paint, 0.95):7.0f}"
            f"{at(self.keys, 0.5):7.0f}{_told(keys, 7, KEY)}{at(self.keys, 0.99):7.0f}"
            f"{_told(self.megabytes, 8, MEGABYTES, 1)}{self.shim:7.1f}{_told(self.idle, 9, IDLE, 3)}"
            f"{_told(self.most, 6, self.sessions + 2)}{self.quiet:6}"
        )


def _told(figure: float, width: int, bound: float, digits: int = 0) -> str:
    """A figure, marked if it is over its bound."""
    return f"{figure:{width - 1}.{digits}f}{'!' if figure > bound else ' '}"


HEADS = (
    f"{'':15}{'paint':>14}{'key':>21}\n"
    f"{'sessions':>8}{'typing':>7}{'p50':>7}{'p95':>7}{'p50':>7}{'p95':>7}{'p99':>7}"
    f"{'MB':>8}{'+ shim':>7}{'idle %':>9}{'db':>6}{'quiet':>6}"
)


BOUNDS = (
    f"bounds: paint p50 {PAINT:.0f} ms, key p95 {KEY:.0f} ms, {MEGABYTES:.0f} MB, {IDLE} % of a core and"
    " a connection a session, two connections of the hub"
)


def at(times: list[float], share: float) -> float:
    """What this share of the times is not above."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)] if times else 0.0


def ticks(pids: list[int]) -> float:
    """Seconds of a processor that processes have used so far."""
    used = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(conninfo: str, most: int, *, merge: bool = False) -> Iterator[Path]:
    """A host process; its folder."""
    folder = Path(tempfile.mkdtemp(prefix="rh"))
    file = folder / "host.toml"
    limits = f"[limits]\nsessions = {most}\nsessions_per_person = {most}\n"
    merging = f"merge_memory = {json.dumps(merge)}\n"
    file.write_text(f'database_url = {json.dumps(conninfo)}\nrun_dir = "{folder}"\n{merging}{limits}')
    file.chmod(0o600)
    command = [sys.executable, "-I", "-m", "rhythm_tui", "host", "serve", "--as-root", "--config", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()
        try:
            yield folder
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            shutil.rmtree(folder)


@contextmanager
def sshd_before(folder: Path, conninfo: str, ids: list[int]) -> Iterator[list[Client]]:
    """An sshd that asks the hub, and a client for each key id, whose key is a new pair from now on."""
    words = [sys.executable, "-I", "-S", "-E", key_shim.__file__, str(folder / "hub.sock")]
    asks = f"{shutil.which('env')} {shlex.join([*words, str(folder / 'host.toml')])} %f %t %k"
    sshd = Sshd(folder, sshd_settings(asks, me()))
    pairs = [Key.made(folder, f"guest{id}") for id in ids]
    with psycopg.connect(conninfo) as sql:
        for id, pair in zip(ids, pairs, strict=True):
            key = parse(pair.public)
            sql.execute(
                "UPDATE ssh_keys SET fingerprint = %s, public_key = %s WHERE id = %s",
                (key.fingerprint, key.line, id),
            )
    sshd.start()
    try:
        yield [Client(sshd, [pair]) for pair in pairs]
    finally:
        sshd.stop()


def people(conninfo: str, count: int) -> list[int]:
    """So many members of the largest project, who left the app at its issue table; their keys' ids."""
    with psycopg.connect(conninfo) as sql:
        found = sql.execute(
            "SELECT id, key FROM projects JOIN issue_numbers ON project_id = id ORDER BY last"
        )
        project, key = found.fetchall()[-1]
        sql.execute(
            "INSERT INTO users (name, display_name, claimed)"
            " SELECT 'guest' || n, 'Guest ' || n, true FROM generate_series(1, %s) n ON CONFLICT DO NOTHING",
            (count,),
        )
        sql.execute(
            "INSERT INTO project_members (project_id, user_id, role) SELECT %s, id, 'member' FROM users"
            " WHERE name LIKE 'guest%%' ON CONFLICT DO NOTHING",
            (project,),
        )
        sql.execute(
            "INSERT INTO ssh_keys (user_id, name, kind, fingerprint, public_key) SELECT id, 'laptop',"
            " 'ssh-ed25519', 'SHA256:' || name, 'ssh-ed25519 AAAA' FROM users"
            " WHERE name LIKE 'guest%%' ON CONFLICT DO NOTHING"
        )
        for name, value in (("project", key), ("view", "issues")):
            sql.execute(
                "INSERT INTO notes (user_id, kind, name, value) SELECT id, 'app', %s, %s FROM users"
                " WHERE name LIKE 'guest%%' ON CONFLICT DO NOTHING",
                (name, json.dumps(value)),
            )
        keys = sql.execute("SELECT id FROM ssh_keys ORDER BY id LIMIT %s", (count,)).fetchall()
    return [int(each) for (each,) in keys]


def shims_of(folder: Path) -> list[int]:
    """The processes that stand between sshd and the sessions of a host."""
    marks = {shim.__file__.encode(), str(folder / "host.sock").encode()}
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = set((entry / "cmdline").read_bytes().split(b"\0"))
                if marks <= words:
                    found.append(int(entry.name))
    return found


def connections(sql: psycopg.Connection[tuple[object, ...]]) -> int:
    """Connections of Rhythm's programs to the database."""
    row = sql.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'rhythm'"
    ).fetchone()
    assert row is not None
    return int(str(row[0]))


def measure(
    conninfo: str, keys: list[int], count: int, seconds: float, *, merge: float, through_sshd: bool
) -> Row:
    """The figures of so many sessions; of their memory once the kernel had `merge` seconds to merge it."""
    with ExitStack() as stack:
        sql = stack.enter_context(psycopg.connect(conninfo, autocommit=True))
        sql.execute("DELETE FROM sessions WHERE kind = 'key'")  # Of those whose host was killed.
        folder = stack.enter_context(serving(conninfo, count, merge=merge > 0))
        clients = stack.enter_context(sshd_before(folder, conninfo, keys[:count])) if through_sshd else []
        crowd = Crowd(folder, keys, clients)
        paint = []
        for _ in range(count):
            person = crowd.come()
            paint.append((person.painted - person.began) * 1000)
        most = connections(sql)
        crowd.settle(3)
        crowd.rest(max(15, merge))
        quiet = connections(sql)
        told = json.loads(ask(folder / "host.sock", "status"))
        sessions = [int(each["pid"]) for each in told["sessions"]]
        children = Path(f"/proc/{told['pid']}/task/{told['pid']}/children").read_text().split()
        ours = [int(told["pid"]), *map(int, children)]
        before = ticks(ours)
        crowd.rest(seconds)
        idle = (ticks(ours) - before) / seconds / count * 100
        megabytes = sum(memory(pid) or 0 for pid in sessions) / len(sessions) / 1e6
        shims = sum(memory(pid) or 0 for pid in shims_of(folder)) / count / 1e6
        typing = max(1, count // (10 if count <= 100 else 20))
        times = crowd.walk(typing, seconds)
        most = max(most, connections(sql))
        crowd.leave()
    return Row(count, typing, paint, times, megabytes, shims, idle, most, quiet)


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", default="1,10,50,100,200", metavar="N,N")
    parser.add_argument("--issues", type=int, default=10_000, metavar="N")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="of the embedded server")
    parser.add_argument("--seconds", type=float, default=12, metavar="S", help="of quiet, and of typing")
    parser.add_argument(
        "--merge",
        type=float,
        default=0,
        metavar="S",
        help="set merge_memory, and give the kernel S seconds before memory is measured (KSM must run)",
    )
    parser.add_argument("--without-sshd", action="store_true", help="begin what sshd would begin")
    given = parser.parse_args()
    through_sshd = not given.without_sshd and SSHD is not None and os.geteuid() == 0
    sizes = [int(each) for each in given.sessions.split(",")]
    folder = given.home or home(given.issues)
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = EmbeddedServer(folder, max_connections=max(sizes) + 50)
    conninfo = server.start()
    try:
        migrate(conninfo)
        owner, _ = asyncio.run(owner_of(conninfo))
        filler.fill(conninfo, given.issues, owner=owner.id, progress=progress)
        keys = people(conninfo, max(sizes))
        print(f"{'through sshd' if through_sshd else 'without sshd'}; load {os.getloadavg()[0]:.1f} before")
        if through_sshd:
            took = floor()
            print(f"sshd alone: p50 {at(took, 0.5):.0f} ms, p95 {at(took, 0.95):.0f} ms")
        print(HEADS, flush=True)
        for count in sizes:
            row = measure(conninfo, keys, count, given.seconds, merge=given.merge, through_sshd=through_sshd)
            print(row.line, flush=True)
        print(BOUNDS)
    finally:
        server.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
