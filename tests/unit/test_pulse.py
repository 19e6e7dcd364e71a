"""Whether a terminal is still there, by what is heard of it."""

from __future__ import annotations

from rhythm_tui.terminal.pulse import PATIENCE, SILENCE, Finding, Pulse

NOTHING, ASK, GONE = Finding.NOTHING, Finding.ASK, Finding.GONE


def answering() -> Pulse:
    """A terminal that answered the first question at 0."""
    pulse = Pulse(0)
    pulse.wrote()
    assert pulse.look(0) is ASK
    pulse.heard(0, answer=True)
    return pulse


def test_while_nothing_is_written_nothing_is_asked() -> None:
    """sshd asks then, and an idle session is silent."""
    assert [answering().look(now) for now in (1, SILENCE, 1000)] == [NOTHING] * 3
    assert Pulse(0).look(1000) is NOTHING


def test_who_types_is_not_asked() -> None:
    pulse = answering()
    for now in range(100):
        pulse.wrote()
        pulse.heard(now)
        assert pulse.look(now + SILENCE / 2) is NOTHING


def test_what_is_written_into_silence_is_followed_by_a_question() -> None:
    pulse = answering()
    pulse.wrote()
    assert pulse.look(SILENCE - 1) is NOTHING
    assert pulse.look(SILENCE) is ASK
    assert pulse.look(SILENCE + 1) is NOTHING
    pulse.heard(SILENCE + 2, answer=True)
    assert pulse.look(SILENCE + PATIENCE) is NOTHING


def test_no_answer_is_an_answer() -> None:
    pulse = answering()
    pulse.wrote()
    assert pulse.look(SILENCE) is ASK
    pulse.wrote()
    assert pulse.look(SILENCE + PATIENCE - 1) is NOTHING
    assert pulse.look(SILENCE + PATIENCE) is GONE


def test_a_terminal_that_never_answers_is_left_alone() -> None:
    pulse = Pulse(0)
    pulse.wrote()
    assert pulse.look(0) is ASK
    assert pulse.look(PATIENCE) is NOTHING
    pulse.wrote()
    assert pulse.look(PATIENCE + SILENCE) is ASK
    assert pulse.look(PATIENCE * 3) is NOTHING
