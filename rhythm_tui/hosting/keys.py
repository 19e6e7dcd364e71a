"""What sshd asks before anything is signed: whose is this key, and what may be done with it.

    restrict,pty,command="PYTHON -I -S -E .../shim.py SOCKET CONFIG KEY-ID PERSON-ID" ssh-ed25519 AAAA...

The forced command names the key: which of several offered keys signed, sshd alone knows. `restrict` takes all
else away (forwarding, agent, X11, rc files) and `pty` gives the terminal back.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from rhythm_domain import ssh_keys
from rhythm_domain.errors import Invalid
from rhythm_domain.models.access import SshKey
from rhythm_domain.session import Tracker
from rhythm_tui.hosting.settings import Host

SHIM = Path(__file__).with_name("shim.py")


def line(key: SshKey, host: Host) -> str:
    """A key as authorized_keys has it, with all that it may do."""
    words = (sys.executable, "-I", "-S", "-E", SHIM, host.socket, host.file, key.id, key.user_id)
    command = shlex.join(map(str, words))
    quoted = command.replace("\\", "\\\\").replace('"', '\\"')
    return f'restrict,pty,command="{quoted}" {key.public_key}'


async def look_up(tracker: Tracker, host: Host, fingerprint: str, kind: str, body: str) -> str | None:
    """The line of a key that opens the account of somebody active; None for any other.

    What is asked is sshd's %f, %t and %k, which fit together; what does not is nobody's key.
    """
    try:
        asked = ssh_keys.parse(f"{kind} {body}")
    except Invalid:
        return None
    if asked.fingerprint != fingerprint:
        return None
    key = await tracker.accounts.key(fingerprint)
    return line(key, host) if key is not None and key.public_key == asked.line else None
