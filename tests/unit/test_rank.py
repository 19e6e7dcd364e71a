"""Ordering keys: strict order, and always room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain import rank

numbers = st.integers(min_value=1, max_value=2**53)
keys = st.from_regex(r"[0-9A-Za-z]{0,11}[1-9A-Za-z]", fullmatch=True)


@given(numbers, numbers)
def test_issues_are_born_in_the_order_of_their_numbers(one: int, other: int) -> None:
    assert (one < other) == (rank.initial(one) < rank.initial(other))
    assert rank.is_rank(rank.initial(one))


def test_there_is_no_issue_zero() -> None:
    with pytest.raises(ValueError, match="start at 1"):
        rank.initial(0)


@given(keys, keys)
def test_there_is_always_room_between_two(one: str, other: str) -> None:
    low, high = sorted((one, other))
    if low == high:
        with pytest.raises(ValueError, match="not before"):
            rank.between(low, high)
    else:
        made = rank.between(low, high)
        assert low < made < high
        assert rank.is_rank(made)


@given(keys)
def test_there_is_room_at_both_ends(key: str) -> None:
    assert rank.between(None, key) < key < rank.between(key, None)


@given(numbers)
def test_what_is_put_last_is_followed_by_issues_born_later(number: int) -> None:
    assert rank.initial(number) < rank.between(rank.initial(number), None) < rank.initial(number + 1)


@given(keys, keys, st.integers(min_value=1, max_value=300))
def test_spread_keys_rise(one: str, other: str, count: int) -> None:
    low, high = sorted((one, other + "x"))
    if low < high:
        made = rank.spread(low, high, count)
        assert len(made) == count
        assert sorted({low, *made, high}) == [low, *made, high]


@given(st.lists(st.integers(min_value=0, max_value=10**6), max_size=200))
def test_keys_that_were_moved_never_meet_those_that_issues_are_born_with(places: list[int]) -> None:
    order = [rank.initial(number) for number in range(1, 5)]
    born = {rank.initial(number) for number in range(1, 5000)}
    for place in places:
        at = place % (len(order) + 1)
        made = rank.between(order[at - 1] if at else None, order[at] if at < len(order) else None)
        assert made not in born
        order.insert(at, made)
    assert sorted(set(order)) == order


def test_always_inserting_at_one_spot_grows_slowly() -> None:
    low, high = rank.initial(1), rank.initial(2)
    for _ in range(150):
        high = rank.between(low, high)
    assert len(high) < rank.TOO_LONG


def test_two_who_move_to_one_place_get_different_keys() -> None:
    assert len({rank.between("B1V", "B2V") for _ in range(100)}) > 50
