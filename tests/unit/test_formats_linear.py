"""Linear: its CSV becomes issues."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from rhythm_domain.errors import Invalid
from rhythm_domain.formats import (
    ImportIssue,
    ImportLabel,
    ImportPerson,
    ImportSprint,
    Problem,
    Record,
    linear,
)
from rhythm_domain.models import IssueType, LinkKind, Priority, Status

COLUMNS = [
    *(
        "Id",
        "Team",
        "Title",
        "Description",
        "Status",
        "Estimate",
        "Priority",
        "Project",
        "Creator",
        "Assignee",
    ),
    *("Labels", "Cycle Number", "Cycle Name", "Cycle Start", "Cycle End", "Created", "Updated", "Started"),
    *("Completed", "Canceled", "Archived"),
]
NEWER = ["Due Date", "Parent issue", "Blocked by", "UUID"]


def read(*rows: dict[str, str]) -> list[Record]:
    """What is read of a file with these rows, as Linear writes it: every cell quoted."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *NEWER], restval="", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return list(linear.read(io.BytesIO(text.getvalue().encode())))


def only(**cells: str) -> ImportIssue:
    """The issue of one row; the columns' names with underscores for spaces."""
    named = {name.replace("_", " "): cell for name, cell in cells.items()}
    [issue] = read({"Id": "TEA-1", "Title": "Boil", "Status": "Todo"} | named)
    assert isinstance(issue, ImportIssue)
    return issue


def test_a_whole_row() -> None:
    """Everything that Linear and Rhythm both have a field for."""
    issue = only(
        Description="one\r\ntwo",
        Estimate="3",
        Priority="Urgent",
        Creator="mira@acme.example",
        Assignee="Ada L",
        Labels="bug, hot water",
        Created="Wed May 13 2026 11:21:41 GMT+0000 (GMT+00:00)",
        Updated="2026-05-14T08:00:00.000Z",
        Due_Date="Thu Jun 25 2026 23:00:00 GMT+0000 (GMT+00:00)",
        Parent_issue="TEA-9",
        Blocked_by="TEA-2, TEA-3",
    )
    assert (issue.source_key, issue.number, issue.description) == ("linear:TEA-1", 1, "one\ntwo")
    assert (issue.priority, issue.type, issue.estimate) == (Priority.URGENT, IssueType.BUG, Decimal(3))
    assert (issue.author, issue.assignee) == (
        ImportPerson("mira@acme.example"),
        ImportPerson("Ada L", "Ada L"),
    )
    assert issue.labels == (ImportLabel("bug"), ImportLabel("hot water"))
    assert issue.created_at == datetime(2026, 5, 13, 11, 21, 41, tzinfo=UTC)
    assert issue.updated_at == datetime(2026, 5, 14, 8, tzinfo=UTC)
    assert issue.due == date(2026, 6, 26)
    assert issue.parent_key == "linear:TEA-9"
    assert issue.links == ((LinkKind.BLOCKED_BY, "linear:TEA-2"), (LinkKind.BLOCKED_BY, "linear:TEA-3"))
    assert issue.notes == ()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Backlog", Status.BACKLOG),
        ("Triage", Status.BACKLOG),
        ("Todo", Status.TODO),
        ("In Progress", Status.IN_PROGRESS),
        ("In Review", Status.IN_REVIEW),
        ("Done", Status.DONE),
        ("Canceled", Status.CANCELLED),
        ("Duplicate", Status.CANCELLED),
    ],
)
def test_linears_own_statuses(name: str, status: Status) -> None:
    """Each has its place."""
    assert only(Status=name).status is status


@pytest.mark.parametrize(
    ("column", "status"),
    [
        ("Completed", Status.DONE),
        ("Canceled", Status.CANCELLED),
        ("Started", Status.IN_PROGRESS),
        ("UUID", Status.TODO),
    ],
)
def test_a_teams_own_status_is_guessed_and_said(column: str, status: Status) -> None:
    """By the times that are set; the name stays in the metadata."""
    issue = only(Status="Steeping", **{column: "2026-05-14T08:00:00Z"})
    assert issue.status is status
    assert issue.metadata["Status"] == "Steeping"
    assert any("Steeping" in note for note in issue.notes)


def test_only_a_closed_issue_has_a_closing_time() -> None:
    """One that was reopened keeps none."""
    assert only(Status="Done", Completed="2026-05-14").closed_at == datetime(2026, 5, 14, tzinfo=UTC)
    assert only(Status="Canceled", Canceled="2026-05-15").closed_at == datetime(2026, 5, 15, tzinfo=UTC)
    assert only(Status="Todo", Completed="2026-05-14").closed_at is None


@pytest.mark.parametrize(
    ("name", "priority"),
    [
        ("No priority", Priority.NONE),
        ("High", Priority.HIGH),
        ("Medium", Priority.MEDIUM),
        ("Low", Priority.LOW),
    ],
)
def test_priorities(name: str, priority: Priority) -> None:
    """By their names."""
    assert only(Priority=name).priority is priority


def test_a_cycle_is_a_sprint() -> None:
    """Named by its number where it has no name; its ends are days."""
    start, end = "Mon May 04 2026 00:00:00 GMT+0000", "Sun May 17 2026 23:00:00 GMT+0000"
    sprint = only(Cycle_Number="4", Cycle_Start=start, Cycle_End=end).sprint
    assert sprint == ImportSprint("Cycle 4", starts_on=date(2026, 5, 4), ends_on=date(2026, 5, 18))
    assert only(Cycle_Number="4", Cycle_Name="Spring").sprint == ImportSprint("Spring")


def test_the_guard_of_formulas_is_taken_away() -> None:
    """Linear writes `'=...`; an apostrophe of the text stays."""
    assert only(Title="'=SUM(A1)").title == "=SUM(A1)"
    assert only(Title="'tis late").title == "'tis late"


def test_numbers_are_kept_of_one_team_only() -> None:
    """Two teams would claim the same numbers."""
    row = {"Title": "Boil", "Status": "Todo"}
    one = read(row | {"Id": "TEA-1"}, row | {"Id": "TEA-7"})
    two = read(row | {"Id": "TEA-1"}, row | {"Id": "POT-1"})
    assert [issue.number for issue in one if isinstance(issue, ImportIssue)] == [1, 7]
    assert [issue.number for issue in two if isinstance(issue, ImportIssue)] == [None, None]


def test_what_has_no_place_or_cannot_be_read_is_kept_and_said() -> None:
    """The row is not lost for it."""
    issue = only(Team="Tea", Project="Leaves", Estimate="many", Created="soon")
    assert issue.metadata == {"Team": "Tea", "Project": "Leaves", "Estimate": "many", "Created": "soon"}
    assert (issue.estimate, issue.created_at) == (None, None)
    assert len(issue.notes) == 2


def test_bad_rows_are_problems_by_line() -> None:
    """No Id, no title, the same issue again."""
    good = {"Id": "TEA-1", "Title": "Boil", "Status": "Todo"}
    found = read(good, good | {"Id": ""}, good | {"Id": "TEA-2", "Title": ""}, good)
    problems = [(problem.line, problem.reason) for problem in found if isinstance(problem, Problem)]
    assert problems == [
        (3, "it has no Id"),
        (4, "it has no title"),
        (5, "the same issue stands at line 2 already"),
    ]


def test_a_file_without_the_columns_is_refused_with_their_names() -> None:
    """And the hint says where Linear makes one."""
    with pytest.raises(Invalid, match="“status”") as raised:
        linear.read(io.BytesIO(b"Id,Title\n"))
    assert "Export CSV" in raised.value.hint
