"""Passwords: which are refused, and argon2id with the library's own parameters.

A hash takes a large part of a second and 64 MiB, so it runs in one of two threads, never on the event loop.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rhythm_domain.errors import Invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 8, 1024
"""Bytes of UTF-8 after NFC. Eight is the least that NIST SP 800-63B allows; the other bounds the work."""

T = TypeVar("T")

_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")

_PATTERN_LENGTH = 16
"""Up to this many characters, a repetition or a walk over the keyboard is guessed at once."""

_WALKS = (
    "0123456789012345678",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qazwsxedcrfvtgbyhnujmik",
    "!@#$%^&*()_+",
)

_AS_LETTERS = str.maketrans("@4310$57", "aaeiosst")


def check(password: str, *, name: str = "") -> None:
    """Raises `Invalid` (field `password`) for a password that nobody should have.

    Refused are less than 8 and more than 1,024 bytes (UTF-8 after NFC), the person's own name, common
    passwords, and short repetitions and walks over the keyboard.
    """
    size = len(_bytes(password))
    if size < SHORTEST:
        raise _refused("is too short", f"Use at least {SHORTEST} characters; four unrelated words are good.")
    if size > LONGEST:
        raise _refused("is too long", f"Use at most {LONGEST:,} bytes.")
    plain = unicodedata.normalize("NFC", password).strip().casefold()
    if name and plain == name.casefold():
        raise _refused("is the name of the account", "Four unrelated words are good.")
    if _common(plain):
        raise _refused("is one of those that are tried first", "Four unrelated words are good.")


def _refused(what: str, hint: str) -> Invalid:
    return Invalid(f"This password {what}.", field="password", hint=hint)


def _common(plain: str) -> bool:
    if len(plain) <= _PATTERN_LENGTH and (_walks(plain) or _repeats(plain)):
        return True
    return any(_is_word(spelling) for spelling in (plain, plain.translate(_AS_LETTERS)))


def _walks(plain: str) -> bool:
    """Whether it is one or two stretches of neighbouring keys or letters, in either direction."""

    def walk(stretch: str) -> bool:
        return any(stretch in keys or stretch[::-1] in keys for keys in _WALKS)

    return any(walk(plain[:at]) and walk(plain[at:]) for at in range(len(plain)))


def _repeats(plain: str) -> bool:
    """Whether at most four characters are repeated."""
    return re.fullmatch(r"(.{1,4}?)\1+.{0,3}", plain) is not None


def _is_word(plain: str) -> bool:
    """Whether nothing is left but a common word once digits and punctuation around it are taken off."""
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    core = re.sub(r"^(.+)\1$", r"\1", core)
    return core in _words() and len(plain) - len(core) <= max(len(core), 6)


@cache
def _words() -> frozenset[str]:
    """What people choose first: common_passwords.txt, one a line."""
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="ascii").split())


async def hash(password: str) -> str:
    """The argon2id hash of a password."""
    return await _in_thread(lambda: _hasher().hash(_bytes(password)))


async def verify(password: str, hashed: str | None) -> bool:
    """Whether a password is the hashed one. Without a hash the answer is no, after the same work."""

    def compare() -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        given = _bytes(password)[: LONGEST + 1]
        try:
            return _hasher().verify(hashed or _nobodys_hash(), given)
        except (VerificationError, InvalidHashError):
            return False

    return await _in_thread(compare)


def outdated(hashed: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(hashed)


def _bytes(password: str) -> bytes:
    """As it is measured and hashed: NFC, so that every keyboard's é is the same.

    NFC makes one character of at most four, in a time that grows with the square of a run of marks: of more
    than can be allowed, no more is looked at than shows that it is too much.
    """
    try:
        return unicodedata.normalize("NFC", password[: 4 * LONGEST + 4]).encode()
    except UnicodeEncodeError as error:
        raise _refused("has half a character (a lone surrogate)", "Type it again.") from error


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


def _nobodys_hash() -> str:
    """A hash that no password has and that costs as much to compare with as a real one."""
    use = _hasher()
    salt, digest = (b64encode(bytes(size)).rstrip(b"=").decode() for size in (use.salt_len, use.hash_len))
    return f"$argon2id$v=19$m={use.memory_cost},t={use.time_cost},p={use.parallelism}${salt}${digest}"
