"""Numbers, times and names as people read them, for the app and the command line; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from rhythm_domain.text import cell_width, shown, truncated
from rhythm_domain.words import day_said as day_said  # for widgets, which know models only

REMOVE_DEMO = "rhythm demo --remove"
"""The command that removes the demo."""

NO_ISSUE = "there is no issue here"
"""Why nothing can be done with an issue."""

_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (7 * 86400, 86400, "d"))


def relative_time(at: datetime | None, now: datetime) -> str:
    """A time as people say it: "just now", "5 min ago", "in 3 d"; over a week the day, "19 Nov"; "" for
    none. Days are counted in the zone of `now`: it must be the person's.
    """
    if at is None:
        return ""
    seconds = (now - at).total_seconds()
    if 0 <= seconds < 10:
        return "just now"
    for limit, unit, name in _STEPS:
        if abs(seconds) < limit:
            count = f"{abs(seconds) // unit:.0f} {name}"
            return f"{count} ago" if seconds > 0 else f"in {count}"
    return day_said(at.astimezone(now.tzinfo).date(), now.date())


def counted(count: int, noun: str) -> str:
    """ "1 issue", "2 issues"; of a noun in -y "2 memberships" is the caller's to say."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def points(estimate: Decimal | None) -> str:
    """An estimate as people read it: "3 points"."""
    if estimate is None:
        return ""
    return f"{estimate.normalize():f} point{'' if estimate == 1 else 's'}"


def initials(name: str) -> str:
    """ "Ada Example" as "AE", "ada" as "AD", so that they stand well beneath each other: in two cells, or a
    wide character alone. Safe to show.
    """
    words = shown(name).split()
    if not words:
        return ""
    first, *others = words
    second = others[-1][0] if others else next((each for each in first[1:] if each.isalnum()), "")
    letters = (first[0] + second).upper()
    return letters if cell_width(letters) <= 2 else first[0]


def drafts_said(waiting: Sequence[tuple[str, str]]) -> str:
    """What drafts are of, with the keys for them: "A draft of a comment waits, c goes on with it". Who took a
    command its key away has the palette.
    """
    if len(waiting) == 1:
        ((of, key),) = waiting
        return f"A draft of {of} waits" + (f", {key} goes on with it" if key else "")
    each = (f"of {of}" + (f" ({key})" if key else "") for of, key in waiting)
    return f"Drafts wait: {', '.join(each)}" if waiting else ""


def wrapped(text: str, width: int) -> tuple[str, str]:
    """The first line of a text in `width` cells, broken at a blank if there is one, and the rest."""
    if cell_width(text) <= width:
        return text, ""
    kept = truncated(text, width + 1).removesuffix("…")
    cut = kept.rfind(" ")
    at = cut if cut > width // 3 else len(kept)
    return text[:at].rstrip(), text[at:].lstrip()
