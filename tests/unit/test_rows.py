"""A stretch of a list: pages come and go at both ends, issues in between."""

from __future__ import annotations

from rhythm_domain.models import IssueRow, Page
from rhythm_tui.holding.rows import Window
from tests.unit.test_planning import issue


def page(*ids: int, next: str | None = None) -> Page[IssueRow]:
    return Page[IssueRow](items=tuple(issue(id=id) for id in ids), next=next)


def ids(window: Window) -> list[int]:
    assert [window.place(row.id) for row in window] == list(range(len(window)))
    return [row.id for row in window]


def test_an_issue_is_put_between_two_in_the_page_of_the_second() -> None:
    window = Window(page(1, 2, next="a"))
    window.append(page(3, 4))
    window.insert(2, issue(id=9))
    assert ids(window) == [1, 2, 9, 3, 4]
    window.insert(0, issue(id=8))
    window.insert(6, issue(id=7))
    assert ids(window) == [8, 1, 2, 9, 3, 4, 7]


def test_into_an_empty_list_too() -> None:
    for window in (Window(), Window(page())):
        window.insert(0, issue(id=9))
        assert ids(window) == [9]


def test_issues_are_taken_out_wherever_they_stand() -> None:
    window = Window(page(1, 2, next="a"))
    window.append(page(2, 3))
    window.take({2, 5})
    assert ids(window) == [1, 3]
    window.take({1, 3})
    assert ids(window) == []


def test_an_answer_that_was_overtaken_changes_nothing() -> None:
    window = Window(page(1))
    assert window.replace([issue(id=1, version=3, title="new")]) == {1}
    assert window.replace([issue(id=1, version=2, title="old")]) == frozenset()
    assert window[0].title == "new"
