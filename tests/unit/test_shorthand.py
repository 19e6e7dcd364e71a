"""What the words at the end of a new issue's line set."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rhythm_domain.models import IssueType, Label, PersonRef, Priority, Total
from rhythm_tui.holding.shorthand import Known, Line, is_meant, read, wrong

ADA, MAX = (PersonRef(id=id, name=name, display_name=name.title()) for id, name in enumerate(("ada", "max")))
UI, DASHED, REVIEW = (
    Label(id=id, name=name, colour="red", description="", issue_count=Total(count=0))
    for id, name in enumerate(("ui", "to-do", "Needs review"))
)
BLANK = REVIEW.replace(name="to do")
KNOWN = Known.of([ADA, MAX], MAX, [UI, DASHED, BLANK, REVIEW], date(2026, 5, 13))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Fix login", Line("Fix login")),
        ("Fix  login p1 @ada #ui", Line("Fix  login", Priority.HIGH, assignee=ADA, labels=(UI,))),
        ("Fix #ui #needs-review @me", Line("Fix", assignee=MAX, labels=(UI, REVIEW))),
        ("Fix #to-do", Line("Fix", labels=(DASHED,))),
        ("Crash P0 #bug", Line("Crash", Priority.URGENT, IssueType.BUG)),
        ("Ask @ada about p1 crashes", Line("Ask @ada about p1 crashes")),
        ("Follow up on #12", Line("Follow up on #12")),
        ("Mail @nobody p2", Line("Mail @nobody", Priority.MEDIUM, unknown="@nobody")),
        ("Fix due:fri 3pt @ada", Line("Fix", assignee=ADA, due=date(2026, 5, 15), estimate=Decimal(3))),
        ("Fix 0,5p Due:2026-06-01", Line("Fix", due=date(2026, 6, 1), estimate=Decimal("0.5"))),
        ("Free it 0p", Line("Free it", estimate=Decimal(0))),
        ("Fix p1 due:frday", Line("Fix p1 due:frday", unknown="due:frday")),
        ("Fix p1 p9", Line("Fix p1 p9", unknown="p9")),
        ("See https://a.example", Line("See https://a.example")),
        ("Which one p1 p2", Line("Which one p1", Priority.MEDIUM)),
        ("p1", Line("p1")),
        (r"Rename it to \#ui p3", Line("Rename it to #ui", Priority.LOW)),
        (r"Keep C:\temp", Line(r"Keep C:\temp")),
        ("", Line("")),
    ],
)
def test_only_known_words_at_the_end_set_something(text: str, line: Line) -> None:
    assert read(text, KNOWN) == line


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("@adda", "Nobody here is called adda. Did you mean ada?"),
        ("#bux", "There is no label bux. Did you mean bug?"),
        ("due:2026-02-30", "2026-02-30 is not in the calendar."),
        ("p9", "A priority is one of p0 to p4."),
        ("status:done", "status: sets nothing here."),
    ],
)
def test_why_a_word_sets_nothing_is_said(word: str, why: str) -> None:
    assert wrong(word, KNOWN) == why


def test_names_are_asked_for_only_where_they_may_be_meant() -> None:
    lines = ("Fix it", "Fix p1", "Fix @x", r"Fix \#x", "Fix #12", "p1 Fix", "2pt Fix", "Fix 2pt", "")
    assert [line for line in lines if is_meant(line)] == ["Fix p1", "Fix @x", r"Fix \#x", "Fix 2pt"]
