"""Passwords, tokens, join codes and public keys: what is refused, and what a hash gives away."""

from __future__ import annotations

import asyncio
import base64
import time
import unicodedata
from contextlib import suppress

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain import credentials, passwords, ssh_keys
from rhythm_domain.errors import Invalid
from rhythm_domain.services.throttle import FROM_ONE_SOURCE, Pace

GOOD = "correct horse battery staple"


@pytest.mark.parametrize("password", [GOOD, "tr0ub4dor&3", "éèêë", "x7$kQ9!m", "ünïcödé!", GOOD * 30])
def test_a_password_that_is_long_enough_and_not_common_is_fine(password: str) -> None:
    """Length counts in bytes: four accented letters are eight."""
    passwords.check(password, name="ada")


@pytest.mark.parametrize(
    "password",
    [
        "password", "Password1", "P@ssw0rd!", "passwordpassword", "12345678", "87654321", "qwertyuiop",
        "qwerty123", "1q2w3e4r", "1qaz2wsx", "aaaaaaaa", "abcabcabc", "abcd1234", "iloveyou", "letmein!",
        "Summer2026!", "admin123", "asdfghjkl", "changeme1",
    ],
)  # fmt: skip
def test_common_passwords_are_refused(password: str) -> None:
    """Also dressed up with digits, capitals and look-alikes."""
    with pytest.raises(Invalid, match="tried first") as refused:
        passwords.check(password)
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("x7$kQ9!", "short"),
        ("", "short"),
        (GOOD * 40, "long"),
        ("Augusta.King", "name"),
        ("\ud800" * 8, "half"),
    ],
)
def test_a_refusal_says_why(password: str, reason: str) -> None:
    """Too short, too long, the name of the account, no text at all."""
    with pytest.raises(Invalid, match=reason) as refused:
        passwords.check(password, name="augusta.king")
    assert refused.value.hint


def test_the_bounds_are_8_and_1024_bytes() -> None:
    """Both ends are in."""
    passwords.check("x7$kQ9!m")
    text = "correct horse battery staple! " * 40
    passwords.check(text[:1024])
    with pytest.raises(Invalid, match="long"):
        passwords.check(text[:1025])


async def test_a_hash_is_argon2id_with_the_librarys_parameters() -> None:
    """Which is what decides whether it is outdated."""
    hashed = await passwords.hash(GOOD)
    assert hashed.startswith("$argon2id$")
    assert await passwords.verify(GOOD, hashed)
    assert not await passwords.verify(GOOD + "!", hashed)
    assert not passwords.outdated(hashed)
    assert passwords.outdated(PasswordHasher(time_cost=1, memory_cost=64).hash(GOOD))


async def test_every_keyboards_accents_are_the_same() -> None:
    """A composed é and an e with its accent hash alike."""
    composed = "café de la gare"
    hashed = await passwords.hash(composed)
    assert await passwords.verify(unicodedata.normalize("NFD", composed), hashed)


async def test_nobodys_password_takes_as_long_and_is_never_right() -> None:
    """Without a hash the same work is done: at least a third of a real comparison's time."""
    hashed = await passwords.hash(GOOD)

    async def lasted(against: str | None) -> float:
        began = time.perf_counter()
        assert not await passwords.verify("", against)
        return time.perf_counter() - began

    real = min([await lasted(hashed) for _ in range(3)])
    nobody = min([await lasted(None) for _ in range(3)])
    assert real / 3 < nobody < real * 3


async def test_a_damaged_hash_is_nobodys() -> None:
    """It opens nothing and breaks nothing."""
    assert not await passwords.verify(GOOD, "not a hash")


async def test_hashing_leaves_the_event_loop_free() -> None:
    """Other tasks run while a password is hashed."""
    hashing = asyncio.create_task(passwords.hash(GOOD))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


# Tokens and codes ---------------------------------------------------------------------------------------


def test_a_token_says_what_it_is_and_is_never_the_same() -> None:
    """256 bits behind the prefix; white space around it does not matter."""
    token, hashed = credentials.new_token(credentials.SESSION_PREFIX)
    assert token.startswith("rhs_")
    assert len(base64.urlsafe_b64decode(token[4:] + "=")) == 32
    assert credentials.token_hash(f" {token}\n") == hashed
    assert credentials.new_token(credentials.SESSION_PREFIX)[0] != token


@given(st.text())
def test_what_is_no_token_or_code_has_no_hash(text: str) -> None:
    """Whatever somebody pastes is read without an error."""
    if not text.strip().startswith("rh"):
        assert credentials.token_hash(text) is None
    assert credentials.code_hash(text + "?") is None


