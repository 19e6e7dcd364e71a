"""Did you mean ...? What to say when a name is not known; pure."""

from __future__ import annotations

from collections.abc import Iterable

from rhythm_domain.text import folded

LIMIT = 3
"""Names in one hint."""


def did_you_mean(said: str, known: Iterable[str], otherwise: str) -> str:
    """A hint that names those of the known names that are most like what was said, or `otherwise`."""
    import difflib  # only when something went wrong

    names = {folded(name): name for name in known}
    near = difflib.get_close_matches(folded(said), names, LIMIT)
    return f"Did you mean {' or '.join(names[name] for name in near)}?" if near else otherwise
