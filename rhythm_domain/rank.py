"""The ordering keys of board and backlog.

A rank is a string of base-62 digits, compared by bytes (`COLLATE "C"`): a fraction between 0 and 1 without
its "0.". So there is room between any two, and moving an issue writes one row. Pure but for the dice.

An issue is born with `initial(number)`, without a look-up, behind all that are there. All such ranks end in
one digit in which no other rank ends; therefore a new issue never finds its place taken by a moved one.
Two people who move issues to one place at the same time get different ranks, but for one time in 100,000:
ranks are drawn by lot around the middle of the room.
"""

from __future__ import annotations

import re
from random import Random, SystemRandom
from string import ascii_lowercase, ascii_uppercase, digits

LONGEST = 200
"""Characters of the longest rank that the database takes."""

TOO_LONG = 50
"""Length above which the neighbours should be spread anew. Moves into a gap that each of them halves get
there after some 250 (a digit for every 6), moves to an open end after 500,000 (a digit for every 15,000)."""

_DIGITS = digits + ascii_uppercase + ascii_lowercase  # in the order of their bytes
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_BASE = len(_DIGITS)
_RANK = re.compile("[0-9A-Za-z]*[1-9A-Za-z]")  # "a" and "a0" would be one fraction, with no room between

_HEADS = "abcdefghi"
"""First digits of initial ranks: how many digits the number has. Nine are enough for 2**53. What is moved
before the first issue has all the digits below them."""

_INITIAL_END = "U"
_RESERVED_ENDS = {0, _VALUES[_INITIAL_END]}

_LOTS = _BASE**3
"""The room for each new rank, in units of its last digit; half of it is drawn from."""

_OPEN_STEP = 4096
"""The part of the room at an open end that one new rank uses up: many will follow it there."""

_DICE = SystemRandom()  # processes that were forked from one another must not draw alike


def is_rank(value: str) -> bool:
    """Whether a value can be a rank: 1 to 200 base-62 digits, the last one not the lowest."""
    return len(value) <= LONGEST and _RANK.fullmatch(value) is not None


def initial(number: int) -> str:
    """The rank of a new issue by its number in the project, 1 to 2**53. They ascend with the numbers.

    3 characters up to number 61, 4 to 3,843, 5 to 238,327, 11 at most. Raises `ValueError` for other numbers.
    """
    if not 1 <= number <= 2**53:
        raise ValueError(f"no issue has the number {number}")
    written = _written(number)
    return _HEADS[len(written) - 1] + written + _INITIAL_END


def between(before: str | None, after: str | None, *, jitter: Random | None = None) -> str:
    """A rank strictly between two others; None is an open end. `jitter` are the dice, the system's if None.

    Behind the last issue it still comes before the issues that will be created next. Raises `ValueError` if
    `before` is not less than `after`, one of them is no rank, or the rank would be longer than `LONGEST`.
    """
    return spread(before, after, 1, jitter=jitter)[0]


def spread(before: str | None, after: str | None, count: int, *, jitter: Random | None = None) -> list[str]:
    """`count` ascending ranks between two others, evenly spaced to a quarter of the distance.

    All have the same length, the shortest that gives them room. Arguments and errors are those of `between`.
    """
    for rank in (before, after):
        if rank is not None and not is_rank(rank):
            raise ValueError(f"{rank!r} is not a rank")
    if before is not None and after is not None and before >= after:
        raise ValueError(f"there is nothing between {before!r} and {after!r}")
    dice = jitter or _DICE
    for length in range(1, LONGEST + 1):
        low = _scaled(before, length) if before is not None else 0
        high = _scaled(after, length) if after is not None else _ceiling(before, length)
        if (before is None) != (after is None):
            room = (high - low) * min(count + 1, _OPEN_STEP) // _OPEN_STEP
            low, high = (low, low + room) if after is None else (high - room, high)
        slot = (high - low) // (count + 1)
        if slot >= _LOTS:
            points = (low + slot * n + dice.randrange(-slot // 4, slot // 4) for n in range(1, count + 1))
            ranks = (_written(point + (point % _BASE in _RESERVED_ENDS)) for point in points)
            return [rank.rjust(length, "0") for rank in ranks]
    raise ValueError(f"there is no room left between {before!r} and {after!r}")


def _scaled(rank: str, length: int) -> int:
    """The first digits of a rank, `length` of them, as a number."""
    number = 0
    for digit in rank[:length].ljust(length, "0"):
        number = number * _BASE + _VALUES[digit]
    return number


def _ceiling(before: str | None, length: int) -> int:
    """The open end behind a rank, to `length` digits: below the ranks of issues still to be created."""
    if before is None or before < _HEADS[0]:
        return _scaled(_HEADS[0], length)
    whole = 2 + _HEADS.find(before[0])  # the head and its digits; past the heads any first digit will do
    ceiling: int = (_scaled(before, whole) + 1) * _BASE**length // _BASE**whole
    return ceiling


def _written(number: int) -> str:
    """A number above 0 in base 62."""
    written = ""
    while number:
        number, value = divmod(number, _BASE)
        written = _DIGITS[value] + written
    return written
