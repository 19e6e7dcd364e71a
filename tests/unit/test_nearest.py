"""Did you mean ...?"""

from __future__ import annotations

from difflib import get_close_matches

from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.nearest import LIMIT, did_you_mean, near

WORDS = st.text("ab", max_size=12)


@given(WORDS, st.lists(WORDS, max_size=4))
def test_what_is_left_out_by_its_length_is_like_nothing(said: str, names: list[str]) -> None:
    assert near(said, names) == get_close_matches(said, names, LIMIT)


def test_a_hint_names_what_is_like_it_as_it_is_written() -> None:
    assert did_you_mean("MAI", ["Mia", "vic"], "?") == "Did you mean Mia?"
    assert did_you_mean("x" * 1_000_000, ["Mia", "vic"], "?") == "?"
