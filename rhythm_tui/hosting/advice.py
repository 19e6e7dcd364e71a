"""What a guest is told to do: nothing that takes a command, or a variable, that they do not have here."""

from __future__ import annotations

import re

from rhythm_tui.hosting.commands import OFFERED

_CLAUSE = re.compile(r"(?<=[.;!?])\s+")
_COMMAND = re.compile(r"`(?:rhythm ([a-z][a-z-]*)|createdb|pg_)[^`]*`")

HELP = "An administrator of this instance can help."


def for_guests(hint: str) -> str:
    """A hint without what names what is not there; in its place, who can do something about it."""
    clauses = [each for each in _CLAUSE.split(hint) if each]
    kept = [each for each in clauses if not _is_away(each)]
    if len(kept) == len(clauses):
        return hint
    if kept and kept[-1].endswith(";"):
        kept[-1] = f"{kept[-1][:-1]}."
    return " ".join([*kept, HELP])


def _is_away(clause: str) -> bool:
    named = [match[1] for match in _COMMAND.finditer(clause)]
    return "RHYTHM_" in clause or any(command not in OFFERED for command in named)
