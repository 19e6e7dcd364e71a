"""What is learnt of a file before anything is written, and what an import compares."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.formats import ImportComment, ImportIssue, ImportLabel, ImportPerson, ImportSprint
from rhythm_domain.models import LinkKind, SprintState, Status
from rhythm_domain.services.exchange.linking import Linking, Pending
from rhythm_domain.services.exchange.survey import FIELDS, Survey, account_name, changed_fields, fingerprint
from rhythm_domain.text import check_name

THEN = datetime(2020, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("login", "name"),
    [
        ("Ada", "ada"),
        ("ada.lovelace", "ada.lovelace"),
        ("Ada Lovelace", "ada-lovelace"),
        ("José Núñez", "jose-nunez"),
        ("ada@example.org", "ada-example-org"),
        ("dependabot[bot]", "dependabot-bot"),
    ],
)
def test_a_login_becomes_a_user_name(login: str, name: str) -> None:
    assert account_name(login) == name


@given(st.text(min_size=1, max_size=100))
def test_every_login_becomes_a_valid_name(login: str) -> None:
    assert check_name(account_name(login)) == account_name(login)


def test_people_whose_letters_can_not_be_kept_stay_two() -> None:
    assert account_name("Пётр") != account_name("Иван")
    assert account_name("x" * 50 + "1") != account_name("x" * 50 + "2")


def test_numbers_are_kept_only_if_all_are_there_and_none_twice() -> None:
    def numbers(*given: int | None) -> dict[str, int] | None:
        survey = Survey()
        for at, number in enumerate(given):
            survey.add(ImportIssue(f"a:{at}", "t", number=number))
        return survey.own_numbers()

    assert numbers(3, 7) == {"a:0": 3, "a:1": 7}
    assert numbers(3, 3) is None
    assert numbers(3, None) is None
    assert numbers(3, 2**31 - 1) is None


def test_a_sprint_is_over_once_all_its_issues_are() -> None:
    survey = Survey()
    for at, (name, status) in enumerate([("One", Status.DONE), ("Two", Status.DONE), ("two", Status.TODO)]):
        survey.add(ImportIssue(f"a:{at}", "t", status=status, sprint=ImportSprint(name), created_at=THEN))
    assert {name: sprint.state for name, sprint in survey.sprints.items()} == {
        "one": SprintState.FINISHED,
        "two": SprintState.PLANNED,
    }
    row = survey.sprints["one"].row(SprintState.FINISHED, THEN)
    assert row["started_at"] == THEN <= row["finished_at"]


ISSUE = ImportIssue("a:1", "Title")
CHANGES = {
    "title": {"title": "Other"},
    "description": {"description": "Text"},
    "status": {"status": Status.DONE},
    "assignee": {"assignee": ImportPerson("ada")},
    "sprint": {"sprint": ImportSprint("One")},
    "estimate": {"estimate": Decimal(3)},
    "due": {"due": date(2020, 1, 1)},
    "labels": {"labels": (ImportLabel("bug"),)},
    "comments": {"comments": (ImportComment("a:1/1", None, "Hi", THEN),)},
    "times": {"updated_at": THEN},
    "source": {"metadata": {"kept": 1}},
    "parent": {"parent_key": "a:2"},
    "links": {"links": ((LinkKind.BLOCKS, "a:2"),)},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_fingerprint_tells_which_field_changed(name: str) -> None:
    changed = replace(ISSUE, **CHANGES[name])  # type: ignore[arg-type]
    assert changed_fields(fingerprint(ISSUE), fingerprint(changed)) == {name}


def test_without_an_earlier_fingerprint_everything_changed() -> None:
    assert changed_fields(b"", fingerprint(ISSUE)) == set(FIELDS)


def test_what_is_written_another_way_is_no_change() -> None:
    one = replace(ISSUE, estimate=Decimal("3.0"), labels=(ImportLabel("a"), ImportLabel("b")), line=1)
    other = replace(ISSUE, estimate=Decimal(3), labels=(ImportLabel("b"), ImportLabel("a")), line=9)
    assert fingerprint(one) == fingerprint(other)


def _pending(key: str, parent: str | None = None, *blocks: str) -> Pending:
    return Pending.of(
        ImportIssue(key, "t", parent_key=parent, links=tuple((LinkKind.BLOCKS, one) for one in blocks))
    )


def test_circles_and_strangers_are_left_out_with_a_note() -> None:
    linking = Linking({"a:1": 1, "a:2": 2, "a:3": 3}, {}, {})
    parents, links = linking.resolve(
        [_pending("a:1", "a:2", "a:2"), _pending("a:2", "a:3", "a:3"), _pending("a:3", "a:1", "a:1", "a:9")]
    )
    assert parents == {1: 2, 2: 3, 3: None}
    assert links == [(1, 2), (2, 3)]
    assert [note.note for note in linking.notes] == [
        "parent: it would be below itself through 1; left out",
        "link: it and 1 would wait for each other; left out",
        "link: 9 is not in this project; left out",
    ]
