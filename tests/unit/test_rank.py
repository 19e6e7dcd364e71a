"""Ranks: there is always room, nobody's place is taken, and order is the order of bytes."""

from __future__ import annotations

from bisect import bisect
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.rank import LONGEST, TOO_LONG, between, initial, is_rank, spread

numbers = st.integers(1, 2**53) | st.integers(1, 5000)
ranks = st.from_regex(r"[0-9A-Za-z]{0,12}[1-9A-Za-z]", fullmatch=True) | numbers.map(initial)


def rolled(seed: int) -> Random:
    """Dice that always fall alike."""
    return Random(seed)  # noqa: S311 - nothing here is secret


dice = st.builds(rolled, st.integers(0, 2**32))


@given(numbers, numbers)
def test_initial_ranks_ascend_with_the_numbers(one: int, other: int) -> None:
    assert (initial(one) < initial(other)) == (one < other)
    assert (initial(one) == initial(other)) == (one == other)


@pytest.mark.parametrize(
    ("number", "length"), [(1, 3), (61, 3), (62, 4), (3843, 4), (3844, 5), (238_327, 5), (2**53, 11)]
)
def test_initial_ranks_are_short(number: int, length: int) -> None:
    assert len(initial(number)) == length
    assert is_rank(initial(number))


@pytest.mark.parametrize("number", [0, -1, 2**53 + 1])
def test_only_issue_numbers_have_an_initial_rank(number: int) -> None:
    with pytest.raises(ValueError, match="number"):
        initial(number)


@given(ranks, ranks, dice)
def test_there_is_room_between_any_two(one: str, other: str, jitter: Random) -> None:
    low, high = sorted((one, other))
    if low == high:
        with pytest.raises(ValueError, match="nothing between"):
            between(low, high)
    else:
        found = between(low, high, jitter=jitter)
        assert low < found < high
        assert is_rank(found)


@given(ranks, dice)
def test_there_is_room_at_both_ends(rank: str, jitter: Random) -> None:
    before, after = between(None, rank, jitter=jitter), between(rank, None, jitter=jitter)
    assert before < rank < after
    assert is_rank(before)
    assert is_rank(after)


@pytest.mark.parametrize("number", [1, 60, 61, 62, 3843, 3844, 2**53 - 1])
def test_moved_to_the_end_an_issue_stays_before_those_created_next(number: int) -> None:
    last = initial(number)
    for _ in range(500):
        moved = between(last, None)
        assert last < moved < initial(number + 1)
        last = moved
    assert spread(last, None, 5000)[-1] < initial(number + 1)


@given(numbers, st.none() | ranks, st.none() | ranks, dice)
def test_a_moved_issue_never_takes_the_place_of_a_new_one(
    number: int, before: str | None, after: str | None, jitter: Random
) -> None:
    if before is None or after is None or before < after:
        assert all(rank[-1] != initial(number)[-1] for rank in spread(before, after, 70, jitter=jitter))


@given(st.lists(st.integers(0, 10**6), max_size=120), dice)
def test_any_sequence_of_moves_and_new_issues_keeps_the_order(places: list[int], jitter: Random) -> None:
    """The model is a list; every tenth step creates an issue, the others put one anywhere."""
    order: list[str] = []
    for step, place in enumerate(places):
        if step % 10 == 0:
            rank = initial(step + 1)
            order.insert(bisect(order, rank), rank)
        else:
            at = place % (len(order) + 1)
            before, after = order[at - 1] if at else None, order[at] if at < len(order) else None
            order.insert(at, between(before, after, jitter=jitter))
        assert all(one < other for one, other in pairwise(order))


@pytest.mark.parametrize("stay", ["before", "after", "neither"])
def test_one_narrowing_gap_takes_two_hundred_moves_before_it_is_too_long(stay: str) -> None:
    low, high, jitter = initial(500), initial(501), rolled(1)
    for move in range(200):
        found = between(low, high, jitter=jitter)
        assert len(found) <= TOO_LONG
        if stay == "before" or (stay == "neither" and move % 2):
            high = found
        else:
            low = found


def test_ranks_at_the_open_ends_hardly_grow() -> None:
    jitter = rolled(1)
    top = bottom = initial(500)
    for _ in range(2000):
        top, bottom = between(None, top, jitter=jitter), between(bottom, None, jitter=jitter)
    assert len(top) <= 10
    assert len(bottom) <= 10


def test_two_people_who_move_to_one_place_get_different_ranks() -> None:
    jitter = rolled(1)
    assert len({between(initial(1), initial(2), jitter=jitter) for _ in range(100)}) == 100
    assert between(initial(1), initial(2)) != between(initial(1), initial(2))


def test_the_same_dice_give_the_same_rank() -> None:
    assert between("a1U", "a2U", jitter=rolled(7)) == between("a1U", "a2U", jitter=rolled(7))


@given(st.none() | ranks, st.none() | ranks, st.integers(0, 300), dice)
def test_spread_ranks_ascend_within_their_bounds(
    before: str | None, after: str | None, count: int, jitter: Random
) -> None:
    if before is not None and after is not None and before >= after:
        return
    found = spread(before, after, count, jitter=jitter)
    whole = ([before] if before else []) + found + ([after] if after else [])
    assert len(found) == count
    assert all(one < other for one, other in pairwise(whole))
    assert all(map(is_rank, found))
    assert len({len(rank) for rank in found}) <= 1


def test_spread_ranks_are_short_and_leave_room_for_many_more_moves() -> None:
    """A whole project of 20,000 issues, given new ranks: below those of the issues to come."""
    found = spread(None, None, 20_000, jitter=rolled(1))
    assert max(map(len, found)) <= 6
    assert found[-1] < initial(1)
    gaps = [len(between(low, high)) for low, high in pairwise(found[:50])]
    assert max(gaps) <= 7


@pytest.mark.parametrize("value", ["", "0", "a0", "a-", "ä", "a b", "a\n", "a" * (LONGEST + 1)])
def test_what_is_no_rank_is_refused(value: str) -> None:
    assert not is_rank(value)
    with pytest.raises(ValueError, match="not a rank"):
        between(value, None)
    with pytest.raises(ValueError, match="not a rank"):
        between(None, value)


def test_reversed_neighbours_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing between 'a2U' and 'a1U'"):
        between("a2U", "a1U")


def test_a_rank_never_outgrows_the_database() -> None:
    low = "a" * (LONGEST - 1)
    with pytest.raises(ValueError, match="no room left"):
        between(low + "1", low + "2")
