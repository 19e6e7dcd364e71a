"""What can go wrong, in words for a person.

One tree. The class docstring is the message; an instance may say it more precisely. Every error carries
`title` (a few words), `message` (one line of what happened) and `hint` (one line of what to do).
Translation from psycopg happens once, in `refusals.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from uuid import UUID

LONGEST = 500
"""Characters of a message: it may quote what somebody typed, but a person is to read it."""


_fitting: Callable[[str], str] = str


def fit_hints(fitting: Callable[[str], str]) -> None:
    """Has every hint from now on say what can be done by those whom this process serves."""
    global _fitting
    _fitting = fitting


class RhythmError(Exception):
    """Something went wrong."""

    title = "Something went wrong"
    hint = ""

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.message = message if len(message) <= LONGEST else f"{message[: LONGEST - 1]}…"
        self.hint = _fitting(self.hint if hint is None else hint)
        super().__init__(self.message)


class NotSignedIn(RhythmError):
    """You are not signed in."""

    title = "Not signed in"
    hint = "Run `rhythm login NAME`, or set RHYTHM_TOKEN."


class SignInFailed(RhythmError):
    """The name or the password is wrong, or the account can't sign in."""

    title = "Sign-in failed"
    hint = "Check the name and the password; an administrator can set a new one."


class Forbidden(RhythmError):
    """Your role does not allow this."""

    title = "Not allowed"
    hint = "Ask an owner of the project."


class NotFound(RhythmError):
    """There is no such thing here."""

    title = "Not found"
    hint = "Check the key; `rhythm project list` shows the projects that you can see."


class Invalid(RhythmError):
    """That value can't be used."""

    title = "Not valid"

    def __init__(self, message: str | None = None, *, field: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.field = field


class Irreversible(Invalid):
    """Your latest change can't be taken back by undo.

    Nothing was done: whoever wants the change before it to be taken back says so. `instead` is what to do
    about the latest one, `before` the change before it in words, such as "created CORE-1"; empty if there is
    none.
    """

    title = "Can't be undone"

    def __init__(self, message: str, *, instead: str, before: str = "", past: str = "") -> None:
        """`past` is the command that takes back what was `before`."""
        way = f" Before it you {before}: `{past}` takes that back." if before else ""
        super().__init__(message, field="undo", hint=instead + way)
        self.instead, self.before = instead, before


class Conflict(RhythmError):
    """Somebody else changed the same text since you read it.

    `current` is what stands in the database now and `mine` what was to be written: nothing is lost. `by` is
    who wrote the current one, by their full name; empty if nobody knows.
    """

    title = "Changed meanwhile"
    hint = "Compare both texts, then save yours again, or take theirs."

    def __init__(
        self,
        message: str | None = None,
        *,
        field: str = "",
        current: str | None = None,
        mine: str | None = None,
        version: int = 0,
        by: str = "",
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.field = field
        self.by = by
        self.current = current
        self.mine = mine
        self.version = version


class AlreadyExists(RhythmError):
    """That name is taken."""

    title = "Already exists"
    hint = "Choose another one."

    def __init__(self, message: str | None = None, *, field: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.field = field


class Outcome(StrEnum):
    """What is known about a write whose answer did not come."""

    NOT_SAVED = "not saved"
    UNKNOWN = "unknown"


class Unavailable(RhythmError):
    """The database can't be reached.

    `outcome` says whether a write can have happened; `operation` is the id to ask for when it is unknown.
    """

    title = "Database unavailable"
    hint = "Nothing was saved. Try again; `rhythm doctor` shows what is wrong."

    def __init__(
        self,
        message: str | None = None,
        *,
        outcome: Outcome = Outcome.NOT_SAVED,
        operation: UUID | None = None,
        hint: str | None = None,
    ) -> None:
        if outcome is Outcome.UNKNOWN and hint is None:
            hint = "The change may have been saved. Sending it again is safe: it happens only once."
        super().__init__(message, hint=hint)
        self.outcome = outcome
        self.operation = operation


class Busy(Unavailable):
    """The database could not do that now."""

    title = "Not possible now"
    hint = "Nothing was saved. Try again."


class SchemaMismatch(RhythmError):
    """The database's schema and this program do not fit together."""

    title = "Schema mismatch"
    hint = "Run `rhythm db migrate`."
