"""GitHub: what `gh issue list --json` prints becomes issues."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from rhythm_domain.errors import Invalid
from rhythm_domain.formats import (
    ImportIssue,
    ImportLabel,
    ImportPerson,
    ImportSprint,
    Problem,
    Record,
    github,
)
from rhythm_domain.models import IssueType, Priority, Status

AT = "2024-03-01T10:00:00Z"


def printed(number: int = 6, **changed: Any) -> dict[str, Any]:
    """One issue as `gh` prints it."""
    return {
        "assignees": [],
        "author": {"login": "mira"},
        "body": "",
        "closedAt": None,
        "comments": [],
        "createdAt": AT,
        "labels": [],
        "milestone": None,
        "number": number,
        "state": "OPEN",
        "stateReason": "",
        "title": "Kettle whistles off key",
        "updatedAt": AT,
        "url": f"https://github.com/acme/kettle/issues/{number}",
    } | changed


def read(*issues: object) -> list[Record]:
    return list(github.read(io.BytesIO(json.dumps(issues, indent=1).encode())))


def only(**changed: Any) -> ImportIssue:
    [issue] = read(printed(**changed))
    assert isinstance(issue, ImportIssue)
    return issue


def test_an_issue_keeps_its_number_key_address_and_times() -> None:
    """The key comes from the address, so that a second import finds the issue."""
    issue = only(updatedAt="2024-03-02T11:30:00Z")
    assert (issue.number, issue.source_key) == (6, "github:acme/kettle#6")
    assert issue.url == "https://github.com/acme/kettle/issues/6"
    assert issue.created_at == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert issue.updated_at == datetime(2024, 3, 2, 11, 30, tzinfo=UTC)
    assert issue.author == ImportPerson("mira")
    assert issue.metadata == {}


def test_a_companys_own_github_is_another_source() -> None:
    """Its host is part of the key."""
    assert only(url="https://git.acme.example/a/b/issues/6").source_key == "github:git.acme.example/a/b#6"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"state": "OPEN"}, Status.TODO),
        ({"state": "CLOSED", "stateReason": "COMPLETED"}, Status.DONE),
        ({"state": "CLOSED", "stateReason": None}, Status.DONE),
        ({"state": "CLOSED", "stateReason": "NOT_PLANNED"}, Status.CANCELLED),
        ({"state": "CLOSED", "stateReason": "DUPLICATE"}, Status.CANCELLED),
        ({"state": None, "closed": True}, Status.DONE),
    ],
)
def test_the_state_and_its_reason_make_the_status(fields: dict[str, Any], status: Status) -> None:
    """What was closed without being done is cancelled."""
    assert only(**fields).status is status


def test_labels_stay_and_well_known_ones_say_more() -> None:
    """`bug` is a label and the type; the colour gets its `#`."""
    issue = only(
        labels=[{"id": "L1", "name": "bug", "color": "D73A4A", "description": "Broken"}, {"name": "P1"}]
    )
    assert issue.labels == (ImportLabel("bug", "#d73a4a", "Broken"), ImportLabel("P1"))
    assert (issue.type, issue.priority) == (IssueType.BUG, Priority.HIGH)


def test_a_milestone_is_a_sprint_that_ends_when_it_is_due() -> None:
    """Its description is the goal; one without a day has none."""
    milestone = {"number": 1, "title": "v1", "description": "Ship it", "dueOn": "2024-05-01T00:00:00Z"}
    assert only(milestone=milestone).sprint == ImportSprint("v1", goal="Ship it", ends_on=date(2024, 5, 1))
    assert only(milestone={"title": "v2", "dueOn": None}).sprint == ImportSprint("v2")


def test_deleted_accounts_and_bots_are_people_too() -> None:
    """An account that is gone is the ghost; a bot has one login, wherever `gh` prints it."""
    comment = {"author": None, "body": "bye", "createdAt": AT}
    issue = only(author={"is_bot": True, "login": "app/dependabot"}, comments=[comment])
    assert issue.author == ImportPerson("dependabot", "dependabot (bot)")
    assert issue.comments[0].author == ImportPerson("ghost", "Deleted account")
    assert only(author=None).author == ImportPerson("ghost", "Deleted account")


def test_the_first_assignee_is_the_assignee() -> None:
    """The others are kept beside."""
    issue = only(assignees=[{"login": "ada", "name": "Ada L"}, {"login": "bo"}])
    assert issue.assignee == ImportPerson("ada", "Ada L")
    assert issue.other_assignees == (ImportPerson("bo"),)


def test_comments_have_keys_that_stay_the_same() -> None:
    """By the comment's number, else by its time, however many others come or go."""
    plain = {"author": {"login": "ada"}, "createdAt": AT, "body": "me"}
    address = "https://github.com/acme/kettle/issues/6#issuecomment-77"
    issue = only(comments=[plain | {"id": "IC_1", "url": address}, plain, plain | {"body": "too"}])
    assert [comment.source_key for comment in issue.comments] == [
        "github:acme/kettle#6/77",
        "github:acme/kettle#6/2024-03-01T10:00:00Z",
        "github:acme/kettle#6/2024-03-01T10:00:00Z/2",
    ]


