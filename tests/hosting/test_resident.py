"""The resident process, its shims, and sessions that go wrong, without a tracker behind them."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.hosting.driver import Host, environment, resident, until
from tests.servers import alive
from tests.tui.seat import PATIENCE, Seat


@pytest.fixture
def host() -> Iterator[Host]:
    with resident() as made:
        yield made


@pytest.fixture
def spare() -> Iterator[Host]:
    """A host at which one session more waits for who comes."""
    with resident(spare=True) as made:
        yield made


def waiting(host: Host) -> int:
    """The process of the session that waits, once it does."""
    until(lambda: host.status["spare"], "a spare session")
    open_ones = {each["pid"] for each in host.sessions()}
    pid = host.process.pid
    (waits,) = {*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())} - open_ones
    return waits


def pid_of(host: Host) -> int:
    (session,) = host.sessions()
    return int(session["pid"])


# What a session is given ---------------------------------------------------------------------------------


def test_a_session_has_the_terminal_and_its_keys(host: Host) -> None:
    with host.terminal(size=(81, 25)) as seat:
        seat.sees("[key 7 on xterm-256color 81x25]")
        seat.press("a")
        seat.sees("<a>")
        seat.press("q")
        assert seat.ended() == 0


def test_no_other_of_the_account_looks_into_its_memory(host: Host) -> None:
    """All sessions are of one account; the kernel lets none trace another (PR_SET_DUMPABLE)."""
    assert host.run("secrecy") == (0, "0\n", "")


def test_a_new_size_reaches_it(host: Host) -> None:
    with host.terminal() as seat:
        seat.sees("100x30")
        resize(seat.master, 93, 31)
        seat.sees("93x31")


RESIZED = """
import os, signal, socket, sys
from rhythm_tui.hosting import shim
ours, theirs = socket.socketpair()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
if (pid := os.fork()) == 0:
    signal.sigwait({signal.SIGWINCH})
    theirs.send(b"5\\0")
    os._exit(0)
sys.exit(shim.follow(ours, os.pidfd_open(pid), os.terminal_size((1, 1))))
"""


def test_a_new_size_reaches_it_while_it_begins() -> None:
    with Seat(["-c", RESIZED], environment(None)) as seat:
        assert seat.ended() == 5


def resize(descriptor: int, width: int, height: int) -> None:
    """As sshd does when the client's window changed."""
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


@pytest.mark.parametrize("code", [0, 1, 7, 141])
def test_it_ends_with_the_sessions_exit_code(host: Host, code: int) -> None:
    assert host.run(f"exit {code}") == (code, "said\n", "")


def test_a_command_reads_what_is_piped_to_it(host: Host) -> None:
    assert host.run("copy", said="ada\nlin\n") == (0, "ADA\nLIN\n", "")


def test_a_session_knows_nothing_of_where_it_runs(host: Host) -> None:
    """Neither what the client's environment says nor the resident process's; no descriptor of others."""
    with host.terminal() as other:
        other.sees("key 7")
        environ = json.loads(host.run("environment")[1])
        assert environ["TERM"] == "xterm-256color"
        assert set(environ) <= {"TERM", "COLORTERM", "LANG", "HOME", "PATH"}
        assert host.run("descriptors")[1] == "0 1 2\n"


