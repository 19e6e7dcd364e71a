"""The database's errors in words for a person: what could not be reached, what was refused and why.

An error of psycopg is known by its SQLSTATE and by the name of the constraint that was broken; here is the
one place that reads them.
"""

from __future__ import annotations

import logging
from uuid import UUID

import psycopg
from psycopg import errors as pg

from rhythm_domain import errors
from rhythm_domain.connection import IN

log = logging.getLogger("rhythm.database")


class Retry(Exception):  # noqa: N818 - not an error that anyone sees
    """The transaction lost a race (a deadlock, a rank or an operation just taken): run it again."""


_CONSTRAINTS: dict[str, errors.RhythmError] = {
    "users_name_key": errors.AlreadyExists("There is already a person of that name.", field="name"),
    "project_keys_pkey": errors.AlreadyExists("That key is, or was, another project's.", field="key"),
    "projects_key_key": errors.AlreadyExists("That key is, or was, another project's.", field="key"),
    "labels_name_key": errors.AlreadyExists("There is already a label of that name.", field="name"),
    "sprints_name_key": errors.AlreadyExists("There is already a sprint of that name.", field="name"),
    "sprints_one_active": errors.Invalid(
        "Another sprint of this project is active.",
        field="sprint",
        hint="Finish it first: `rhythm sprint finish KEY SPRINT`.",
    ),
    "sprints_days_check": errors.Invalid("A sprint can't end before it starts.", field="ends_on"),
    "saved_views_name_key": errors.AlreadyExists("You already have a view of that name.", field="name"),
    "ssh_keys_fingerprint_key": errors.AlreadyExists("That key is registered already.", field="key"),
    "issue_links_self_check": errors.Invalid("An issue can't block itself.", field="link"),
    "issues_parent_check": errors.Invalid("An issue can't be its own parent.", field="parent"),
    "issues_assignee_member": errors.Invalid(
        "Only an active member of the project can be assigned.",
        field="assignee",
        hint="`rhythm member list KEY` shows who is.",
    ),
    "issues_assignee_fkey": errors.Invalid(
        "Only an active member of the project can be assigned.",
        field="assignee",
        hint="`rhythm member list KEY` shows who is.",
    ),
    "project_has_owner": errors.Invalid(
        "A project needs at least one active owner.", field="role", hint="Make somebody else an owner first."
    ),
}

_RACES = (pg.DeadlockDetected, pg.SerializationFailure)
_RACED = {
    *("issues_number_key", "issues_rank_key", "issue_sources_pkey", "sprint_scope_now"),
    *("events_id_key", "sessions_one_local"),
}


def _away(error: psycopg.Error) -> errors.Unavailable:
    """Why there is no connection, or none any more. libpq says it in words only, the reason last."""
    if error.diag.message_primary:
        return errors.Unavailable(f"The database went away: {error.diag.message_primary}.")
    said = str(error)
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("\t")]
    reason = lines[-1].rpartition("FATAL:")[2].rpartition("failed: ")[2].strip() if lines else "no answer"
    if "password authentication failed" in said or "no password supplied" in said:
        hint = "Check RHYTHM_DATABASE_URL or `database_url` in config.toml."
    elif 'database "' in said and "does not exist" in said:
        hint = "Create it with `createdb`, then run `rhythm db migrate`."
    else:
        hint = "Is the server running, and the URL right? `rhythm doctor` looks closer."
    return errors.Unavailable(f"The database can't be reached: {reason}", hint=hint)


def _discreetly(away: errors.Unavailable) -> errors.Unavailable:
    """The same for those who are not to know where the database is: the log has it."""
    log.warning("%s", away.message)
    return errors.Unavailable(hint="Nothing was saved. Try again; an administrator may know more.")


def unknown(operation: UUID | None) -> errors.Unavailable:
    """The answer to COMMIT did not come."""
    return errors.Unavailable(
        "The connection was lost while saving.", outcome=errors.Outcome.UNKNOWN, operation=operation
    )


def no_text() -> errors.Invalid:
    """A value holds what no text of PostgreSQL can: NUL, or half of a character."""
    return errors.Invalid(
        "A text has a character that can't be stored or looked for: NUL, or half of one.",
        hint="Remove it and try again.",
    )


def _log_refusal(error: psycopg.Error) -> None:
    """What the server refused and where, never with which values: its own message and detail quote them."""
    asked = [note.removeprefix(IN) for note in getattr(error, "__notes__", ()) if note.startswith(IN)]
    log.warning(
        "the database refused it",
        extra={
            "query": asked[0] if asked else None,
            "kind": type(error).__name__,
            "sqlstate": error.sqlstate,
            "constraint": error.diag.constraint_name,
            "table": error.diag.table_name,
        },
    )


def translated(
    error: psycopg.Error,
    *,
    discreet: bool = False,
    committing: bool = False,
    operation: UUID | None = None,
) -> errors.RhythmError | Retry:
    """What a psycopg error means, by SQLSTATE and constraint name; the one place that knows.

    To be `discreet` is to keep from the person where the database is, and as whom it is spoken to.
    """
    constraint = error.diag.constraint_name or ""
    if isinstance(error, _RACES) or constraint in _RACED:
        return Retry(constraint or type(error).__name__)
    if known := _CONSTRAINTS.get(constraint):
        return type(known)(known.message, field=getattr(known, "field", ""), hint=known.hint)  # type: ignore[call-arg]
    if error.sqlstate is not None or isinstance(error, psycopg.ProgrammingError):
        _log_refusal(error)
    match error:
        case pg.UndefinedTable() | pg.UndefinedColumn() | pg.UndefinedFunction() | pg.UndefinedObject():
            return errors.SchemaMismatch("The database does not have the tables that this program needs.")
        case pg.InsufficientPrivilege():
            return errors.Busy(
                "The database role may not do that.",
                hint="Grant it what it needs: `rhythm db migrate --grant ROLE` as the database's owner.",
            )
        case pg.QueryCanceled():
            return errors.Busy("The database took too long over it.", hint="Nothing was saved. Try again.")
        case pg.LockNotAvailable():
            return errors.Busy("Somebody else is changing the same.", hint="Nothing was saved. Try again.")
        case pg.DiskFull() | pg.ReadOnlySqlTransaction() | pg.InsufficientResources():
            return errors.Busy(f"The database can't write: {error.diag.message_primary}.")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            if committing:
                return unknown(operation)
            away = _away(error)
            return _discreetly(away) if discreet else away
        case psycopg.DataError() if error.sqlstate is None:  # psycopg's own, before anything was sent
            return no_text()
        case (
            pg.CheckViolation()
            | pg.StringDataRightTruncation()
            | pg.NotNullViolation()
            | pg.NumericValueOutOfRange()
        ):
            return errors.Invalid(
                f"The database refused a value ({constraint or error.diag.message_primary})."
            )
        case _:
            return errors.RhythmError(
                f"The database refused it: {error.diag.message_primary or type(error).__name__}.",
                hint="This is a defect of Rhythm; the log has the details.",
            )