def test_a_join_code_survives_being_copied_by_hand() -> None:
    """Small letters, blanks for dashes, O for 0, I and L for 1."""
    code, hashed = credentials.new_join_code()
    assert len(code.replace("-", "")) == 20
    assert credentials.code_hash(code) == hashed
    sloppy = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert credentials.code_hash(sloppy) == hashed
    assert credentials.code_hash(code[:-1]) is None


def test_the_wait_grows_and_ends() -> None:
    """Five attempts are free, then it doubles up to a quarter of an hour."""
    waits = [FROM_ONE_SOURCE.wait(failures) for failures in range(20)]
    assert waits[:8] == [0, 0, 0, 0, 0, 1, 2, 4]
    assert waits[-1] == 900
    assert Pace(free=0, longest=30).wait(10**9) == 30


# Public keys --------------------------------------------------------------------------------------------

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGhdyIU4n0p2QL969c3zNteLpFKS1CRYryrOW9inOdl1"


def line(kind: str, *fields: bytes) -> str:
    blob = b"".join(len(field).to_bytes(4) + field for field in (kind.encode(), *fields))
    return f"{kind} {base64.b64encode(blob).decode()}"


def rsa(bits: int) -> str:
    return line("ssh-rsa", b"\x01\x00\x01", b"\0" + (1 << (bits - 1) | 1).to_bytes(bits // 8))


@pytest.mark.parametrize(
    "key",
    [
        line("ssh-ed25519", bytes(32)),
        line("ecdsa-sha2-nistp256", b"nistp256", bytes(65)),
        line("ecdsa-sha2-nistp384", b"nistp384", bytes(97)),
        line("ecdsa-sha2-nistp521", b"nistp521", bytes(133)),
        line("sk-ssh-ed25519@openssh.com", bytes(32), b"ssh:"),
        line("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", bytes(65), b"ssh:"),
        rsa(3072),
        rsa(4096),
    ],
)
def test_keys_of_today_are_read(key: str) -> None:
    """And kept without their comment."""
    parsed = ssh_keys.parse(f"  {key} ada@laptop (work)\n")
    assert parsed.line == key
    assert parsed.comment == "ada@laptop (work)"
    assert parsed.fingerprint.startswith("SHA256:")
    assert len(parsed.fingerprint) == 50


def test_the_fingerprint_is_the_one_that_ssh_shows() -> None:
    """SHA-256 of the blob, base64 without padding."""
    # `ssh-keygen -lf` of the same line.
    assert ssh_keys.parse(ED25519).fingerprint == "SHA256:VaQR69JCfGZxcOCZ33E3Nm8yff3IZ/U801GC+XbiXk4"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (line("ssh-dss", bytes(8), bytes(8), bytes(8), bytes(8)), "ssh-dss"),
        (rsa(2048), "2048 bits"),
        (f'command="sh" {ED25519}', "begins with its type"),
        (f"restrict {ED25519}", "begins with its type"),
        (f"{ED25519}\n{ED25519}", "one line"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private"),
        ("", "begins with its type"),
        ("ssh-ed25519", "damaged"),
        (ED25519[:-8], "damaged"),
        (ED25519.replace("ssh-ed25519", "ecdsa-sha2-nistp256"), "damaged"),
        (line("ecdsa-sha2-nistp256", b"nistp384", bytes(97)), "damaged"),
        (line("ecdsa-sha2-nistp256", b"\xff", bytes(97)), "damaged"),
        (line("ecdsa-sha2-nistp256", b"p256", bytes(65)), "damaged"),
        (line("ssh-ed25519", bytes(31)), "damaged"),
        (line("ssh-ed25519", bytes(32), b"more"), "damaged"),
    ],
)
def test_other_keys_are_refused_with_the_reason(key: str, reason: str) -> None:
    """Weak, damaged, private, or with options that would run something."""
    with pytest.raises(Invalid, match=reason) as refused:
        ssh_keys.parse(key)
    assert refused.value.field == "key"
    assert refused.value.hint


@given(st.text())
def test_no_text_breaks_the_reading_of_keys(text: str) -> None:
    """A text is a key or `Invalid`."""
    with suppress(Invalid):
        ssh_keys.parse(text)


@given(st.binary(max_size=80), st.sampled_from(ssh_keys.KINDS))
def test_no_blob_breaks_the_reading_of_keys(blob: bytes, kind: str) -> None:
    """Whatever is behind the type."""
    with suppress(Invalid):
        ssh_keys.parse(f"{kind} {base64.b64encode(blob).decode()}")
