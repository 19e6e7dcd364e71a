"""Days as people say them: `2026-05-01`, `today`, `friday`, `next-week`, `7d`, `-2w`; pure.

A day that is said is kept as it was said and becomes dates only when asked (`Day.resolve`), with the day that
it is for the person who asks: a saved view with `due:today` means another date tomorrow.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import StrEnum

from rhythm_domain.errors import Invalid
from rhythm_domain.models import Model

FIRST = date(1900, 1, 1)
LAST = date(2999, 12, 31)
"""What a written date lies between, so that no arithmetic on it leaves the calendar."""

FORMS = (
    "a date such as 2026-05-01, today, yesterday, tomorrow, friday, next-friday, this-week, last-month, "
    "or 7d, 2w, 3m, 1y"
)


class Unit(StrEnum):
    """What an offset counts."""

    DAY = "d"
    WEEK = "w"
    MONTH = "m"
    YEAR = "y"


class Word(StrEnum):
    """A day or a stretch of days that has a name. Weeks begin on Monday (ISO 8601)."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    TOMORROW = "tomorrow"
    THIS_WEEK = "this-week"
    LAST_WEEK = "last-week"
    NEXT_WEEK = "next-week"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    NEXT_MONTH = "next-month"


_WORDS = {
    Word.TODAY: (Unit.DAY, 0),
    Word.YESTERDAY: (Unit.DAY, -1),
    Word.TOMORROW: (Unit.DAY, 1),
    Word.THIS_WEEK: (Unit.WEEK, 0),
    Word.LAST_WEEK: (Unit.WEEK, -1),
    Word.NEXT_WEEK: (Unit.WEEK, 1),
    Word.THIS_MONTH: (Unit.MONTH, 0),
    Word.LAST_MONTH: (Unit.MONTH, -1),
    Word.NEXT_MONTH: (Unit.MONTH, 1),
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKS = {"last-": -1, "this-": 0, "next-": 1}
_WEEKDAY = re.compile(r"(last-|this-|next-)?([a-z]{3,})")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_OFFSET = re.compile(r"(in-|[+-]?)([1-9][0-9]{0,3})-?(?:([dwmy])|(day|week|month|year)s?)")


class Day(Model):
    """A date if `on` is set, else an offset from today if `amount` is, else a weekday (Monday is 0), else a
    word. A weekday is that of a `week`, counted from this one, or without one the nearest: from today on, or
    with `back` up to today.

    `age` marks an offset that was said without a sign of something that lies in the past: `7d` is an age of
    seven days, so that its amount is -7 and, in a comparison, younger is later.
    """

    on: date | None = None
    amount: int | None = None
    unit: Unit = Unit.DAY
    weekday: int | None = None
    week: int | None = None
    back: bool = False
    word: Word = Word.TODAY
    age: bool = False

    def __str__(self) -> str:
        if self.on is not None:
            return self.on.isoformat()
        if self.amount is not None:
            return f"{-self.amount if self.age else self.amount}{self.unit}"
        if self.weekday is not None:
            week = next((said for said, week in _WEEKS.items() if week == self.week), "")
            return week + WEEKDAYS[self.weekday]
        return str(self.word)

    def resolve(self, today: date) -> tuple[date, date]:
        """The first and the last day that are meant; the same one twice for a single day."""
        if self.on is not None:
            return self.on, self.on
        if self.amount is not None:
            day = shifted(today, self.amount, self.unit)
            return day, day
        if self.weekday is not None:
            day = self._weekday(today, self.weekday)
            return day, day
        unit, offset = _WORDS[self.word]
        first = shifted(_start(today, unit), offset, unit)
        return first, shifted(first, 1, unit) - timedelta(days=1)

    def _weekday(self, today: date, weekday: int) -> date:
        if self.week is not None:
            return shifted(_start(today, Unit.WEEK), 7 * self.week + weekday, Unit.DAY)
        away = (today.weekday() - weekday) % 7 if self.back else (weekday - today.weekday()) % 7
        return shifted(today, -away if self.back else away, Unit.DAY)


def parse_day(said: str, *, past: bool = False) -> Day:
    """What a person said. With `past`, an offset without a sign and a bare weekday look back, else ahead.

    Raises Invalid (field `day`) for what is no day, not in the calendar, not from 1900 to 2999, or, with
    `past`, ahead by a plus sign or `in`.
    """
    folded = "-".join(said.casefold().replace("_", " ").split())
    if match := _DATE.fullmatch(folded):
        try:
            on = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            raise Invalid(
                f"{said} is not in the calendar.", field="day", hint="Write it year-month-day."
            ) from None
        if not FIRST <= on <= LAST:
            raise Invalid(f"{said} is too far away.", field="day", hint=f"Years {FIRST.year} to {LAST.year}.")
        return Day(on=on)
    if match := _OFFSET.fullmatch(folded):
        sign, amount, unit = match[1], int(match[2]), Unit(match[3] or match[4][0])
        if past and sign in {"in-", "+"}:
            raise Invalid(f"{said} lies ahead.", field="day", hint=f"Write {amount}{unit} to look back.")
        back = sign == "-" or past
        return Day(amount=-amount if back else amount, unit=unit, age=past and not sign)
    if (match := _WEEKDAY.fullmatch(folded)) and (named := _named(match[2])) is not None:
        week = _WEEKS[match[1]] if match[1] else None
        return Day(weekday=named, week=week, back=past and week is None)
    try:
        return Day(word=Word(folded))
    except ValueError:
        raise Invalid(f'"{said}" is no day.', field="day", hint=f"Write {FORMS}.") from None


def _named(said: str) -> int | None:
    """The weekday that a name, or its first three letters or more, says."""
    return next((at for at, name in enumerate(WEEKDAYS) if name.startswith(said)), None)


def shifted(day: date, amount: int, unit: Unit) -> date:
    """A day so many units later, held within FIRST to LAST; the 31st becomes the last of a shorter month."""
    if unit in {Unit.DAY, Unit.WEEK}:
        ordinal = day.toordinal() + amount * (7 if unit is Unit.WEEK else 1)
        return date.fromordinal(min(max(ordinal, FIRST.toordinal()), LAST.toordinal()))
    months = day.year * 12 + day.month - 1 + amount * (12 if unit is Unit.YEAR else 1)
    if not FIRST.year <= months // 12 <= LAST.year:
        return FIRST if amount < 0 else LAST
    first, after = (date(month // 12, month % 12 + 1, 1) for month in (months, months + 1))
    return first.replace(day=min(day.day, (after - first).days))


def _start(day: date, unit: Unit) -> date:
    """The first day of the unit that a day lies in."""
    if unit is Unit.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit is Unit.MONTH else day
