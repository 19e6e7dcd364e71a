"""What sshd runs for every key that is offered (AuthorizedKeysCommand): asks the hub, which is warm.

    python -I -S -E key_shim.py HUB CONFIG FINGERPRINT TYPE KEY

Prints the key's line of authorized_keys, or nothing if it opens nothing. Port scanners offer keys too, so it
imports next to nothing. Where no hub answers it becomes `rhythm host keys`, which asks the database itself.
"""

import _socket
import posix
import sys

PATIENCE = 15.0
"""Seconds for the answer: more than the hub takes. sshd itself waits for two minutes (LoginGraceTime)."""

LONGEST = 20_000


NOBODY = b"key "
"""The hub's answer that a key opens nothing."""


def ask(path: str, words: list[str]) -> bytes:
    """The hub's answer; empty if there is no hub. One that is too slow, or whose queue is full, has too much
    to do: a program that asks the database itself would only give it more, so nobody is let in then.
    """
    line = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    line.settimeout(PATIENCE)
    try:
        line.connect(path)
        line.send("\0\0".join(["key", *words]).encode())
        return line.recv(LONGEST)
    except (TimeoutError, BlockingIOError):  # The second: a full queue refuses at once (connect(2), EAGAIN).
        return NOBODY
    except OSError:
        return b""
    finally:
        line.close()


def main(hub: str, config: str, *key: str) -> None:
    answer = ask(hub, list(key))
    if not answer:
        again = ["-I", "-m", "rhythm_tui", "host", "keys", "--config", config, *key]
        posix.execve(sys.executable, [sys.executable, *again], {})
    posix.write(1, answer.removeprefix(b"key "))


if __name__ == "__main__":
    main(*sys.argv[1:])
