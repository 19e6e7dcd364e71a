"""What else an SSH client can ask for: files, forwarding, agents, X11. None of it is there."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rhythm_tui.hosting.install import SINCE_9_2
from tests.hosting.conftest import Host
from tests.hosting.sshd import told


@pytest.fixture
def asks(folder: Path) -> str:
    """It is told of all keys: here it is not the question whose they are."""
    return told(folder / "known")


@pytest.mark.parametrize("program", [["scp"], ["scp", "-O"], ["sftp"]], ids=" ".join)
async def test_no_file_goes_either_way(host: Host, program: list[str]) -> None:
    """By the old protocol and by the new one."""
    mia = await host.person(host.team.member)
    secret, stolen, planted = host.folder / "secret", host.folder / "stolen", host.folder / "planted"
    secret.write_text("not yours")
    name, *options = program
    mia.sshd.folder.joinpath("batch").write_text(f'get "{secret}" "{stolen}"\nput "{secret}" "{planted}"\n')
    there = f"{mia.to}:'{secret}'"
    if name == "sftp":
        tries: list[Sequence[str]] = [
            mia.arguments(mia.to, program=name, options=["-b", str(host.folder / "batch")])
        ]
    else:
        tries = [
            mia.arguments(there, str(stolen), program=name, options=options),
            mia.arguments(str(secret), f"{mia.to}:'{planted}'", program=name, options=options),
        ]
    for words in tries:
        done = mia.call(words)
        assert done.returncode != 0
    assert not stolen.exists()
    assert not planted.exists()


def listening() -> socket.socket:
    """A service of the machine's that only it itself can reach."""
    service = socket.create_server(("127.0.0.1", 0))
    service.settimeout(1)
    return service


async def test_who_asks_for_nothing_is_shown_out(host: Host) -> None:
    """A line that nobody uses is counted by no limit of sessions."""
    if SINCE_9_2 not in host.sshd.snippet:
        pytest.skip("this sshd is older than 9.2")
    mia = await host.person(host.team.member)
    host.sshd.stop()
    host.sshd.snippet = host.sshd.snippet.replace(SINCE_9_2, SINCE_9_2.replace("60", "1"))
    host.sshd.start()
    assert mia.call(mia.arguments("-N", mia.to)).returncode == 255
    assert "terminating inactive connection" in host.sshd.log


async def test_nothing_is_forwarded(host: Host) -> None:
    """Neither from the client's side nor from the host's, to no port and no socket."""
    mia = await host.person(host.team.member)
    with listening() as service:
        port = service.getsockname()[1]
        done = mia.call(mia.arguments("-W", f"127.0.0.1:{port}", mia.to))
        assert (done.returncode, done.stdout) == (255, "")
        with pytest.raises(TimeoutError):
            service.accept()
    for back in ("0:127.0.0.1:9", f"{host.folder}/socket:127.0.0.1:9"):
        options = ["-o", "ExitOnForwardFailure=yes", "-R", back]
        assert mia.call(mia.arguments("-N", mia.to, options=options)).returncode == 255
    assert not (host.folder / "socket").exists()


@pytest.fixture
def agent() -> Iterator[str]:
    """The socket of an agent of the client's."""
    said = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    found = dict(re.findall(r"(SSH_\w+)=([^;]+);", said))
    yield found["SSH_AUTH_SOCK"]
    os.kill(int(found["SSH_AGENT_PID"]), signal.SIGTERM)


async def test_no_agent_and_no_screen_of_the_client_is_reached(host: Host, agent: str) -> None:
    """They would be there for whoever else is on the host: a session is begun without."""
    mia = await host.person(host.team.member)
    mia.env = {"SSH_AUTH_SOCK": agent, "DISPLAY": "127.0.0.1:99"}
    mia.options = ["-A", "-X"]
    with mia.open() as seat:
        seat.sees("Project CORE")
        (session,) = host.sessions()
        names = environment(session)
        assert names <= {"TERM", "COLORTERM", "LANG", "PATH", "HOME", "SSH_CONNECTION"}
        seat.press("\x11")
        assert seat.ended() == 0


def environment(pid: int) -> set[str]:
    """The names of the variables that a process was begun with."""
    given = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return {each.partition("=")[0] for each in given if each}
