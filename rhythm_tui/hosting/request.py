"""What somebody asks for when they come in over SSH: the app, one issue in it, or a command.

    ssh HOST                       the app
    ssh -t HOST CORE-42            the app at that issue; without a terminal, the issue as text
    ssh HOST issue list is:open    Rhythm's command line; a `rhythm` before it is as good

Pure. The words are Rhythm's own: no shell reads them.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from rhythm_domain.errors import Invalid

_ISSUE = re.compile(r"[A-Za-z][A-Za-z0-9]{1,9}-[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Open:
    """The app, at an issue if one is named."""

    issue: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The command line, with these words."""

    words: tuple[str, ...]


def asked(command: str | None, *, terminal: bool) -> Open | Run:
    """What a command asks for. Raises `Invalid` if it can't be read, or if the app has no terminal."""
    try:
        words = shlex.split(command or "")
    except ValueError as error:
        raise Invalid(
            f"The command can't be read: {str(error).lower()}.",
            field="command",
            hint="Your own shell takes one pair of quotes away: ssh HOST \"issue list 'two words'\"",
        ) from error
    if words[:1] == ["rhythm"]:
        words = words[1:]
    match words:
        case []:
            if not terminal:
                raise Invalid(
                    "The app needs a terminal.",
                    field="command",
                    hint="Connect with `ssh -t`, or name a command, such as `issue list`.",
                )
            return Open()
        case ["open", issue] | [issue] if _ISSUE.fullmatch(issue):
            return Open(issue.upper()) if terminal else Run(("issue", "show", issue))
        case _:
            return Run(tuple(words))
