"""How people come in: sign-in sessions, access tokens, keys. None of them holds a secret."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from rhythm_domain.models.base import Model


class SignInKind(StrEnum):
    """What a person is signed in by."""

    LOCAL = "local"
    """The ownership of the embedded instance."""
    PASSWORD = "password"  # noqa: S105 - a kind
    TOKEN = "token"  # noqa: S105 - a kind
    KEY = "key"
    """A key of a shared instance."""


class SignIn(Model):
    """A sign-in session of a person (never its token). `current` is the one that asks.

    `expires_at` is when it ends if nobody uses it until then; None: never.
    """

    id: int
    user_id: int
    kind: SignInKind
    source: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime | None
    current: bool


class AccessToken(Model):
    """A named token for scripts (never the token itself)."""

    id: int
    name: str
    read_only: bool
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class SshKey(Model):
    """A public key that a person signs in with on a shared instance."""

    id: int
    user_id: int
    name: str
    kind: str
    fingerprint: str
    public_key: str
    created_at: datetime
    last_used_at: datetime | None
