"""Did you mean ...? What to say when a name is not known; pure."""

from __future__ import annotations

from collections.abc import Iterable

from rhythm_domain.text import folded

LIMIT = 3
"""Names in one hint."""

LONGER = 3
"""How many times as long as a name a text is that is not like it: from 2.4 times on none can be."""


def near(said: str, names: Iterable[str]) -> list[str]:
    """The names that are most like what was said, the most like first, at most `LIMIT`."""
    import difflib  # only when something went wrong

    names = [name for name in names if len(said) <= LONGER * len(name)]
    return difflib.get_close_matches(said, names, LIMIT) if names else []


def did_you_mean(said: str, known: Iterable[str], otherwise: str) -> str:
    """A hint that names those of the known names that are most like what was said, or `otherwise`."""
    names = {folded(name): name for name in known}
    found = near(folded(said), names)
    return f"Did you mean {' or '.join(names[name] for name in found)}?" if found else otherwise
