"""The secrets that open an account without a password: session tokens, access tokens, join codes.

Each is random, shown once and stored as its SHA-256, by which it is looked up: nothing that is compared
byte by byte, nothing worth stealing from a backup. Random secrets of this length need no slow hash.
"""

from __future__ import annotations

import hashlib
import re
import secrets

SESSION_PREFIX = "rhs_"
ACCESS_PREFIX = "rha_"

_TOKEN = re.compile(r"rh[sa]_[A-Za-z0-9_-]{43}")

# Without I, L, O and U: what is read aloud or copied by hand has no look-alikes (Crockford's base 32).
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans("ILO", "110")
_CODE_LENGTH = 20


def new_token(prefix: str) -> tuple[str, bytes]:
    """A token of 256 random bits, and its hash. The prefix tells people and secret scanners what it is."""
    token = prefix + secrets.token_urlsafe(32)
    return token, hashlib.sha256(token.encode()).digest()


def token_hash(token: str) -> bytes | None:
    """What is stored of a token; None if the text can't be one. White space around it does not matter."""
    token = token.strip()
    return hashlib.sha256(token.encode()).digest() if _TOKEN.fullmatch(token) else None


def new_join_code() -> tuple[str, bytes]:
    """A code of 100 random bits for a person to type (`7KQ2M-9XW4C-PZ3TB-H6RVD`), and its hash."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    shown = "-".join(code[at : at + 5] for at in range(0, _CODE_LENGTH, 5))
    return shown, hashlib.sha256(code.encode()).digest()


def code_hash(code: str) -> bytes | None:
    """What is stored of a join code; None if the text can't be one.

    Case, dashes and white space do not matter, nor whether I or L was typed for 1 and O for 0.
    """
    plain = re.sub(r"[\s-]", "", code).upper().translate(_LOOK_ALIKES)
    if len(plain) != _CODE_LENGTH or not set(plain) <= set(_LETTERS):
        return None
    return hashlib.sha256(plain.encode()).digest()
