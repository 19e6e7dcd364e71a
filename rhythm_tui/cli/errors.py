"""What goes wrong, on stderr: one line of what, one of what to do; and the exit codes of scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import click

from rhythm_domain import errors
from rhythm_domain.nearest import near
from rhythm_domain.text import shown, shown_lines


class Exit(IntEnum):
    """Exit codes. 130 is Ctrl-C, 141 a reader that went away, as in every shell."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    NOT_SIGNED_IN = 3
    FORBIDDEN = 4
    NOT_FOUND = 5
    CONFLICT = 6
    INVALID = 7
    UNAVAILABLE = 8
    SCHEMA_MISMATCH = 9
    INTERRUPTED = 130
    BROKEN_PIPE = 141


_CODES: dict[type[errors.RhythmError], Exit] = {
    errors.NotSignedIn: Exit.NOT_SIGNED_IN,
    errors.SignInFailed: Exit.NOT_SIGNED_IN,
    errors.Forbidden: Exit.FORBIDDEN,
    errors.NotFound: Exit.NOT_FOUND,
    errors.Conflict: Exit.CONFLICT,
    errors.AlreadyExists: Exit.CONFLICT,
    errors.Invalid: Exit.INVALID,
    errors.Unavailable: Exit.UNAVAILABLE,
    errors.SchemaMismatch: Exit.SCHEMA_MISMATCH,
}


def exit_code(error: errors.RhythmError) -> Exit:
    """The exit code of an error of the domain."""
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return code
    return Exit.UNEXPECTED


def report(error: BaseException, *, as_json: bool) -> int:
    """Says on stderr what went wrong and what to do, the error's notes included; the exit code."""
    notes = getattr(error, "__notes__", [])
    if isinstance(error, click.NoSuchOption):
        alike = _near(error.option_name, error.possibilities or ())
        error = click.NoSuchOption(error.option_name, possibilities=alike, ctx=error.ctx)
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            sys.stderr.write("\n".join(("", *map(shown, notes), "")))
            return Exit.INTERRUPTED
        case click.ClickException():
            return _say(
                Exit.USAGE, error.format_message(), _hint(_usage_hint(error), notes), {}, as_json=as_json
            )
        case errors.RhythmError():
            known = error
        case _ if _is_validation_error(error):
            known = _in_words(error)
        case _:
            log = _logged(error)
            hint = _hint(f"The log has the details{f': {log}' if log else '.'}", notes)
            return _say(
                Exit.UNEXPECTED,
                f"Something unexpected went wrong ({type(error).__name__}).",
                hint,
                {},
                as_json=as_json,
            )
    return _say(
        exit_code(known), known.message, _hint(_advice(known), notes), _particulars(known), as_json=as_json
    )


def _hint(hint: str, notes: Sequence[str]) -> str:
    return " ".join(filter(None, (hint, *notes)))


def _advice(error: errors.RhythmError) -> str:
    if isinstance(error, errors.Unavailable) and error.outcome is errors.Outcome.UNKNOWN and error.operation:
        return (
            f"Run the same again with --operation {error.operation}: if it was saved, nothing happens twice."
        )
    return error.hint


def _say(code: Exit, message: str, hint: str, more: dict[str, Any], *, as_json: bool) -> int:
    if as_json:
        fields = {"code": code.name.lower(), "exit": int(code), "message": message, "hint": hint, **more}
        sys.stderr.write(json.dumps({"error": fields}) + "\n")
    else:
        # Usage is told in lines where there is much to choose from.
        said = shown_lines(message) if code is Exit.USAGE else shown(message)
        sys.stderr.write(f"rhythm: {said}\n")
        if hint:
            sys.stderr.write(f"{shown(hint)}\n")
    return int(code)


def _near(said: str, options: Sequence[str]) -> list[str]:
    """The options that are like what was said. Click's own guess counts the dashes, that all have."""
    names = {option.lstrip("-"): option for option in options}
    return [names[name] for name in near(said.lstrip("-"), names)]


def _usage_hint(error: click.ClickException) -> str:
    """Where to read on, but for what says itself what to do: that comes from us, and knows no context."""
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows how." if context else ""


def _particulars(error: errors.RhythmError) -> dict[str, Any]:
    """What a script may want to know beside the words."""
    match error:
        case errors.Conflict():
            return {
                "field": error.field,
                "current": error.current,
                "mine": error.mine,
                "version": error.version,
            }
        case errors.Invalid() | errors.AlreadyExists():
            return {"field": error.field}
        case errors.Unavailable():
            operation = str(error.operation) if error.operation else None
            return {"outcome": error.outcome.value, "operation": operation}
        case _:
            return {}


def _is_validation_error(error: BaseException) -> bool:
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(error, pydantic.ValidationError)


def _in_words(error: Any) -> errors.Invalid:
    """The first thing that a model found wrong with what was given."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "value"
    return errors.Invalid(f"The {name} can't be used: {first['msg'].lower()}.", field=name)


def _logged(error: BaseException) -> Path | None:
    import logging

    from rhythm_domain import logs

    path = logs.ensure()
    logging.getLogger("rhythm.cli").error("unexpected", exc_info=error)
    return path
