"""People that a text mentions, as in `@ada`: what is begun, and who may be meant; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from rhythm_domain.models import PersonRef
from rhythm_domain.text import findable

_BEGUN = re.compile(r"(?<![\w@./-])@(\w[\w.-]*)$")
_FENCE = re.compile(r" {0,3}(```|~~~)")

NAME = r"(?<![\w@./-])@[a-zA-Z0-9][a-zA-Z0-9._-]{1,39}"
"""What may be a mention in a text; see `named`."""


def begun(lines: Sequence[str]) -> str:
    """The name that is typed at the end of some lines, without its @; empty if there is none, as in code."""
    if not lines or (found := _BEGUN.search(lines[-1])) is None:
        return ""
    in_code = lines[-1].count("`") % 2 or sum(bool(_FENCE.match(line)) for line in lines[:-1]) % 2
    return "" if in_code else found[1]


def offered(people: Iterable[PersonRef], typed: str) -> list[PersonRef]:
    """The people of whom an account name, or a word of their name, begins so: by account name first."""
    wanted = findable(typed)
    by_account, by_name = [], []
    for who in people:
        if findable(who.name).startswith(wanted):
            by_account.append(who)
        elif any(word.startswith(wanted) for word in findable(who.display_name).split()):
            by_name.append(who)
    return sorted(by_account, key=lambda who: who.name) + by_name


def named(mention: str, known: Collection[str]) -> str:
    """The part of what may be a mention that is one: with its @, without the full stop of a sentence. `known`
    are names with an @; empty if it is none of them.
    """
    while mention.lower() not in known:
        if mention[-1] not in ".-_":
            return ""
        mention = mention[:-1]
    return mention
