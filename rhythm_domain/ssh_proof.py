"""A proof that somebody has the private half of a key: their name, signed by it.

    echo ada | ssh-keygen -Y sign -n rhythm -f ~/.ssh/id_ed25519

A public key is no secret. Whoever could add another's to their own account would have its owner come in as
somebody else, and keep them from adding it. Format: OpenSSH's PROTOCOL.sshsig; ssh-keygen checks it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from binascii import Error

from rhythm_domain import ssh_keys
from rhythm_domain.errors import Invalid
from rhythm_domain.ssh_keys import PublicKey

NAMESPACE = "rhythm"
"""What it is signed for: no signature of a commit or a file is one of these."""

BEGIN = "-----BEGIN SSH SIGNATURE-----"
END = "-----END SSH SIGNATURE-----"

_MAGIC = b"SSHSIG\0\0\0\1"
_PATH = "/usr/bin:/bin:/usr/local/bin"
_PATIENCE = 10.0


def looks_signed(text: str) -> bool:
    """Whether a text is such a proof, and no public key."""
    return text.lstrip().startswith(BEGIN)


def how(name: str) -> str:
    """What a person runs at their own machine to add a key over SSH."""
    return f"echo {name} | ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/KEY | ssh HOST ssh-key add -"


async def proven(text: str, name: str) -> PublicKey:
    """The key that signed a person's name. Raises `Invalid` (field `key`) if none did, or too weak a one."""
    key = _signer(text)
    said = await asyncio.to_thread(_checked, text, f"{name}\n")
    if f" {key.fingerprint}" not in said:
        raise Invalid(
            "The signature is not one of your name.", field="key", hint=f"On your machine: `{how(name)}`"
        )
    return key


def _signer(text: str) -> PublicKey:
    """The key that a signature says it is by."""
    head, _, rest = text.strip().partition("\n")
    body, _, end = rest.rpartition("\n")
    try:
        if (head.strip(), end.strip()) != (BEGIN, END):
            raise ValueError("no frame")
        blob = b64decode("".join(body.split()), validate=True)
        if not blob.startswith(_MAGIC):
            raise ValueError("no signature")
        public = ssh_keys.fields(blob[len(_MAGIC) :])[0]
        kind = ssh_keys.fields(public)[0].decode("ascii")
    except (Error, ValueError, IndexError) as error:
        raise Invalid("The signature is damaged.", field="key", hint="Pipe it as it is.") from error
    return ssh_keys.parse(f"{kind} {b64encode(public).decode()}")


def _checked(signature: str, message: str) -> str:
    """What ssh-keygen says of a signature; empty if it is no good one."""
    program = shutil.which("ssh-keygen", path=_PATH)
    if program is None:
        raise Invalid(
            "There is no ssh-keygen here to check signatures by.",
            field="key",
            hint="An administrator can add your key.",
        )
    held = os.memfd_create("signature")
    try:
        os.write(held, signature.strip().encode() + b"\n")
        done = subprocess.run(  # noqa: S603 - the system's own program
            [program, "-Y", "check-novalidate", "-n", NAMESPACE, "-s", f"/proc/self/fd/{held}"],
            input=message,
            capture_output=True,
            text=True,
            env={"PATH": _PATH},
            pass_fds=(held,),
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    finally:
        os.close(held)
    return done.stdout if done.returncode == 0 else ""
