"""Jira: its CSV becomes issues."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from rhythm_domain.errors import Invalid
from rhythm_domain.formats import ImportIssue, ImportLabel, ImportPerson, ImportSprint, Record, jira
from rhythm_domain.models import IssueType, LinkKind, Priority, Status


def read(header: list[str], *rows: list[str]) -> list[Record]:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return list(jira.read(io.BytesIO(text.getvalue().encode("utf-8-sig"))))


def only(*cells: tuple[str, str]) -> ImportIssue:
    """The issue of one row, given as pairs of column and cell: names may repeat."""
    given = [("Issue key", "POT-1"), ("Summary", "Mend the lid"), *cells]
    [issue] = read([name for name, _ in given], [cell for _, cell in given])
    assert isinstance(issue, ImportIssue)
    return issue


def test_a_whole_row() -> None:
    """Everything that Jira and Rhythm both have a field for; names may repeat."""
    issue = only(
        ("Issue Type", "Story"),
        ("Status", "In Progress"),
        ("Priority", "Highest"),
        ("Reporter", "mira"),
        ("Assignee", "Ada L"),
        ("Created", "27/Nov/23 10:12 AM"),
        ("Updated", "2023-11-28 09:00"),
        ("Due date", "30/Nov/23 12:00 AM"),
        ("Description", "h2. Why\n*Now*"),
        ("Labels", "hot"),
        ("Labels", "lid"),
        ("Custom field (Story point estimate)", "5.0"),
        ("Outward issue link (Blocks)", "POT-2"),
        ("Outward issue link (Blocks)", "POT-3"),
        ("Inward issue link (Blocks)", "POT-4"),
        ("Parent key", "POT-9"),
    )
    assert (issue.source_key, issue.number, issue.title) == ("jira:POT-1", 1, "Mend the lid")
    assert (issue.type, issue.status, issue.priority) == (
        IssueType.FEATURE,
        Status.IN_PROGRESS,
        Priority.URGENT,
    )
    assert (issue.author, issue.assignee) == (ImportPerson("mira"), ImportPerson("Ada L", "Ada L"))
    assert issue.created_at == datetime(2023, 11, 27, 10, 12, tzinfo=UTC)
    assert issue.updated_at == datetime(2023, 11, 28, 9, tzinfo=UTC)
    assert issue.due == date(2023, 11, 30)
    assert issue.description == "## Why\n\n**Now**"
    assert issue.labels == (ImportLabel("hot"), ImportLabel("lid"))
    assert issue.estimate == Decimal(5)
    assert issue.links == (
        (LinkKind.BLOCKS, "jira:POT-2"),
        (LinkKind.BLOCKS, "jira:POT-3"),
        (LinkKind.BLOCKED_BY, "jira:POT-4"),
    )
    assert issue.parent_key == "jira:POT-9"
    assert (issue.notes, issue.metadata) == ((), {})


def test_a_summary_is_enough() -> None:
    """Rows without a key have one made of their text, the same on a second import."""
    first = read(["Summary"], ["Boil"], ["Pour"], ["Boil"])
    again = read(["Summary"], ["Pour"], ["Boil"], ["Boil"])
    keys = [issue.source_key for issue in first if isinstance(issue, ImportIssue)]
    assert len(set(keys)) == 3
    assert set(keys) == {issue.source_key for issue in again if isinstance(issue, ImportIssue)}
    assert isinstance(first[0], ImportIssue)
    assert (first[0].status, first[0].number) == (Status.TODO, None)


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ([("Status", "To Do")], Status.TODO),
        ([("Status", "Backlog")], Status.BACKLOG),
        ([("Status", "Done"), ("Resolution", "Fixed")], Status.DONE),
        ([("Status", "Closed"), ("Resolution", "Won't Do")], Status.CANCELLED),
        ([("Status", "Resolved"), ("Resolution", "Duplicate")], Status.CANCELLED),
        ([("Status", "Steeping"), ("Status Category", "In Progress")], Status.IN_PROGRESS),
        ([("Status", "Poured"), ("Resolution", "Done")], Status.DONE),
        ([("Status", "Poured"), ("Resolution", "Unresolved")], Status.TODO),
    ],
)
def test_the_status_by_name_category_and_resolution(cells: list[tuple[str, str]], status: Status) -> None:
    """A team's own status is guessed."""
    assert only(*cells).status is status


