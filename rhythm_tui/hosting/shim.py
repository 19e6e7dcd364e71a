"""The forced command of a key: hands the terminal to the resident process, which begins a session on it.

    python -I -S -E shim.py SOCKET CONFIG KEY-ID [PERSON-ID]

sshd runs the file for everybody who comes in, so it imports next to nothing and starts in a few milliseconds.
Who it is that came say the last arguments alone, which sshd took from the key that signed; PERSON-ID only
counts their sessions. What they ask for is in SSH_ORIGINAL_COMMAND. Where no resident process answers, it
becomes a session itself.

While the session runs it passes on what only the terminal's own process is told: its new sizes, Ctrl-C, and
that the line was cut. It ends with the session's exit code. Should the resident process die, or the session
crash, it leaves the terminal in order and says what happened.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import posix
import select
import sys

PATIENCE = 10.0
"""Seconds in which a resident process must have begun the session."""

GRACE_MS = 3000
"""Milliseconds that a session has to end in order once nobody keeps it any more."""

KNOWN = (b"TERM", b"COLORTERM", b"LANG", b"SSH_CONNECTION")
"""What a session is told of the line: how the client says that its terminal looks; by sshd, where it is."""

LONGEST = 200
"""Bytes of each that are passed on. A question that the socket does not take would begin a session that
nobody counts; so it fits, with the longest command that Linux passes.
"""

TIDY = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m\r"
"""Puts a terminal in order: no mouse, no pastes in brackets, the screen and the cursor that were there."""

COMMAND = b"SSH_ORIGINAL_COMMAND"

USAGE, AWAY = 2, 8


class Cut(Exception):  # noqa: N818 - what happened, no error
    """The line to the person was cut. Holds the signal that says so."""


def write(descriptor: int, text: bytes) -> None:
    _signal.alarm(3)  # The end, then: a terminal that nobody reads from may take nothing for ever.
    try:  # noqa: SIM105 - contextlib takes longer to import than all of this
        posix.write(descriptor, text)
    except OSError:
        pass  # Nobody is there to read it.


def say(words: bytes) -> None:
    """One line on stderr."""
    write(2, b"rhythm: " + words + (b"\r\n" if posix.isatty(2) else b"\n"))


def begin(path: str, key: str, person: str) -> tuple[_socket.socket | None, bytes, int | None]:
    """Hands the descriptors over. The line to the resident process (None if it is away), its answer, and the
    session's process as a descriptor, if there is one.
    """
    known = [name + b"=" + posix.environ.get(name, b"")[:LONGEST] for name in KNOWN]
    words = [b"session", key.encode(), b"\0".join([*known, b"PERSON=" + person.encode()])]
    if COMMAND in posix.environ:
        words.append(posix.environ[COMMAND])
    handed = b"".join(each.to_bytes(4, sys.byteorder) for each in (0, 1, 2))
    line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    try:
        line.settimeout(PATIENCE)
        line.connect(path)
        line.sendmsg([b"\0\0".join(words)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, handed)])
        answer, got, _, _ = line.recvmsg(4096, _socket.CMSG_SPACE(4))
    except OSError:
        answer = b""
    if not answer:
        line.close()
        return None, b"", None
    line.settimeout(None)
    return line, answer, int.from_bytes(got[0][2], sys.byteorder) if got else None


def tell(process: int, number: int) -> None:
    """Sends the session a signal."""
    try:  # noqa: SIM105
        _signal.pidfd_send_signal(process, number)
    except OSError:
        pass  # It has ended.


def size() -> "posix.terminal_size | None":
    """The size of the terminal, if there is one."""
    try:
        return posix.get_terminal_size(1)
    except OSError:
        return None


def follow(line: _socket.socket, process: int, began: "posix.terminal_size | None") -> int:
    """The exit code of the session, once it has ended; 128 and a signal's number if the line was cut. `began`
    is the terminal's size from before there was a session, which may have seen no other.
    """

    def pass_on(number: int, _: object) -> None:
        tell(process, number)

    def cut(number: int, _: object) -> None:
        raise Cut(number)

    for number in (_signal.SIGWINCH, _signal.SIGINT, _signal.SIGQUIT):
        _signal.signal(number, pass_on)
    for number in (_signal.SIGHUP, _signal.SIGTERM):
        _signal.signal(number, cut)
    if size() != began:
        tell(process, _signal.SIGWINCH)
    waiting = select.poll()
    waiting.register(line.fileno(), select.POLLIN)
    waiting.register(1, 0)  # Without a terminal no signal tells that nobody reads any more.
    try:
        if line.fileno() not in dict(waiting.poll()):
            raise Cut(_signal.SIGHUP)
        code, _, words = line.recv(4096).partition(b"\0")
        return finish(code, words) if code else abandoned(process)
    except Cut as signal:
        return 128 + int(signal.args[0])  # The resident process sees the line end, and ends the session.


def finish(code: bytes, words: bytes) -> int:
    """The exit code that the resident process gave. It has words where the session did not end by itself."""
    if words:
        tidy()
        say(words)
    return int(code)


def abandoned(process: int) -> int:
    """The resident process died: its sessions end with it."""
    waiting = select.poll()
    waiting.register(process, select.POLLIN)
    tell(process, _signal.SIGHUP)
    if not waiting.poll(GRACE_MS):
        tell(process, _signal.SIGKILL)
        waiting.poll(GRACE_MS)
    tidy()
    say(b"Rhythm's host process ended, and your session with it. What was saved is saved: connect again.")
    return AWAY


def tidy() -> None:
    """Puts the terminal in order, if there is one."""
    if posix.isatty(1):
        write(1, TIDY)


def by_itself(config: str, key: str) -> int:
    """Becomes a session."""
    kept = {name: posix.environ[name] for name in (*KNOWN, COMMAND) if name in posix.environ}
    posix.execve(sys.executable, [sys.executable, "-I", "-m", "rhythm_tui.hosting", config, key], kept)


def main(path: str, config: str, key: str, person: str = "") -> int:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    if COMMAND not in posix.environ and not (posix.isatty(0) and posix.isatty(1)):
        say(b"The app needs a terminal: connect with `ssh -t`, or name a command, such as `issue list`.")
        return USAGE
    began = size()
    line, answer, process = begin(path, key, person)
    if line is None:
        return by_itself(config, key)
    if process is None:  # It refused.
        code, _, words = answer.partition(b"\0")
        return finish(code, words)
    return follow(line, process, began)


if __name__ == "__main__":
    posix._exit(main(*sys.argv[1:]))
