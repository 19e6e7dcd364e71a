"""Rhythm's own CSV and JSON: what is written is read again, whole."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rhythm_domain import text
from rhythm_domain.errors import Invalid
from rhythm_domain.formats import (
    LAYOUTS,
    ImportComment,
    ImportIssue,
    ImportLabel,
    ImportPerson,
    ImportSprint,
    Layout,
    Problem,
    Reader,
    read_csv,
    read_json,
    read_rhythm,
    sniff,
)
from rhythm_domain.models import IssueType, LinkKind, Priority, SprintState, Status

FORMATS = pytest.mark.parametrize(
    ("layout", "read"), [(LAYOUTS["csv"], read_csv), (LAYOUTS["json"], read_json)], ids=["csv", "json"]
)
AT = datetime(2026, 5, 13, 11, 21, 41, 123456, tzinfo=UTC)

_awkward = st.sampled_from(
    ["=1+1", "'=x", "'", "''", "-", "@a", "+", '"', "a,b", ";", "\t=", "‮x", "👩‍👩‍👧", "é"]
)
_any = st.text(max_size=30) | _awkward
lines = _any.map(lambda value: text.repaired(value, limit=60, lines=False)[0])
names = lines.filter(str.strip)
bodies = _any.map(lambda value: text.repaired(value, limit=200, lines=True)[0])
written_bodies = bodies.filter(str.strip)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
days = st.dates(date(1970, 1, 1), date(2100, 1, 1))
people = st.builds(ImportPerson, names, lines)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | bodies,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(bodies, inner, max_size=2),
    max_leaves=4,
)
sprints = st.builds(
    lambda name, goal, both, state: ImportSprint(name, goal, min(both), max(both), state),
    names,
    bodies.map(lambda goal: goal if goal.strip() else ""),
    st.tuples(days, days),
    st.none() | st.sampled_from(SprintState),
)
issues = st.builds(
    ImportIssue,
    source_key=names,
    title=names,
    number=st.none() | st.integers(1, 10**6),
    description=bodies.map(lambda body: body if body.strip() else ""),
    status=st.sampled_from(Status),
    priority=st.sampled_from(Priority),
    type=st.sampled_from(IssueType),
    author=st.none() | people,
    assignee=st.none() | people,
    other_assignees=st.lists(people, max_size=2).map(tuple),
    labels=st.lists(
        st.builds(
            ImportLabel, names.filter(lambda name: not set(name) & {",", '"'}), st.none() | names, lines
        ),
        max_size=3,
        unique_by=lambda label: text.folded(label.name),
    ).map(tuple),
    sprint=st.none() | sprints,
    estimate=st.none() | st.decimals(0, 1000, places=1),
    due=st.none() | days,
    parent_key=st.none() | names.map("parent {}".format),
    links=st.lists(
        st.tuples(st.sampled_from(LinkKind), names.map("other {}".format)), max_size=2, unique=True
    ).map(tuple),
    comments=st.lists(
        st.builds(ImportComment, names, st.none() | people, written_bodies, moments),
        max_size=2,
        unique_by=lambda comment: comment.source_key,
    ).map(tuple),
    created_at=st.none() | moments,
    updated_at=st.none() | moments,
    closed_at=st.none() | moments,
    url=st.none() | st.sampled_from(["https://tea.example/?q=1", "http://a.b"]),
    metadata=st.dictionaries(bodies, values, max_size=2),
)


def whole() -> ImportIssue:
    """An issue with every field set."""
    return ImportIssue(
        source_key="rhythm:POT-7",
        title="Mend the lid",
        number=7,
        description="It *drips*.\n\n- often",
        status=Status.DONE,
        priority=Priority.HIGH,
        type=IssueType.BUG,
        author=ImportPerson("mira", "Mira B"),
        assignee=ImportPerson("ada"),
        other_assignees=(ImportPerson("bo", "Bo"),),
        labels=(ImportLabel("hot", "red", "Burns"), ImportLabel("hot water")),
        sprint=ImportSprint("S1", "Tea", date(2026, 5, 4), date(2026, 5, 18), SprintState.FINISHED),
        estimate=Decimal("2.5"),
        due=date(2026, 6, 26),
        parent_key="rhythm:POT-1",
        links=((LinkKind.BLOCKS, "rhythm:POT-8"),),
        comments=(ImportComment("rhythm:POT-7/1", ImportPerson("ada"), "Done;\n=really", AT),),
        created_at=AT,
        updated_at=AT,
        closed_at=AT,
        url="https://tea.example/7",
        metadata={"Fix versions": ["1.0"], "deep": {"yes": True}},
    )


def written(layout: Layout, *given_issues: ImportIssue) -> io.BytesIO:
    return io.BytesIO(layout.whole(given_issues))


def again(layout: Layout, read: Reader, *given_issues: ImportIssue) -> list[object]:
    """What is read of what was written, without the lines that it stood on."""
    found = read(written(layout, *given_issues))
    return [replace(record, line=0) for record in found]


@FORMATS
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(issue=issues)
def test_every_issue_is_read_as_it_was_written(layout: Layout, read: Reader, issue: ImportIssue) -> None:
    """Any texts, any fields: formulas, quotes, separators, emoji, controls of direction."""
    assert again(layout, read, issue) == [issue]


@FORMATS
def test_a_whole_issue_and_a_bare_one(layout: Layout, read: Reader) -> None:
    """Every field set, then none but what must be; no notes, for nothing was changed."""
    bare = ImportIssue("rhythm:POT-8", "Pour")
    assert again(layout, read, whole(), bare) == [whole(), bare]


@FORMATS
def test_no_issues_are_an_empty_file_of_the_format(layout: Layout, read: Reader) -> None:
    """It is still told apart and read."""
    stream = written(layout)
    assert sniff(stream) == "rhythm"
    assert list(read(stream)) == []
    assert list(read_rhythm(stream)) == []


@FORMATS
def test_either_is_read_by_its_content(layout: Layout, read: Reader) -> None:
    """One name for both in `rhythm import`."""
    stream = written(layout, whole())
    assert list(read_rhythm(stream)) == list(read(stream))


def test_a_spreadsheet_sees_no_formula_and_plain_cells() -> None:
    """A title like a formula is guarded; people, days and points are cells as one would type them."""
    stream = written(LAYOUTS["csv"], replace(whole(), title="=HYPERLINK(0)"))
    [row] = csv.DictReader(io.StringIO(stream.getvalue().decode(), newline=""))
    assert row["Title"].startswith("'=")
    assert (row["Status"], row["Assignee"], row["Estimate"], row["Due"]) == (
        "done",
        "ada",
        "2.5",
        "2026-06-26",
    )
    assert row["Sprint"] == "S1"
    assert not any(cell[:1] in {"=", "+", "-", "@"} for cell in row.values())


def test_a_spreadsheet_names_what_is_usual_too() -> None:
    layout = LAYOUTS["csv"]
    written = layout.head + layout.issue(ImportIssue("C-1", "x"))
    row = next(csv.DictReader(io.StringIO(written.decode())))
    assert (row["Status"], row["Priority"], row["Type"]) == ("backlog", "none", "task")


def test_json_is_one_ascii_document_with_format_and_version() -> None:
    """Any JSON tool reads it; unset fields are left out."""
    document = json.loads(written(LAYOUTS["json"], replace(whole(), title="Tée")).getvalue().decode("ascii"))
    assert (document["format"], document["version"]) == ("rhythm", 1)
    assert document["issues"][0]["title"] == "Tée"
    assert json.loads(written(LAYOUTS["json"], ImportIssue("k", "t")).getvalue())["issues"] == [
        {"source_key": "k", "title": "t"}
    ]


def test_json_that_another_tool_laid_out_is_read_with_lines() -> None:
    """Indented, with a byte order mark."""
    document = json.loads(written(LAYOUTS["json"], whole(), ImportIssue("k", "t")).getvalue())
    first, second = read_json(io.BytesIO(json.dumps(document, indent=2).encode("utf-8-sig")))
    assert isinstance(first, ImportIssue)
    assert isinstance(second, ImportIssue)
    assert replace(first, line=0) == whole()
    assert (first.line, second.title) == (5, "t")
    assert second.line > first.line


def test_bad_entries_are_problems_with_the_field_named() -> None:
    """And the rest goes on."""
    entries = [
        {"source_key": "a", "title": "A", "status": "odd"},
        {"source_key": "b", "title": "B", "colour": "red"},
        {"title": "C"},
        12,
        {"source_key": "e", "title": "E", "created_at": "2026-05-13T13:00:00+02:00"},
    ]
    body = ",\n".join(json.dumps(entry) for entry in entries)
    *problems, last = read_json(
        io.BytesIO(f'{{"format": "rhythm", "version": 1, "issues": [\n{body}]}}'.encode())
    )
    assert [type(problem) for problem in problems] == [Problem] * 4
    named = [problem.reason.partition(":")[0] for problem in problems if isinstance(problem, Problem)]
    assert named == ["status", "colour", "source_key", "it is not an issue"]
    assert isinstance(last, ImportIssue)
    assert last.line == 6
    assert last.created_at == datetime(2026, 5, 13, 11, tzinfo=UTC)


def test_what_would_not_be_stored_is_repaired_and_said() -> None:
    """Labels that are one, an empty comment, one that came twice, itself as parent, a bad address."""
    comment = ImportComment("c1", None, "words", AT)
    issue = replace(
        whole(),
        labels=(ImportLabel("Hot"), ImportLabel("hot"), ImportLabel(" "), ImportLabel('a,"b"')),
        comments=(comment, comment, replace(comment, source_key="c2", body=" ")),
        parent_key="rhythm:POT-7",
        links=((LinkKind.BLOCKS, "rhythm:POT-7"), (LinkKind.BLOCKS, "x"), (LinkKind.BLOCKS, "x")),
        sprint=ImportSprint("S", starts_on=date(2026, 5, 4), ends_on=date(2026, 5, 3)),
    )
    [found] = read_json(written(LAYOUTS["json"], replace(issue, url="javascript:1")))
    assert isinstance(found, ImportIssue)
    assert found.labels == (ImportLabel("Hot"), ImportLabel("a b"))
    assert (found.url, found.metadata["full url"]) == (None, "javascript:1")
    assert found.comments == (comment,)
    assert (found.parent_key, found.links) == (None, ((LinkKind.BLOCKS, "x"),))
    assert found.sprint == ImportSprint("S", starts_on=date(2026, 5, 4))
    assert len(found.notes) == 6


def test_numbers_that_the_database_has_not_are_left_out() -> None:
    """An issue's number beyond its column, a figure that is no JSON, metadata without a bottom."""
    deep = "[" * 900 + "]" * 900
    entries = (
        '{"source_key": "a", "title": "A", "number": 99999999999, "metadata": {"n": NaN}}',
        f'{{"source_key": "b", "title": "B", "metadata": {{"d": {deep}}}}}',
    )
    document = f'{{"format": "rhythm", "version": 1, "issues": [{",".join(entries)}]}}'
    found, problem = read_json(io.BytesIO(document.encode()))
    assert isinstance(found, ImportIssue)
    assert (found.number, found.metadata) == (None, {"n": "nan"})
    assert isinstance(problem, Problem)
    assert "too deeply" in problem.reason


def test_a_cell_that_is_no_json_is_a_problem() -> None:
    """The column is named."""
    [problem] = read_csv(io.BytesIO(b"Source key,Title,Labels\nk,t,hot\n"))
    assert isinstance(problem, Problem)
    assert (problem.line, problem.source) == (2, "k")
    assert problem.reason.startswith("Labels: ")


def test_a_newer_version_is_refused_as_such() -> None:
    """With what to do about it."""
    with pytest.raises(Invalid, match="version 2"):
        read_json(io.BytesIO(b'{"format": "rhythm", "version": 2, "issues": []}'))
