"""What sshd asks before anything is signed: whose is this key, and what may be done with it.

    restrict,pty,command="PYTHON -I -m rhythm_tui.hosting CONFIG KEY-ID" ssh-ed25519 AAAA...

The forced command names the key: which of several offered keys signed, sshd alone knows. `restrict` takes all
else away (forwarding, agent, X11, rc files) and `pty` gives the terminal back.
"""

from __future__ import annotations

import shlex
import sys

from rhythm_domain import ssh_keys
from rhythm_domain.errors import Invalid
from rhythm_domain.models import SshKey
from rhythm_domain.session import Tracker
from rhythm_tui.hosting.settings import Host


def line(key: SshKey, host: Host) -> str:
    """A key as authorized_keys has it, with all that it may do."""
    command = shlex.join([sys.executable, "-I", "-m", "rhythm_tui.hosting", str(host.file), str(key.id)])
    quoted = command.replace("\\", "\\\\").replace('"', '\\"')
    return f'restrict,pty,command="{quoted}" {key.public_key}'


async def look_up(host: Host, fingerprint: str, kind: str, body: str) -> str | None:
    """The line of a key that opens the account of somebody active; None for any other.

    What is asked is sshd's %f, %t and %k, which fit together; what does not is nobody's key.
    """
    try:
        asked = ssh_keys.parse(f"{kind} {body}")
    except Invalid:
        return None
    if asked.fingerprint != fingerprint:
        return None
    settings = host.settings
    async with Tracker.open(settings.database_url or "", pooler=settings.pooler, discreet=True) as tracker:
        key = await tracker.accounts.key(fingerprint)
    return line(key, host) if key is not None and key.public_key == asked.line else None
