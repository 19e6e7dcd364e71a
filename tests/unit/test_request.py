"""What somebody asks for over SSH: the app, an issue, or Rhythm's own commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.errors import Invalid
from rhythm_tui.hosting.request import Open, Run, asked


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (None, Open()),
        ("", Open()),
        ("rhythm", Open()),
        ("core-42", Open("CORE-42")),
        ("open CORE-42", Open("CORE-42")),
        ("rhythm open CORE-42", Open("CORE-42")),
        ("issue list 'assignee:@me is:open'", Run(("issue", "list", "assignee:@me is:open"))),
        ("rhythm issue list", Run(("issue", "list"))),
        ("CORE-42 x", Run(("CORE-42", "x"))),
        ("open x", Run(("open", "x"))),
    ],
)
def test_at_a_terminal(command: str | None, wanted: Open | Run) -> None:
    assert asked(command, terminal=True) == wanted


def test_without_a_terminal_an_issue_is_text_and_there_is_no_app() -> None:
    assert asked("CORE-42", terminal=False) == Run(("issue", "show", "CORE-42"))
    assert asked("issue list", terminal=False) == Run(("issue", "list"))
    for nothing in (None, "", "rhythm"):
        with pytest.raises(Invalid, match="terminal"):
            asked(nothing, terminal=False)


@given(st.text(), st.booleans())
def test_whatever_is_asked_is_read_or_refused(command: str, terminal: bool) -> None:
    try:
        found = asked(command, terminal=terminal)
    except Invalid:
        return
    assert isinstance(found, (Open, Run))
