"""Two versions of one text: where they differ, and what both changed put together; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import NamedTuple

THEIRS, BETWEEN, MINE = "<<<<<<< theirs", "=======", ">>>>>>> yours"
"""The lines around a place that both changed, as in the merges of git."""

AROUND = 3
"""Lines that are shown around a difference."""


class Pair(NamedTuple):
    """Two lines beside each other; None where one side has none. `left_out` counts like lines between."""

    theirs: str | None
    mine: str | None
    left_out: int = 0

    @property
    def same(self) -> bool:
        return self.theirs == self.mine


def compared(theirs: str, mine: str) -> list[Pair]:
    """Both texts line by line, with a few of the lines around each difference."""
    left, right = theirs.split("\n"), mine.split("\n")
    pairs: list[Pair] = []
    steps = list(_steps(left, right))
    for at, (tag, one, other) in enumerate(steps):
        if tag == "equal" and len(one) > 2 * AROUND + 1:
            head = one[:AROUND] if at > 0 else []
            tail = one[-AROUND:] if at < len(steps) - 1 else []
            pairs += [Pair(line, line) for line in head]
            pairs.append(Pair(None, None, len(one) - len(head) - len(tail)))
            pairs += [Pair(line, line) for line in tail]
        else:
            pairs += [Pair(*each) for each in zip_longest(one, other)]
    return pairs


def _steps(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    for tag, a, b, c, d in SequenceMatcher(None, left, right).get_opcodes():
        yield tag, list(left[a:b]), list(right[c:d])


def different_words(one: str, other: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Where two lines differ, word by word, in each of them."""
    left, right = re.findall(r"\w+|\s+|.", one), re.findall(r"\w+|\s+|.", other)
    if len(left) * len(right) > 250_000:
        return [(0, len(one))], [(0, len(other))]
    here: list[tuple[int, int]] = []
    there: list[tuple[int, int]] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag != "equal":
            here.append((len("".join(left[:a])), len("".join(left[:b]))))
            there.append((len("".join(right[:c])), len("".join(right[:d]))))
    return here, there


def merged(base: str, theirs: str, mine: str) -> tuple[str, int]:
    """What two people made of one text, put together, and how many places both changed differently.

    Such a place holds both, between marks.
    """
    was, left, right = (text.split("\n") for text in (base, theirs, mine))
    lines: list[str] = []
    clashes = at = of_left = of_right = 0
    for anchor in [*_anchors(was, left, right), (len(was), len(left), len(right), 0)]:
        start, in_left, in_right, length = anchor
        before, one, other = was[at:start], left[of_left:in_left], right[of_right:in_right]
        if one in (other, before):
            lines += other
        elif other == before:
            lines += one
        else:
            clashes += 1
            lines += [THEIRS, *one, BETWEEN, *other, MINE]
        lines += was[start : start + length]
        at, of_left, of_right = start + length, in_left + length, in_right + length
    return "\n".join(lines), clashes


def merged_line(base: str, theirs: str, mine: str, between: str = " / ") -> tuple[str, bool]:
    """The same of a sentence, word by word, and whether that could be done; else mine and theirs."""
    was, left, right = (text.replace("\n", " \0").replace(" ", "\n") for text in (base, theirs, mine))
    words, clashes = merged(was, left, right)
    if clashes:
        return f"{mine}{between}{theirs}", False
    return words.replace("\n", " ").replace(" \0", "\n"), True


def _anchors(
    was: Sequence[str], left: Sequence[str], right: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """Stretches that stand unchanged in all three: where in each, and how long."""
    one = SequenceMatcher(None, was, left).get_matching_blocks()
    other = SequenceMatcher(None, was, right).get_matching_blocks()
    a = b = 0
    while a < len(one) and b < len(other):
        start = max(one[a].a, other[b].a)
        end = min(one[a].a + one[a].size, other[b].a + other[b].size)
        if start < end:
            yield start, one[a].b + start - one[a].a, other[b].b + start - other[b].a, end - start
        if one[a].a + one[a].size <= other[b].a + other[b].size:
            a += 1
        else:
            b += 1
