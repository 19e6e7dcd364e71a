"""A public key of OpenSSH as one line: `ssh-ed25519 AAAAC3... ada@laptop`.

Pure. The line's binary part is read, not only believed: a key that sshd would refuse, or that is too weak,
is refused here in words. Format: RFC 4253 section 6.6, RFC 5656, RFC 8709, and OpenSSH's PROTOCOL.u2f.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error
from typing import NamedTuple

from rhythm_domain.errors import Invalid
from rhythm_domain.text import shown

LEAST_RSA_BITS = 3072
"""NIST SP 800-57 part 1: 128 bits of security, as the curves have."""

LONGEST = 4000
"""Characters of the base64 part; the longest key that is accepted, of RSA with 16,384 bits, has 2,800."""

KINDS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)

_CURVE_BYTES = {"nistp256": 65, "nistp384": 97, "nistp521": 133}
_LOOKS_LIKE_A_KIND = re.compile(r"(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+")


class PublicKey(NamedTuple):
    """A key that may be used: its kind, its base64 part, its comment, and its fingerprint as ssh shows it."""

    kind: str
    body: str
    comment: str
    fingerprint: str

    @property
    def line(self) -> str:
        """The key without its comment, as authorized_keys has it."""
        return f"{self.kind} {self.body}"


def parse(line: str) -> PublicKey:
    """Reads a line of a `.pub` file. Raises `Invalid` (field `key`) with the reason."""
    kind, _, rest = line.strip().partition(" ")
    body, _, comment = rest.strip().partition(" ")
    if "PRIVATE KEY" in line:
        raise _refused("This is a private key.", "Keep it to yourself and give the `.pub` file beside it.")
    if "\n" in line.strip() or not _LOOKS_LIKE_A_KIND.fullmatch(kind):
        raise _refused(
            "A public key is one line that begins with its type.",
            "Give the contents of a file such as ~/.ssh/id_ed25519.pub, without options before the type.",
        )
    if len(body) > LONGEST:
        raise _refused("This is too long for a public key.", "Give the contents of a `.pub` file.")
    if kind not in KINDS:
        raise _refused(
            f"Keys of the type {shown(kind)} are not accepted.",
            "Make one with `ssh-keygen -t ed25519`.",
        )
    try:
        blob = b64decode(body, validate=True)
        if not _fits(kind, fields(blob)):
            raise ValueError(kind)
    except (Error, ValueError) as error:
        raise _refused("The key is damaged: it is not what its type says.", "Copy the whole line.") from error
    digest = b64encode(hashlib.sha256(blob).digest()).rstrip(b"=").decode()
    return PublicKey(kind, b64encode(blob).decode(), comment.strip(), f"SHA256:{digest}")


def _refused(message: str, hint: str) -> Invalid:
    return Invalid(message, field="key", hint=hint)


def fields(blob: bytes) -> list[bytes]:
    """The strings of a blob, each behind its length. Raises `ValueError` if they do not fill it exactly."""
    fields = []
    while blob:
        size = int.from_bytes(blob[:4])
        if len(blob) < 4 + size:
            raise ValueError("cut off")
        fields.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return fields


def _fits(kind: str, fields: list[bytes]) -> bool:
    """Whether the fields are those of the kind. Raises `Invalid` for an RSA key that is too short."""
    match kind, fields:
        case "ssh-rsa", [b"ssh-rsa", exponent, modulus]:
            bits = int.from_bytes(modulus).bit_length()
            if bits < LEAST_RSA_BITS:
                raise _refused(
                    f"An RSA key of {bits} bits is too short; at least {LEAST_RSA_BITS} are needed.",
                    "Make a better one with `ssh-keygen -t ed25519`.",
                )
            return bits <= 16384 and int.from_bytes(exponent) > 2
        case "ssh-ed25519", [b"ssh-ed25519", key]:
            return len(key) == 32
        case "sk-ssh-ed25519@openssh.com", [name, key, _application]:
            return name == kind.encode() and len(key) == 32
        case "sk-ecdsa-sha2-nistp256@openssh.com", [name, b"nistp256", point, _application]:
            return name == kind.encode() and len(point) == _CURVE_BYTES["nistp256"]
        case _, [name, curve, point] if kind.startswith("ecdsa-"):
            known = kind.rpartition("-")[2]
            return (name, curve, len(point)) == (kind.encode(), known.encode(), _CURVE_BYTES[known])
        case _:
            return False
