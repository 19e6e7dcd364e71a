"""Completion for the search language: what is offered where, in which order, and what it replaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.query import Field, parse
from rhythm_domain.suggest import LIMIT, Suggestion, Vocabulary, asks_for_names, suggest

KNOWN = Vocabulary(
    people={"ada": "Ada Lovelace", "grace": "Grace Hopper", "mel": "Mélanie Dupont", "lu": "Łucja Nowak"},
    labels={"needs review": "", "bug": "It is broken", "debugging": "", "none": ""},
    sprints={"Sprint 12": "active", "Sprint 13": "planned"},
    projects={"CORE": "Core platform", "WEB": "Website"},
)


def offered(marked: str) -> list[Suggestion]:
    """What is offered where the bar stands."""
    before, _, after = marked.partition("|")
    return suggest(before + after, len(before), KNOWN)


def labels(marked: str) -> list[str]:
    return [each.label for each in offered(marked)]


def chosen(marked: str) -> str:
    """The text after the first suggestion was taken."""
    first = offered(marked)[0]
    text = marked.replace("|", "", 1)
    return text[: first.start] + first.replacement + text[first.end :]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("sta|", "status:"),
        ("STA|", "status:"),
        ("-la|", "-label:"),
        ("login as| x", "login assignee: x"),
        ("st|atus:todo", "status:todo"),
        ("status:to|", "status:todo"),
        ("status:to|do x", "status:todo x"),
        ("status:inp|", "status:in_progress"),
        ("status:todo,do|", "status:todo,done"),
        ("-status:todo,do|,backlog", "-status:todo,done,backlog"),
        ("assignee:@|", "assignee:@me"),
        ("assignee:|", "assignee:@me"),
        ("assignee:love|", "assignee:ada"),
        ("assignee:mela|", "assignee:mel"),
        ("assignee:luc|", "assignee:lu"),
        ("label:nee|", 'label:"needs review"'),
        ('label:"nee| status:todo', 'label:"needs review" status:todo'),
        ('label:"nee|" x', 'label:"needs review" x'),
        ("label:no|", 'label:"none"'),
        ("sprint:|", "sprint:current"),
        ("sprint:13|", 'sprint:"Sprint 13"'),
        ("project:c|", "project:CORE"),
        ("project:site|", "project:WEB"),
        ("updated:<7|", "updated:<7d"),
        ("updated:<|", "updated:<7d"),
        ("updated:|", "updated:<7d"),
        ("due:>=tom|", "due:>=tomorrow"),
        ("due:to|", "due:today"),
        ("priority:>=h|", "priority:>=high"),
        ("is:ov|", "is:overdue"),
        ("no:as|", "no:assignee"),
        ("has:ch|", "has:children"),
        ("sort:pr|", "sort:priority"),
        ("sort:updated-|", "sort:updated-asc"),
    ],
)
def test_the_best_suggestion_completes_the_query(marked: str, expected: str) -> None:
    assert chosen(marked) == expected


def test_a_beginning_comes_before_the_inside() -> None:
    assert labels("label:bug|") == ["bug", "debugging"]
    assert labels("st|")[0] == "status:"


def test_a_value_is_offered_once() -> None:
    assert "todo" not in labels("status:todo,|")
    assert "@me" not in labels("assignee:@me,|")


def test_every_qualifier_is_offered_on_a_blank() -> None:
    everything = [*(f"{field}:" for field in Field), "sort:"]
    assert sorted(labels("|")) == sorted(everything)
    assert labels("login |") == labels("|")
    assert {(each.start, each.end) for each in offered("login |")} == {(6, 6)}


@pytest.mark.parametrize(
    "marked", ["|login", '"sta|', "12|", "foo:b|", "xyz|", "status:zzz|", "login| sta" * 200]
)
def test_nothing_is_offered_where_nothing_fits(marked: str) -> None:
    assert offered(marked) == []


def test_days_ahead_are_not_offered_for_what_is_past() -> None:
    assert "tomorrow" not in labels("updated:|")
    assert "tomorrow" in labels("due:|")


def test_everything_offered_says_what_it_is_and_is_a_query() -> None:
    for name in ("status", "priority", "assignee", "reporter", "sprint", "project", "estimate"):
        assert all(each.description for each in offered(f"{name}:|"))
    for name in (*Field, "sort"):
        for each in offered(f"x {name}:|"):
            parse(f"x {name}:{each.replacement}")


def test_at_most_a_screenful_is_offered() -> None:
    many = Vocabulary(people={f"person{number}": "" for number in range(1000)})
    assert len(suggest("assignee:p", 10, many)) == LIMIT


@given(st.text(alphabet='status:label,"-<>7d @ada\\', max_size=40), st.integers(-5, 50))
def test_any_text_and_cursor_give_suggestions_that_hold_the_cursor(text: str, cursor: int) -> None:
    for each in suggest(text, cursor, KNOWN):
        assert 0 <= each.start <= min(max(cursor, 0), len(text)) <= each.end <= len(text)


@pytest.mark.parametrize(
    "text", ["", "cr", "crash st", "status:do", "due:<", "-assignee:", "label:a,", "x sprint:", "project:c"]
)
def test_names_are_asked_for_only_where_they_make_a_difference(text: str) -> None:
    at = len(text)
    assert asks_for_names(text, at) == (suggest(text, at, KNOWN) != suggest(text, at, Vocabulary()))
    assert not asks_for_names(f"{text} word", at + 5)
