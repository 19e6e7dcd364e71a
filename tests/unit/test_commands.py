"""The commands: each declared once, on keys that mean one thing where they are pressed."""

from __future__ import annotations

import pytest

from rhythm_domain.errors import Invalid
from rhythm_tui.commands import COMMANDS, RESERVED, remapped


def test_no_two_commands_of_a_screen_share_a_key() -> None:
    assert remapped({}) == COMMANDS


def test_no_key_is_one_that_terminals_use_otherwise() -> None:
    assert not {key for command in COMMANDS.values() for key in command.keys} & RESERVED


def test_help_is_a_sentence_and_a_label_a_word_or_two() -> None:
    for command in COMMANDS.values():
        assert command.help.endswith(".")
        assert command.help[0].isupper()
        assert 0 < len(command.label) <= 20


def test_a_key_is_remapped_by_its_commands_id() -> None:
    commands = remapped({"issue.assign_me": "I", "view.board": "f6, g  b"})
    assert commands["issue.assign_me"].keys == ("I",)
    assert commands["view.board"].keys == ("f6", "g b")
    assert commands["issue.assign"].keys == COMMANDS["issue.assign"].keys


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"issue.priority": "s"}, "s is a key of both issue.status (status) and issue.priority (priority)"),
        ({"issue.priority": "g"}, "g is a key of both"),
        ({"issue.prioritty": "f6"}, "no command 'issue.prioritty'"),
        ({"issue.priority": "ctrl+h"}, "ctrl+h can't be a key of issue.priority"),
    ],
)
def test_a_clash_is_refused_with_both_names(keys: dict[str, str], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        remapped(keys)
    assert said in refused.value.message
    assert refused.value.hint


def test_the_same_key_may_mean_two_things_on_two_screens() -> None:
    """As H does on the board and in the planner."""
    assert remapped({"card.left": "f7", "plan.left": "f7"})