def test_no_length_of_what_is_said_leads_past_it(host: Host) -> None:
    """A session of its own would be counted by nobody."""
    command = f"environment {'y' * 120_000}"
    given = {**environment(command), **dict.fromkeys(("TERM", "COLORTERM", "LANG"), "x" * 120_000)}
    done = subprocess.run(
        [sys.executable, *host.command(7)], env=given, capture_output=True, check=False, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert set(json.loads(done.stdout)) <= {"HOME", "PATH"}


def test_nobody_else_on_the_machine_writes_to_the_terminal(host: Host) -> None:
    """sshd gives it to the group tty, as who write(1) writes."""
    ends = os.openpty()
    os.fchmod(ends[1], 0o620)
    line, told = [sys.executable, *host.command(7)], environment("wait")
    with subprocess.Popen(line, env=told, stdin=ends[1], stdout=ends[1], stderr=ends[1]) as process:
        until(lambda: os.fstat(ends[1]).st_mode & 0o777 == 0o600, "a terminal of one's own")
        process.kill()
    for end in ends:
        os.close(end)


def test_without_a_terminal_and_without_a_command_there_is_nothing_to_do(host: Host) -> None:
    code, out, err = host.run(None)
    assert (code, out) == (2, "")
    assert "needs a terminal" in err
    assert not host.sessions()


def test_who_comes_is_given_the_session_that_waits(spare: Host) -> None:
    """It is as any other; another waits then. Where none does, as one was killed, one begins as ever."""
    waits = waiting(spare)
    with spare.terminal(size=(81, 25)) as seat:
        seat.sees("[key 7 on xterm-256color 81x25]")
        assert pid_of(spare) == waits
        resize(seat.master, 93, 31)
        seat.sees("93x31")
        seat.press("q")
        assert seat.ended() == 0
    for command, out in (("descriptors", "0 1 2\n"), ("copy", "ADA\n"), ("secrecy", "0\n")):
        waiting(spare)
        assert spare.run(command, said="ada\n") == (0, out, "")
    waiting(spare)
    assert spare.run("exit 7") == (7, "said\n", "")
    os.kill(waiting(spare), signal.SIGKILL)
    assert spare.run("exit 3") == (3, "said\n", "")


def test_the_session_that_waits_ends_with_the_resident_process(spare: Host) -> None:
    waits = waiting(spare)
    spare.process.terminate()
    assert spare.process.wait(PATIENCE) == 0
    assert not alive(waits)


# What goes wrong in one touches no other -----------------------------------------------------------------


def test_a_crash_is_told_and_touches_nobody_else(host: Host) -> None:
    with host.terminal() as other:
        other.sees("key 7")
        code, _, err = host.run("abort")
        assert code == 128 + signal.SIGABRT
        assert "SIGABRT" in err
        code, out, err = host.run("raise s3cret")
        assert code == 1
        assert "KeyError" in err
        assert "s3cret" not in out + err
        other.press("x")
        other.sees("<x>")


def test_a_crashed_session_leaves_the_terminal_in_order(host: Host) -> None:
    with host.terminal() as seat:
        seat.sees("key 7")
        os.kill(pid_of(host), signal.SIGSEGV)
        assert seat.ended() == 128 + signal.SIGSEGV
        assert b"\x1b[?1049l" in seat.output
        assert b"\x1b[?25h" in seat.output
        assert "SIGSEGV" in seat.text


def test_a_hog_slows_nobody_down_for_long(host: Host) -> None:
    with host.pipes("hog") as hog, host.terminal() as other:
        assert hog.stdout is not None
        assert hog.stdout.readline() == "hogging\n"
        other.sees("key 7")
        other.press("x")
        other.sees("<x>")
        assert host.run("exit 3")[0] == 3
        hog.kill()
    until(lambda: len(host.sessions()) <= 1, "the end of the hog, who heard no hangup")


# The line is cut -----------------------------------------------------------------------------------------


def test_a_cut_line_ends_the_session(host: Host) -> None:
    with host.terminal() as seat:
        seat.sees("key 7")
        pid = pid_of(host)
        seat.cut()
        until(lambda: not alive(pid), "the end of the session")
        assert seat.process.wait(PATIENCE) in (128 + signal.SIGHUP, -signal.SIGHUP)
        until(lambda: not host.sessions(), "that it is known")


def test_a_shim_that_is_killed_takes_its_session_along(host: Host) -> None:
    with host.terminal() as seat:
        seat.sees("key 7")
        pid = pid_of(host)
        seat.process.kill()
        until(lambda: not alive(pid), "the end of the session")
        seat.sees("[hung up]")


@pytest.mark.parametrize("command", ["wait", "flood"])
def test_a_reader_who_left_ends_a_command(host: Host, command: str) -> None:
    """Without a terminal there is no hangup: the shim sees that nobody reads."""
    with host.pipes(command) as process:
        until(host.sessions, "the session")
        pid = pid_of(host)
        assert process.stdout is not None
        process.stdout.close()
        process.wait(PATIENCE)
        until(lambda: not alive(pid), "the end of the session")


def test_ctrl_c_reaches_the_command(host: Host) -> None:
    with host.terminal("wait") as seat:
        seat.sees("waiting")
        until(lambda: catches(seat.process.pid, signal.SIGINT), "that the shim passes it on")
        seat.press("\x03")
        assert seat.ended() == 1
        assert "KeyboardInterrupt" in seat.text


def catches(pid: int, number: int) -> bool:
    """Whether a process does something when a signal comes."""
    caught = re.findall(r"SigCgt:\t(\w+)", Path(f"/proc/{pid}/status").read_text())
    return bool(int(caught[0], 16) >> (number - 1) & 1)


def test_a_storm_of_those_who_come_and_go_leaves_nothing_behind(host: Host) -> None:
    """They say nothing, or nonsense, or are gone before their session is there, or it is killed meanwhile."""
    none = os.open(os.devnull, os.O_RDWR)
    wait = b"session\0\0" + b"7\0\0PERSON=\0\0wait"
    before = descriptors(host)
    for number in range(60):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
            line.connect(str(host.socket))
            if number % 3 == 1:
                line.send(b"nonsense\0\0" * 20)
            elif number % 3 == 2:
                socket.send_fds(line, [wait], [none, none, none])
                if number % 2:
                    assert line.recv(100) == b"begun"
                    for each in host.sessions():
                        with suppress(ProcessLookupError):
                            os.kill(each["pid"], signal.SIGKILL)
    os.close(none)
    until(lambda: not host.sessions(), "the end of all sessions")
    until(lambda: descriptors(host) == before, "as many descriptors as before")
    assert host.run("exit 3")[0] == 3


def descriptors(host: Host) -> int:
    """How many the resident process has."""
    return len(list(Path(f"/proc/{host.process.pid}/fd").iterdir()))


# Limits --------------------------------------------------------------------------------------------------


def test_no_more_sessions_than_may_be() -> None:
    with (
        resident(sessions=3, sessions_per_person=2) as host,
        host.pipes("wait", key=1),
        host.pipes("wait", key=101),
    ):
        until(lambda: len(host.sessions()) == 2, "two sessions, by two keys of one person")
        code, _, err = host.run("exit 0", key=1)
        assert code == 8
        assert "You have 2 sessions open" in err
        with host.pipes("wait", key=2):
            until(lambda: len(host.sessions()) == 3, "three sessions")
            code, _, err = host.run("exit 0", key=3)
            assert code == 8
            assert "Rhythm is full" in err
            assert [each["key"] for each in host.status["refusals"]] == [1, 3]
            for each in host.sessions():
                os.kill(each["pid"], signal.SIGKILL)
        until(lambda: not host.sessions(), "the end of all")
        assert host.run("exit 0", key=3)[0] == 0


def test_a_session_that_lasts_too_long_is_closed() -> None:
    with resident(absolute=0.5) as host, host.terminal() as seat:
        assert seat.ended() == 129
        assert "as long as one may be" in seat.text


def test_a_session_at_which_nothing_is_typed_is_closed() -> None:
    with resident(idle=0.5) as host, host.terminal() as seat:
        assert seat.ended() == 129
        assert "Nothing was typed" in seat.text


def test_who_does_not_end_when_asked_is_ended() -> None:
    with resident(grace=0.3) as host, host.pipes("hog") as hog:
        assert hog.stdout is not None
        assert hog.stdout.readline() == "hogging\n"
        host.process.terminate()
        _, err = hog.communicate(timeout=PATIENCE)
        assert hog.returncode == 128 + signal.SIGKILL
        assert "host stopped" in err


# The resident process ends -------------------------------------------------------------------------------


def test_killed_it_takes_its_sessions_along_and_leaves_terminals_in_order(host: Host) -> None:
    with host.terminal() as seat, host.pipes("hog") as hog:
        seat.sees("key 7")
        until(lambda: len(host.sessions()) == 2, "two sessions")
        pids = [int(each["pid"]) for each in host.sessions()]
        host.process.kill()
        assert seat.ended() == 8
        assert "[hung up]" in seat.text
        assert "connect again" in seat.text
        assert b"\x1b[?1049l" in seat.output
        assert hog.wait(PATIENCE) == 8
        until(lambda: not any(map(alive, pids)), "the end of both")


def test_asked_to_stop_it_asks_its_sessions_to_end(host: Host) -> None:
    with host.terminal() as seat:
        seat.sees("key 7")
        host.process.terminate()
        assert seat.ended() == 129
        assert "[hung up]" in seat.text
        assert "host stopped" in seat.text
        assert host.process.wait(PATIENCE) == 0


def test_drained_it_ends_with_its_last_session(host: Host) -> None:
    with host.terminal() as seat:
        seat.sees("key 7")
        host.process.send_signal(signal.SIGHUP)
        until(lambda: not listens(host), "that nobody is let in")
        assert host.process.poll() is None
        seat.press("x")
        seat.sees("<x>")
        seat.press("q")
        assert seat.ended() == 0
        assert host.process.wait(PATIENCE) == 0


def listens(host: Host) -> bool:
    lines = Path("/proc/net/unix").read_text().splitlines()
    return any(line.endswith(str(host.socket)) and line.split()[3] == "00010000" for line in lines)


def test_idle_it_does_nothing(host: Host) -> None:
    """No wake-up, no work, but for the look after limits."""
    with host.terminal() as seat:
        seat.sees("key 7")
        before = ticks(host.process.pid)
        time.sleep(1)
        assert ticks(host.process.pid) - before <= 2


FORKED = """
import os, signal, time
from rhythm_tui.hosting import worker
from rhythm_tui.hosting.loop import Loop
loop, (sent, told) = Loop(), os.pipe()
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    loop.on_signal(number, lambda: print("heard"))
resident, pid = os.getpid(), worker.fork()
if pid == 0:
    os.read(sent, 1)
    worker.leave(resident, signal.SIGHUP)
    time.sleep(600)
for number in (signal.SIGINT, signal.SIGHUP):
    os.kill(pid, number)
os.write(told, b"!")
print("ended by", -os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
loop.after(0, lambda: setattr(loop, "stopped", True))
loop.run()
"""


def test_what_is_sent_to_a_session_that_just_begins_is_not_heard_by_the_host() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert (done.stdout, done.stderr) == (f"ended by {signal.SIGHUP}\n", "")


def ticks(pid: int) -> int:
    """Hundredths of a second that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