def test_a_guessed_status_is_said_and_kept() -> None:
    """In the notes and in the metadata."""
    issue = only(("Status", "Steeping"))
    assert issue.metadata == {"Status": "Steeping"}
    assert issue.notes == ("Status: “Steeping” was taken for todo",)


@pytest.mark.parametrize(
    ("name", "priority"),
    [
        ("Highest", Priority.URGENT),
        ("High", Priority.HIGH),
        ("Medium", Priority.MEDIUM),
        ("Low", Priority.LOW),
        ("Lowest", Priority.LOW),
    ],
)
def test_priorities(name: str, priority: Priority) -> None:
    """Five of Jira's in four of ours."""
    assert only(("Priority", name)).priority is priority


def test_the_last_sprint_counts() -> None:
    """Jira writes every sprint that an issue was carried through."""
    issue = only(("Sprint", "S1"), ("Sprint", "S2"), ("Sprint", ""))
    assert issue.sprint == ImportSprint("S2")
    assert issue.metadata["Earlier sprints"] == ["S1"]


def test_comments_have_a_time_an_author_and_markup() -> None:
    """`time;account;text`, and semicolons in the text; the account is named where the file tells it."""
    issue = only(
        ("Reporter", "Mira B"),
        ("Reporter Id", "55:ab"),
        ("Comment", "27/Nov/23 10:12 AM;55:ab;so *hot*; [~accountid:55:ab]"),
        ("Comment", "27/Nov/23 10:12 AM;unknown;yes"),
    )
    first, second = issue.comments
    assert first.author == ImportPerson("Mira B", "Mira B")
    assert first.body == "so **hot**; @Mira B"
    assert first.created_at == datetime(2023, 11, 27, 10, 12, tzinfo=UTC)
    assert second.author == ImportPerson("unknown")
    assert [comment.source_key for comment in issue.comments] == [
        "jira:POT-1/2023-11-27T10:12:00Z",
        "jira:POT-1/2023-11-27T10:12:00Z/2",
    ]


def test_a_comment_without_a_time_is_kept_in_the_metadata_and_said() -> None:
    """It can't stand among the others."""
    issue = only(("Comment", "just words"))
    assert issue.comments == ()
    assert issue.metadata["Comment"] == ["just words"]
    assert issue.notes


def test_a_parent_by_id_is_found_by_its_key() -> None:
    """Jira Cloud writes ids; one that is not in the file is said."""
    header = ["Issue key", "Issue id", "Summary", "Parent"]
    child, parent, orphan = read(
        header, ["POT-2", "12", "Child", "11"], ["POT-1", "11", "Parent", ""], ["POT-3", "13", "Orphan", "99"]
    )
    assert isinstance(child, ImportIssue)
    assert isinstance(parent, ImportIssue)
    assert isinstance(orphan, ImportIssue)
    assert child.parent_key == parent.source_key
    assert orphan.parent_key is None
    assert orphan.metadata["Parent"] == "99"


def test_other_columns_stay_in_the_metadata() -> None:
    """Under the header's names; repeated ones as a list."""
    issue = only(("Fix versions", "1.0"), ("Fix versions", "1.1"), ("Outward issue link (Relates)", "POT-8"))
    assert issue.metadata == {"Fix versions": ["1.0", "1.1"], "Outward issue link (Relates)": "POT-8"}


def test_points_outside_the_range_are_rounded_or_left_out_and_said() -> None:
    """Tenths from 0 to 1000; the number itself stays in the metadata."""
    rounded, refused = only(("Story Points", "2.25")), only(("Story Points", "-1"))
    assert (rounded.estimate, rounded.metadata["full estimate"]) == (Decimal("2.3"), "2.25")
    assert (refused.estimate, refused.metadata["full estimate"]) == (None, "-1")
    assert rounded.notes
    assert refused.notes


def test_a_file_without_a_summary_is_refused() -> None:
    """It is the only column that must be there."""
    with pytest.raises(Invalid, match="“summary”"):
        jira.read(io.BytesIO(b"Issue key,Title\n"))
