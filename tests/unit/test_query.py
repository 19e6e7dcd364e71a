"""The search language: what a text means, what is refused and how, and that a tree writes itself back."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.days import parse_day
from rhythm_domain.errors import Invalid
from rhythm_domain.models import IssueType, Priority, Status
from rhythm_domain.query import (
    HELP,
    MAX_CONDITIONS,
    MAX_LENGTH,
    MAX_TERMS,
    Condition,
    Day,
    Field,
    Has,
    Is,
    Op,
    Query,
    QueryError,
    Sort,
    SortKey,
    Term,
    Value,
    parse,
)

TODAY = date(2026, 5, 13)  # a Wednesday


def values(text: str) -> tuple[Value, ...]:
    return parse(text).conditions[0].values


def refused(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.field == "query"
    assert caught.value.hint
    return caught.value


# Words -------------------------------------------------------------------------------------------------


def test_words_phrases_and_their_opposites() -> None:
    assert parse('login "exact  phrase" -draft -"not this"').terms == (
        Term(text="login", prefix=True),
        Term(text="exact phrase", phrase=True),
        Term(text="draft", negated=True),
        Term(text="not this", phrase=True, negated=True),
    )


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("data base", "base"),
        ("data base ", "base"),
        ("base status:todo", "base"),
        ("base -data", "base"),
        ('base "data"', "base"),
        ("base -", "base"),
        ('"base"', None),
        ("-base", None),
        ("", None),
    ],
)
def test_the_last_plain_word_is_a_prefix(text: str, prefix: str | None) -> None:
    assert [term.text for term in parse(text).terms if term.prefix] == ([prefix] if prefix else [])


@pytest.mark.parametrize(
    "text",
    [
        "http://x.y",
        "https://x.y/z?a=b",
        "std::vector",
        "status::todo",
        "12:30",
        r"C:\path",
        "host:/srv",
        "note:",
        "--json",
        "->",
        "-",
        "and",
        "or",
        'foo"bar',
        '{"a":1}',
        "file.py:12",
        ":",
        "@ada",
    ],
)
def test_what_has_no_qualifiers_shape_is_text(text: str) -> None:
    query = parse(text)
    assert [(term.text, term.phrase, term.negated) for term in query.terms] == [(text, False, False)]
    assert not query.conditions


def test_an_open_quote_runs_to_the_end() -> None:
    assert parse('a "b c').terms[1] == Term(text="b c", phrase=True)
    assert values('label:"needs rev') == ("needs rev",)
    assert parse('a "').terms == (Term(text="a", prefix=True),)


def test_quotes_and_backslashes_inside_a_phrase() -> None:
    assert parse(r'"say \"hi\" \\ C:\path"').terms[0].text == r'say "hi" \ C:\path'


@pytest.mark.parametrize(
    ("text", "jump"),
    [
        ("CORE-123", "CORE-123"),
        (" core-123 ", "CORE-123"),
        ("123", 123),
        ("#123", 123),
        ("0", None),
        ("CORE-0", None),
        ("CORE-123 x", None),
        ('"CORE-123"', None),
        ("-123", None),
        ("123 is:open", None),
        ("123 sort:due", None),
        ("1234567890", None),
        ("", None),
    ],
)
def test_a_lone_key_or_number_jumps(text: str, jump: str | int | None) -> None:
    assert parse(text).jump == jump


# Qualifiers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status:todo,done", (Status.TODO, Status.DONE)),
        ("STATUS:In-Progress", (Status.IN_PROGRESS,)),
        ('status:"in progress",inprogress,wip,doing', (Status.IN_PROGRESS,)),
        ("status:Open", (Is.OPEN,)),
        ("priority:p1,Highest", (Priority.HIGH, Priority.URGENT)),
        ("type:story", (IssueType.FEATURE,)),
        ("status:review,canceled", (Status.IN_REVIEW, Status.CANCELLED)),
        ("priority:p0,none", (Priority.URGENT, Priority.NONE)),
        ("type:Bug", (IssueType.BUG,)),
        ("assignee:Ada,@ME,none,@bob", ("ada", "@me", None, "bob")),
        ("reporter:none", ("none",)),
        ('label:"needs review",Bug', ("needs review", "Bug")),
        ('label:none,"none"', (None, "none")),
        ("sprint:Active,NEXT,none", ("current", "next", None)),
        ('sprint:"Sprint 12"', ("Sprint 12",)),
        ("project:core", ("CORE",)),
        ("parent:core-12,none", ("CORE-12", None)),
        ("estimate:1,2.5,none", (Decimal(1), Decimal("2.5"), None)),
        ("is:open,mine", (Is.OPEN, Is.MINE)),
        ("has:labels,comment", (Has.LABEL, Has.COMMENTS)),
        ("no:assignee", (Has.ASSIGNEE,)),
        ("due:none", (None,)),
        ("due:2026-05-01", (Day(on=date(2026, 5, 1)),)),
    ],
)
def test_values_are_typed(text: str, expected: tuple[Value, ...]) -> None:
    found = values(text)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


def test_a_dash_turns_a_qualifier_into_its_opposite() -> None:
    assert parse("-label:wontfix").conditions == (
        Condition(field=Field.LABEL, values=("wontfix",), negated=True),
    )


def test_repeated_qualifiers_stay_apart_so_that_all_must_hold() -> None:
    assert [each.values for each in parse("label:a label:b,c").conditions] == [("a",), ("b", "c")]


def test_none_is_unset() -> None:
    assert parse("assignee:ada,none").conditions[0].unset
    assert not parse("priority:none").conditions[0].unset


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("priority:>=high", [Priority.URGENT, Priority.HIGH]),
        ("priority:>high", [Priority.URGENT]),
        ("priority:<medium", [Priority.LOW, Priority.NONE]),
        ("priority:<=low", [Priority.LOW, Priority.NONE]),
        ("priority:low,urgent", [Priority.URGENT, Priority.LOW]),
    ],
)
def test_more_pressing_is_greater(text: str, allowed: list[Priority]) -> None:
    assert list(parse(text).conditions[0].priorities) == allowed


def test_estimates_compare_and_range() -> None:
    assert parse("estimate:>=3").conditions[0].op is Op.GE
    assert parse("estimate:=3").conditions[0].op is Op.EQ
    assert parse("estimate:8..3").conditions[0] == Condition(
        field=Field.ESTIMATE, op=Op.BETWEEN, values=(Decimal(3), Decimal(8))
    )


# Days --------------------------------------------------------------------------------------------------


def day(month: int, number: int) -> date:
    return date(2026, month, number)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("updated:<7d", day(5, 7), None),
        ("updated:<=7d", day(5, 6), None),
        ("updated:>30d", None, day(4, 12)),
        ("updated:>=30d", None, day(4, 13)),
        ("updated:7d", day(5, 6), day(5, 6)),
        ("updated:7d..1d", day(5, 6), day(5, 12)),
        ("updated:1d..7d", day(5, 6), day(5, 12)),
        ("updated:>=-7d", day(5, 6), None),
        ("updated:<-7d", None, day(5, 5)),
        ("created:>2026-05-01", day(5, 2), None),
        ("created:2026-05-01..today", day(5, 1), day(5, 13)),
        ("closed:this-week", day(5, 11), day(5, 17)),
        ("closed:<this-week", None, day(5, 10)),
        ("closed:>last-week", day(5, 11), None),
        ("closed:last_month", day(4, 1), day(4, 30)),
        ("due:<7d", None, day(5, 19)),
        ("due:<=1w", None, day(5, 20)),
        ("due:>2w", day(5, 28), None),
        ("due:<-7d", None, day(5, 5)),
        ("due:tomorrow", day(5, 14), day(5, 14)),
        ("due:+1m", day(6, 13), day(6, 13)),
        ("due:today..next-week", day(5, 13), day(5, 24)),
        ("due:<friday", None, day(5, 14)),
        ("due:fri..next-fri", day(5, 15), day(5, 22)),
        ("updated:>monday", day(5, 12), None),
        ("updated:thursday", day(5, 7), day(5, 7)),
        ("due:none", None, None),
    ],
)
def test_days_become_bounds(text: str, since: date | None, until: date | None) -> None:
    assert parse(text).conditions[0].date_bounds(TODAY) == (since, until)


@given(st.sampled_from(["updated", "due"]), st.sampled_from(["7d", "-2w", "3m", "today", "this-week"]))
def test_below_at_and_above_share_out_all_days(field: str, said: str) -> None:
    """Where one bound ends, the next begins: no day is lost or counted twice."""
    spans = [parse(f"{field}:{op}{said}").conditions[0].date_bounds(TODAY) for op in ("<", "", ">")]
    below, at, above = sorted(spans, key=lambda span: span[0] or date.min)
    assert below[0] is None
    assert above[1] is None
    assert below[1] is not None
    assert at[1] is not None
    assert at[0] == below[1] + timedelta(days=1)
    assert above[0] == at[1] + timedelta(days=1)


@pytest.mark.parametrize(
    ("said", "today", "expected"),
    [
        ("1m", date(2026, 1, 31), date(2026, 2, 28)),
        ("-1m", date(2024, 3, 31), date(2024, 2, 29)),
        ("1y", date(2024, 2, 29), date(2025, 2, 28)),
        ("12m", date(2026, 12, 31), date(2027, 12, 31)),
        ("9999y", TODAY, date(2999, 12, 31)),
        ("in 2 weeks", TODAY, day(5, 27)),
        ("wednesday", TODAY, TODAY),
        ("Tue", TODAY, day(5, 19)),
        ("friday", TODAY, day(5, 15)),
        ("this monday", TODAY, day(5, 11)),
        ("next friday", TODAY, day(5, 22)),
        ("last-friday", TODAY, day(5, 8)),
        ("-9999w", TODAY, date(1900, 1, 1)),
    ],
)
def test_offsets_keep_to_the_calendar(said: str, today: date, expected: date) -> None:
    assert parse_day(said).resolve(today) == (expected, expected)


@given(
    st.dates(min_value=date(1901, 1, 1), max_value=date(2998, 12, 31)),
    st.integers(1, 9999),
    st.sampled_from("dwmy"),
)
def test_an_offset_resolves_from_any_day(today: date, amount: int, unit: str) -> None:
    ahead, back = (parse_day(f"{sign}{amount}{unit}").resolve(today)[0] for sign in ("", "-"))
    assert back < today < ahead


# What is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("stauts:todo", 'There is no qualifier "stauts:"', "Did you mean status:?"),
        ("author:ada", 'There is no qualifier "author:"', "Did you mean reporter:?"),
        ("a:b", 'There is no qualifier "a:"', "put it in quotes"),
        ("status:tood", 'status: has no "tood"', "Did you mean todo?"),
        ("status:open,todo", 'status: has no "open"', "Write is:open."),
        ("is:", "is: needs a value", "overdue"),
        ("label:a,", "label: needs a value", "comma"),
        ('label:""', "label: needs a value", "label"),
        ("status: todo", "status: needs a value", "in_progress"),
        ("has:description", 'has: has no "description"', "assignee, label"),
        ("parent:12", 'parent: "12" is no key', "CORE-12"),
        ("project:a/b", 'project: "a/b" is no key', "CORE"),
        ("estimate:many", 'estimate: "many" is no number of points', "3..8"),
        ("assignee:@", "assignee: needs a name after @", "@me"),
        ("due:frog", 'due: "frog" is no day', "2026-05-01"),
        ("due:0d", 'due: "0d" is no day', "today"),
        ("due:in--3d", 'due: "in--3d" is no day', "today"),
        ("due:in-+3d", 'due: "in-+3d" is no day', "today"),
        ("created:in-3d", "created: in-3d lies ahead", "Write 3d to look back."),
        ('updated:"in 2 weeks"', "updated: in 2 weeks lies ahead", "Write 2w to look back."),
        ("updated:+3d", "updated: +3d lies ahead", "Write 3d to look back."),
        ("due:2026-02-30", "due: 2026-02-30 is not in the calendar", "year-month-day"),
        ("due:0001-01-01", "due: 0001-01-01 is too far away", "1900"),
        ("due:today,tomorrow", "due: compares with one value", "due:<7d"),
        ("due:<none", "due: can't be compared with none", "no:due"),
        ("estimate:1..none", "estimate: can't be compared with none", "no:estimate"),
        ("updated:none", 'updated: "none" is no day', "yesterday"),
        ("updated:+7d", "updated: +7d lies ahead", "Write 7d"),
        ("sort:rnk", 'Lists can\'t be sorted by "rnk"', "Did you mean rank?"),
        ("sort:-due-asc", "Lists can't be sorted by", "due-desc"),
        ("sort:", "sort: needs a value", "relevance"),
        ("-sort:due", "An order is one key", "sort:due-desc"),
        ("sort:due,rank", "An order is one key", "sort:due-desc"),
        ("sort:due sort:rank", "There are two orders", "one sort:"),
        ("sort:relevance", "Relevance needs words", "word"),
        ("-a sort:relevance", "Relevance needs words", "word"),
        ("a\x00b", "Character U+0000", "Take it out"),
        ("a\ud800b", "Character U+D800", "Take it out"),
        ("a\x1b[2J", "Character U+001B", "Take it out"),
    ],
)
def test_an_error_names_what_is_wrong_and_what_is_right(text: str, message: str, hint: str) -> None:
    error = refused(text)
    assert message in error.message
    assert hint in error.hint


def test_the_nearest_right_value_comes_first_and_all_are_named() -> None:
    listed = re.sub(r".*One of: ", "", refused("priority:mediun").hint).rstrip(".").split(", ")
    assert listed[0] == "medium"
    assert set(listed) == set(Priority)


def test_an_unknown_qualifier_names_all_of_them() -> None:
    hint = refused("colour:red").hint
    assert all(f"{name}:" in hint for name in (*Field, "sort"))


@pytest.mark.parametrize(
    ("text", "at_fault"),
    [
        ("login stauts:todo x", "stauts:todo"),
        ("status:todo,tood x", "tood"),
        ('x due:"some day"', '"some day"'),
    ],
)
def test_an_error_says_where(text: str, at_fault: str) -> None:
    error = refused(text)
    assert text[error.start : error.end] == at_fault


@pytest.mark.parametrize(
    ("fits", "more"),
    [
        ("x" * MAX_LENGTH, "x" * (MAX_LENGTH + 1)),
        ("x " * MAX_TERMS, "x " * (MAX_TERMS + 1)),
        ("is:open " * MAX_CONDITIONS, "is:open " * (MAX_CONDITIONS + 1)),
    ],
)
def test_limits(fits: str, more: str) -> None:
    parse(fits)
    refused(more)


def test_a_query_that_would_be_too_long_once_written_is_refused() -> None:
    assert "1,001 characters" in refused('"' + "x" * (MAX_LENGTH - 1)).message


def test_a_megabyte_is_refused_at_once() -> None:
    assert "1,000,000 characters" in refused('"' * 1_000_000).message


# Order -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "descending", "written"),
    [
        ("sort:updated", True, "sort:updated"),
        ("sort:updated-desc", True, "sort:updated"),
        ("sort:updated-asc", False, "sort:updated-asc"),
        ("sort:-updated", False, "sort:updated-asc"),
        ("sort:Due", False, "sort:due"),
        ("sort:-due", True, "sort:due-desc"),
        ("sort:priority", True, "sort:priority"),
        ("sort:rank", False, "sort:rank"),
        ("sort:closed", True, "sort:closed"),
        ("sort:created", True, "sort:created"),
    ],
)
def test_orders_have_a_natural_direction_and_another(text: str, descending: bool, written: str) -> None:
    sort = parse(text).sort
    assert sort is not None
    assert sort.descending is descending
    assert str(sort) == written


def test_relevance_orders_words() -> None:
    assert parse("login sort:relevance").sort == Sort(key=SortKey.RELEVANCE, descending=True)


# Writing it back ---------------------------------------------------------------------------------------


def test_the_canonical_text_has_words_then_qualifiers_then_the_order() -> None:
    written = 'a "b c" -d status:in_progress -label:"x y",z due:<7d sort:due-desc'
    assert str(parse('sort:-due status:WIP a "b  c" -label:"x y",z -d due:<+7d')) == written


_names = st.text(min_size=1, max_size=12)
_said = st.one_of(
    st.sampled_from(
        [*Status, *Priority, "wip", "p3", "bug", "@me", "ada", "current", "none", "open", "due", "links"]
    ),
    st.sampled_from(["7d", "-2w", "3m", "today", "this-week", "2026-05-01", "7d..1d", "today..tomorrow"]),
    st.sampled_from(["1..5", "3.5", "CORE-12", "core", "updated", "updated-asc", "-due", "relevance"]),
    _names,
    _names.map(lambda name: f'"{name}"'),
)
_qualifiers = st.builds(
    lambda sign, name, op, said: f"{sign}{name}:{op}{','.join(said)}",
    st.sampled_from(["", "-"]),
    st.sampled_from([*Field, "sort"]),
    st.sampled_from(["", "", "<", ">="]),
    st.lists(_said, min_size=1, max_size=3),
)
_words = st.one_of(
    _names, _names.map(lambda word: f'-"{word}"'), st.text(alphabet='ab-:"\\,<=>.# \u0338\u212a')
)
_queries = st.lists(st.one_of(_qualifiers, _words), max_size=6).map(" ".join)


@given(st.one_of(_queries, st.text(max_size=60)))
def test_what_parses_is_the_same_once_written_and_read_again(text: str) -> None:
    try:
        query = parse(text)
    except Invalid:
        return
    assert parse(str(query)) == query
    assert str(parse(str(query))) == str(query)


@given(_qualifiers)
def test_each_qualifier_that_parses_is_the_same_once_read_again(text: str) -> None:
    try:
        query = parse(text)
    except Invalid:
        return
    assert parse(str(query)) == query


@given(st.text(st.characters(), max_size=1200))
def test_no_text_fails_but_as_invalid(text: str) -> None:
    """Lone surrogates, NUL and controls included."""
    with suppress(QueryError):
        parse(text)


# Filters that are added and taken away -----------------------------------------------------------------


def test_conditions_are_added_once_and_taken_away() -> None:
    query = parse("login is:open")
    bug = parse("type:bug").conditions[0]
    more = query.with_condition(bug)
    assert str(more) == "login is:open type:bug"
    assert more.with_condition(bug) == more
    assert more.without(bug) == query
    assert str(more.without(Field.IS)) == "login type:bug"


def test_an_order_is_set_and_taken_away() -> None:
    query = parse("login").with_sort(Sort.by(SortKey.DUE, reverse=True))
    assert str(query) == "login sort:due-desc"
    assert query.with_sort(None) == parse("login")


def test_text_only() -> None:
    assert parse('login "a b" -c').text_only
    assert not parse("login is:open").text_only
    assert not Query().text_only


# Help --------------------------------------------------------------------------------------------------


def test_help_explains_every_qualifier() -> None:
    assert {name[:-1] for name, _ in HELP if name.endswith(":")} == {*Field, "sort"}


def test_every_example_of_the_help_is_a_query() -> None:
    for name, meaning in HELP:
        for example in re.findall(r"`(.*?)`", meaning):
            query = parse(example)
            assert query != Query(), name
            assert str(query) == example


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("status", Status),
        ("priority", Priority),
        ("type", IssueType),
        ("is", Is),
        ("has", Has),
        ("sort", SortKey),
    ],
)
def test_help_names_every_value(name: str, right: type[Status]) -> None:
    assert all(str(value) in dict(HELP)[f"{name}:"] for value in right)
