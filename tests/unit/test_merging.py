"""Two versions of a text: compared, and put together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rhythm_tui.holding.merging import (
    BETWEEN,
    MINE,
    THEIRS,
    Pair,
    compared,
    different_words,
    merged,
    merged_line,
)

lines = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8).map("\n".join)


def test_changes_of_different_places_are_put_together() -> None:
    """Also what one added and the other took away."""
    assert merged("a\nb\nc\nd", "a\nB\nc\nd", "a\nb\nc\nD") == ("a\nB\nc\nD", 0)
    assert merged("a\nb", "b", "a\nb\nc") == ("b\nc", 0)


def test_a_place_that_both_changed_holds_both() -> None:
    """Between marks; the same change of both is no conflict."""
    text, clashes = merged("a\nb\nc", "a\nX\nc", "a\nY\nc")
    assert text.split("\n") == ["a", THEIRS, "X", BETWEEN, "Y", MINE, "c"]
    assert clashes == 1
    assert merged("a", "b", "b") == ("b", 0)


def test_a_line_is_put_together_by_words_or_holds_both() -> None:
    assert merged_line("Login fails", "Login fails on Safari", "Login often fails") == (
        "Login often fails on Safari",
        True,
    )
    assert merged_line("Login fails", "Sign-in fails", "Entry fails") == (
        "Entry fails / Sign-in fails",
        False,
    )


@given(lines, lines, lines)
def test_no_line_is_lost(base: str, theirs: str, mine: str) -> None:
    """Each line that one of them wrote stands in what is put together."""
    text, clashes = merged(base, theirs, mine)
    new = {*theirs.split("\n"), *mine.split("\n")} - {*base.split("\n")}
    assert new <= {*text.split("\n")}
    assert merged(base, base, mine) == (mine, 0)
    assert merged(base, theirs, base) == (theirs, 0)
    assert clashes or THEIRS not in text


def test_what_is_alike_is_left_out_but_around_the_differences() -> None:
    """A number says how much."""
    same = "\n".join("s" * 20)
    pairs = compared(f"a\n{same}", f"b\n{same}")
    assert pairs[0] == Pair("a", "b")
    assert pairs[-1].left_out == 17
    assert [pair.mine for pair in pairs[1:-1]] == ["s"] * 3


def test_the_words_that_differ_are_found() -> None:
    """In each of the two lines."""
    one, other = "Sign-in fails on Safari", "Sign-in fails on old Safari"
    here, there = different_words(one, other)
    assert [one[start:end] for start, end in here] == [""]
    assert [other[start:end] for start, end in there] == ["old "]