def test_what_has_no_place_is_kept_in_the_metadata() -> None:
    """The reason of a cancellation, the node id, fields of newer versions; not what is empty."""
    issue = only(state="CLOSED", stateReason="DUPLICATE", id="I_9", isPinned=True, reactionGroups=[])
    assert issue.metadata == {"stateReason": "DUPLICATE", "id": "I_9", "isPinned": True}


def test_texts_are_made_fit_and_it_is_said() -> None:
    """Line ends become those of Unix; an escape character does not pass, and the note names the field."""
    issue = only(title="Bold\x1b[1m", body="one\r\ntwo")
    assert "\x1b" not in issue.title
    assert any(note.startswith("title: ") for note in issue.notes)
    assert issue.description == "one\ntwo"


def test_a_title_that_is_too_long_is_cut_and_kept_whole() -> None:
    """The whole of it is in the metadata."""
    issue = only(title="x" * 300)
    assert len(issue.title) <= 250
    assert issue.metadata["full title"] == "x" * 300
    assert any(note.startswith("title: ") for note in issue.notes)


@pytest.mark.parametrize(
    ("bad", "source", "reason"),
    [
        ("text", "item 2 of the list", "not an issue"),
        ({"title": "no number"}, "item 2 of the list", "it has no number"),
        (printed(7) | {"number": "7"}, "item 2 of the list", "its number"),
        (printed(7, title=" "), "acme/kettle#7", "it has no title"),
        (printed(7, state="MERGED"), "#7", "MERGED"),
        (printed(7, createdAt="soon"), "#7", "soon"),
        (printed(7, labels=[{}]), "#7", "it has no name"),
        (printed(7, labels=5), "#7", "not of the kind"),
        (printed(6), "acme/kettle#6", "already"),
    ],
)
def test_a_bad_entry_is_a_problem_and_the_rest_goes_on(bad: object, source: str, reason: str) -> None:
    """With its line, its name and the reason in words."""
    first, problem, last = read(printed(6), bad, printed(8))
    assert isinstance(first, ImportIssue)
    assert isinstance(last, ImportIssue)
    assert isinstance(problem, Problem)
    assert problem.source == source
    assert reason in problem.reason
    assert first.line < problem.line < last.line


def test_a_file_that_was_cut_off_gives_what_it_has() -> None:
    """The issues before the cut are read, the cut is a problem."""
    whole = json.dumps([printed(1), printed(2)])
    issue, problem = github.read(io.BytesIO(whole[:-9].encode()))
    assert isinstance(issue, ImportIssue)
    assert isinstance(problem, Problem)
    assert "nothing after it was read" in problem.reason


def test_an_empty_list_is_no_issues() -> None:
    """And no error."""
    assert read() == []


def test_another_file_is_refused_with_the_command_that_makes_one() -> None:
    """The hint can be pasted."""
    with pytest.raises(Invalid) as raised:
        github.read(io.BytesIO(b'{"issues": []}'))
    assert "gh issue list" in raised.value.hint
