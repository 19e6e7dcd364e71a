"""Dates and times as trackers write them; pure.

ISO 8601; `27/Nov/23 10:12 AM` and its kin (Jira); `Wed May 13 2026 11:21:41 GMT+0000 (...)` (what JavaScript
prints, Linear); `Nov 27, 2023`; `27.11.2023`; `11/27/2023` where one part is over 12. A time without an
offset is UTC. Month names are English.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_DAY_FIRST = re.compile(r"(\d{1,2})[/ .-]([a-z]{3,9})\.?,?[/ .-](\d{4}|\d{2})\b", re.IGNORECASE)
_MONTH_FIRST = re.compile(
    r"(?:[a-z]{3,9},? )?([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b", re.IGNORECASE
)
_NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})\b")
_TIME = re.compile(
    r"(?:,| at|T)? *(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?: *([ap])\.?m\.?)?"
    r"(?: *(?:GMT|UTC|Z)? *(?:([+-])(\d{2}):?(\d{2}))?)(?: *\(.*\))?",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime:
    """The time that the text says, aware and in UTC; midnight for a day alone. ValueError if it says none."""
    text = text.strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _written_out(text)
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"“{text}” is beyond all calendars") from None


def day(text: str) -> date:
    """The day that the text says. ValueError if it says none."""
    return moment(text).date()


def local_day(text: str) -> date:
    """The day of somebody's midnight that was written in UTC: the nearest one. ValueError if it says none."""
    found = moment(text)
    return found.date() if found.hour < 12 else (found + timedelta(hours=12)).date()


def _written_out(text: str) -> datetime:
    if found := _DAY_FIRST.match(text):
        year, month, day_of_month = found[3], _month(found[2]), int(found[1])
    elif found := _MONTH_FIRST.match(text):
        year, month, day_of_month = found[3], _month(found[1]), int(found[2])
    elif found := _NUMERIC.match(text):
        year = found[4]
        day_of_month, month = _numeric(int(found[1]), int(found[3]), dotted=found[2] == ".")
    else:
        raise ValueError(f"“{text}” is not a date")
    whole_year = int(year) if len(year) == 4 else 2000 + int(year)
    start = datetime(whole_year, month, day_of_month, tzinfo=UTC)
    rest = text[found.end() :].strip()
    return _at_time(start, rest, text) if rest else start


def _month(name: str) -> int:
    try:
        return _MONTHS[name[:3].lower()]
    except KeyError:
        raise ValueError(f"“{name}” is not a month") from None


def _numeric(first: int, second: int, *, dotted: bool) -> tuple[int, int]:
    """Day and month of two numbers. Dots mean day first; slashes mean either, so one must be over 12."""
    if dotted or first > 12:
        return first, second
    if second > 12 or first == second:
        return second, first
    raise ValueError(f"{first} and {second} could each be the day")


def _at_time(start: datetime, rest: str, text: str) -> datetime:
    found = _TIME.fullmatch(rest)
    if found is None:
        raise ValueError(f"“{text}” is not a date")
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    offset = timedelta()
    if found[5]:
        offset = timedelta(hours=int(found[6]), minutes=int(found[7])) * (1 if found[5] == "+" else -1)
    return start.replace(hour=hour, minute=minute, second=second, tzinfo=timezone(offset))
