"""Files of any make: encodings, broken JSON and CSV, dates, names, and telling formats apart."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.errors import Invalid
from rhythm_domain.formats import READERS, ImportIssue, Problem, dates, sniff, vocabulary
from rhythm_domain.formats.streams import CHUNK, BrokenJsonError, json_values
from rhythm_domain.formats.tables import Row, Table
from rhythm_domain.models import IssueType, Priority, Status

NOON = datetime(2023, 11, 27, 12, 5, tzinfo=UTC)


def table(content: str) -> Table:
    return Table(
        io.BytesIO(content.encode()), required=frozenset({"title"}), expected="a table", hint="Make one."
    )


@pytest.mark.parametrize(
    "written",
    [
        "2023-11-27T12:05:00Z",
        "2023-11-27T14:05:00.000+0200",
        "2023-11-27 12:05",
        "27/Nov/23 12:05 PM",
        "27/Nov/2023 12:05",
        "27 November 2023, 12:05:00",
        "27.11.2023 12:05",
        "11/27/2023 12:05 pm",
        "Nov 27, 2023, 12:05 PM",
        "Mon Nov 27 2023 13:05:00 GMT+0100 (Central European Standard Time)",
        "Mon, Nov 27, 2023 12:05",
    ],
)
def test_one_moment_in_many_styles(written: str) -> None:
    """Every style means the same moment, aware and in UTC."""
    assert dates.moment(written) == NOON
    assert dates.moment(written).tzinfo is UTC


@pytest.mark.parametrize("written", ["", "soon", "12/Foo/26", "31/Feb/2026", "03/04/2026", "1/Jan/26 25:00"])
def test_what_is_no_date_is_refused_not_guessed(written: str) -> None:
    """Also a day that does not exist, and numbers of which each could be the day."""
    with pytest.raises(ValueError, match=r"."):
        dates.moment(written)


def test_midnight_and_noon_on_a_twelve_hour_clock() -> None:
    """12 AM begins the day and 12 PM is its middle."""
    assert dates.moment("27/Nov/23 12:00 AM").hour == 0
    assert dates.moment("27/Nov/23 12:00 PM").hour == 12


def test_somebodys_midnight_is_the_nearest_day() -> None:
    """A due date chosen east or west of Greenwich is the day that was chosen."""
    assert dates.local_day("Thu Jun 25 2026 23:00:00 GMT+0000 (GMT+00:00)") == date(2026, 6, 26)
    assert dates.local_day("Fri Jun 26 2026 07:00:00 GMT+0000") == date(2026, 6, 26)
    assert dates.local_day("2026-06-26") == date(2026, 6, 26)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_dates(written: str) -> None:
    """A text is a date or a ValueError (or a year beyond the calendar), nothing else."""
    with suppress(ValueError, OverflowError):
        assert dates.moment(written).tzinfo is UTC


@given(
    st.lists(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5)), st.integers(0, 3)
)
def test_json_values_come_one_by_one_with_their_lines(values: list[object], indent: int) -> None:
    """A list is read as json reads it, and each value begins on the line that is said."""
    written = json.dumps(values, indent=indent or None)
    found = list(json_values(io.StringIO(written[1:])))
    assert [value for _, value in found] == values
    lines = [line for line, _ in found]
    assert lines == sorted(lines)
    assert all(1 <= line <= written.count("\n") + 1 for line in lines)


def test_a_json_value_may_be_larger_than_what_is_read_at_once() -> None:
    """One value over several chunks is still one value."""
    large = "x" * (3 * CHUNK)
    assert [value for _, value in json_values(io.StringIO(json.dumps([large, 12])[1:]))] == [large, 12]


def test_json_that_ends_too_early_keeps_what_came_before() -> None:
    """The values before the cut are read; the cut is said with its line."""
    values = json_values(io.StringIO('\n1,\n{"a": '))
    assert next(values) == (2, 1)
    with pytest.raises(BrokenJsonError) as raised:
        next(values)
    assert raised.value.line == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_unicode_encoding_is_read(encoding: str) -> None:
    """With or without a byte order mark; PowerShell writes UTF-16."""
    stream = io.BytesIO("Summary,Status\nÄpfel,Done\n".encode(encoding))
    assert sniff(stream) == "jira"
    [issue] = READERS["jira"](stream)
    assert isinstance(issue, ImportIssue)
    assert issue.title == "Äpfel"


def test_bytes_that_are_no_text_are_replaced_and_said() -> None:
    """A Latin-1 byte does not end the import; its note names the field."""
    [issue] = READERS["jira"](io.BytesIO(b"Summary\nCaf\xe9\n"))
    assert isinstance(issue, ImportIssue)
    assert issue.title.startswith("Caf")
    assert any(note.startswith("title: ") for note in issue.notes)


def test_rows_know_the_line_where_they_begin() -> None:
    """Line breaks inside quotes and blank lines count."""
    rows = list(table('title,body\n"a","one\ntwo"\n\nb,\n').rows())
    assert [row.line for row in rows] == [2, 5]
    assert isinstance(rows[0], Row)
    assert rows[0].get("body") == "one\ntwo"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheet_of_any_country(delimiter: str) -> None:
    """Semicolons and tabs part cells as commas do."""
    [row] = table(f"Title{delimiter}Body\na{delimiter}b\n").rows()
    assert isinstance(row, Row)
    assert (row.get("title"), row.get("body")) == ("a", "b")


def test_a_bad_row_is_a_problem_and_the_rest_goes_on() -> None:
    """Quotes out of order, and more cells than columns."""
    rows = list(table('title,body\n"a"b,c\nd,e,f\ng,h\n').rows())
    assert [type(row) for row in rows] == [Problem, Problem, Row]
    assert [row.line for row in rows] == [2, 3, 4]
    assert isinstance(rows[0], Problem)
    assert "quote" in rows[0].reason


def test_a_quote_that_never_closes_is_said_where_it_opens() -> None:
    """The rows before are read."""
    rows = list(table('title\na\n"b\nc\n').rows())
    assert [row.line for row in rows] == [2, 3]
    assert isinstance(rows[1], Problem)
    assert "never closed" in rows[1].reason


def test_a_short_row_has_empty_cells() -> None:
    """Spreadsheets leave trailing empty cells out."""
    [row] = table("title,body\na\n").rows()
    assert isinstance(row, Row)
    assert row.get("body") == ""


def test_repeated_columns_give_all_their_values() -> None:
    """In the order of the file, without empty ones."""
    [row] = table("title,Labels,labels,Labels\na,x,,y\n").rows()
    assert isinstance(row, Row)
    assert row.all("labels") == ["x", "y"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('[{"number": 1}]', "github"),
        ('\ufeff\n {"format": "rhythm"}', "rhythm"),
        ("Source key,Number,Title\n", "rhythm"),
        ('"ID","Team","Title","Status"\n', "linear"),
        ("Issue key,Summary\n", "jira"),
    ],
)
def test_formats_are_told_apart_by_how_they_begin(content: str, name: str) -> None:
    """And the stream can still be read from its beginning."""
    stream = io.BytesIO(content.encode())
    assert sniff(stream) == name
    assert not stream.closed


@pytest.mark.parametrize("content", ["", "a,b\n", "PK\x03\x04", '"'])
def test_what_is_no_format_is_refused_with_the_names_that_are(content: str) -> None:
    """The hint names every reader."""
    with pytest.raises(Invalid) as raised:
        sniff(io.BytesIO(content.encode()))
    assert all(name in raised.value.hint for name in READERS)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x00\xff\xfe", b'{"a": 1}'])
def test_every_reader_refuses_a_foreign_file_at_once(name: str, content: bytes) -> None:
    """Before the first issue is asked for, and the hint says how to make a right one."""
    with pytest.raises(Invalid) as raised:
        READERS[name](io.BytesIO(content))
    assert raised.value.hint


@pytest.mark.parametrize(
    ("labels", "kind", "priority"),
    [
        (["bug"], IssueType.BUG, Priority.NONE),
        (["Type: Enhancement", "priority: high"], IssueType.FEATURE, Priority.HIGH),
        (["kind/bug", "P0"], IssueType.BUG, Priority.URGENT),
        (["tech-debt", "Low Priority"], IssueType.CHORE, Priority.LOW),
        (["epic", "prio/critical"], IssueType.EPIC, Priority.URGENT),
        (["bug", "enhancement", "P1", "P3"], IssueType.TASK, Priority.NONE),
        (["high", "ladybug", "P9", "not a bug"], IssueType.TASK, Priority.NONE),
    ],
)
def test_labels_say_a_type_and_a_priority_only_when_they_surely_do(
    labels: list[str], kind: IssueType, priority: Priority
) -> None:
    """Well-known names count; names that disagree or only resemble them do not."""
    assert vocabulary.type_from_labels(labels) is kind
    assert vocabulary.priority_from_labels(labels) is priority


def test_names_of_statuses_fold_case_and_dashes() -> None:
    """`In-Progress` and `in progress` are one; a name that nobody knows is None."""
    assert vocabulary.status_named("In-Progress") is Status.IN_PROGRESS
    assert vocabulary.status_named("WON’T DO") is Status.CANCELLED
    assert vocabulary.status_named("Simmering") is None
