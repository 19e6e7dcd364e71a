"""Lexemes: what a document is found by. A small reader of tsvector and tsquery text plays the server."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rhythm_domain.lexemes import PLACEHOLDER, SEGMENT, document, implied, matches, segment, tsquery


@dataclass(frozen=True)
class Term:
    text: str
    phrase: bool = False
    negated: bool = False
    prefix: bool = False


def vector(literal: str) -> dict[str, list[int]]:
    """The lexemes of a tsvector literal without their project and segment, and their positions."""
    entries = re.findall(r"'([^'\\\s]+)'(?::(\S+))?(?: |$)", literal)
    assert " ".join(f"'{name}':{at}" if at else f"'{name}'" for name, at in entries) == literal
    return {
        name.partition("/")[2]: [int(place.rstrip("A")) for place in at.split(",") if place]
        for name, at in entries
    }


class Reader:
    """Evaluates a tsquery's text over a vector; a value is whether it holds and where it ends."""

    def __init__(self, query: str, lexemes: dict[str, list[int]]) -> None:
        self.tokens = re.findall(r"'[^']*'(?::\*)?|<-?\d*-?>|[&|!()]", query)
        assert "".join(self.tokens) == query.replace(" ", "")
        self.lexemes = lexemes

    def take(self, *wanted: str) -> str:
        return self.tokens.pop(0) if self.tokens and self.tokens[0].startswith(wanted) else ""

    def either(self) -> tuple[bool, set[int]]:
        found, ends = self.both()
        while self.take("|"):
            more, others = self.both()
            found, ends = found or more, ends | others
        return found, ends

    def both(self) -> tuple[bool, set[int]]:
        found, ends = self.phrase()
        while self.take("&"):
            found = self.phrase()[0] and found
        return found, ends

    def phrase(self) -> tuple[bool, set[int]]:
        found, ends = self.one()
        while step := self.take("<"):
            distance = 1 if step == "<->" else int(step[1:-1])
            ends = {end for end in self.one()[1] if end - distance in ends}
            found = bool(ends)
        return found, ends

    def one(self) -> tuple[bool, set[int]]:
        if self.take("!"):
            return not self.one()[0], set()
        if self.take("("):
            value = self.either()
            assert self.take(")")
            return value
        name, star = re.fullmatch(r"'(.+)'(:\*)?", self.take("'")).groups()  # type: ignore[union-attr]
        assert name.startswith(PLACEHOLDER)
        hits = [
            at
            for lexeme, at in self.lexemes.items()
            if (lexeme.startswith if star else lexeme.__eq__)(name[1:])
        ]
        return bool(hits), {place for at in hits for place in at}


def holds(query: str | None, literal: str) -> bool:
    assert query is not None
    reader = Reader(query, vector(literal))
    found = reader.either()[0]
    assert not reader.tokens
    return found


def finds(text: str, terms: Sequence[Term]) -> bool:
    """Whether the terms find a text as a title and as a description; the look-up must never find less."""
    query = tsquery(terms)
    assert query is not None
    answers = set()
    for literal in (
        document(text, "", project_id=12, number=615_000),
        document("", text, project_id=12, number=615_000),
    ):
        answers.add(holds(query.template, literal))
        if query.lookup and holds(query.template, literal):
            assert holds(query.narrowest, literal)
    return answers == {True}


FOUND = """
    psycopg_pool leaks                 | psycopg_pool psycopg pool psycopg_p psycopgpool psycopg-pool
    call getUserName twice             | getUserName getusername username user name getUser userName
    get_user_name()                    | getUserName getusername username get_user_name
    rename user_name                   | userName username user_name
    the userName field                 | username user_name user-name
    a HTTPServer crashed               | httpserver http server HTTPServer HTTPSe
    list of URLs and IDs               | url urls ids
    iOS and macOS                      | ios macos os
    PostgreSQL on GitHub               | postgresql github PostgreSQL postgres
    raises ERR_CONN                    | ERR_CONN err_conn conn err
    calls foo.bar() here               | foo.bar() foo.bar bar foo foo.b foo. foo/bar
    src/getUserName.parse_all/x-y.py   | src/get src/getUser username.parse name/parseAl user_name.parse_all
    src/getUserName.parse_all/x-y.py   | parseAll/x all/x-y.py y.py getUserName.parseAll/x-y.p x-y.py xy.py
    since v1.2.3 it fails              | 1.2.3 v1.2.3 1.2 v1.2 v1 2.3
    on python3.12                      | python3.12 3.12 python3 python
    see CORE-1234 first                | 1234 core-1234 CORE-1234 core
    not utf-8                          | utf-8 utf8 utf
    not utf8                           | utf-8 utf8
    written in C++                     | C++ c
    written in C++17                   | C++ 17
    written in C#                      | C# c#
    runs on .NET                       | .NET .net net
    opens /usr/lib/x.so                | /usr/lib/x.so usr lib/x.so x.so so
    with --dry-run set                 | --dry-run dry-run dryrun run
    a sha256 sum                       | sha256 sha sha-256
    use 0-rtt                          | 0-rtt 0rtt rtt
    commit deadbeef0123                | deadbeef0123 deadbe
    commit DEADBEEF01AB                | deadbeef01ab deadb
    mail ann.lee@example.com           | ann.lee@example.com example.com lee
    https://example.com/a_b?c=d        | https://example.com/a_b example.com a_b
    e-mail me                          | email e-mail
    e mail me                          | e-mail
    sign in first                      | sign-in
    getUserNameNow()                   | getUserName userName user_name
    api.get_user_name.now()            | api.getUserName api.get_user userName.now api/getUserName/no
    a café au lait                     | cafe café CAFÉ Café
    a cafe au lait                     | café
    ÉTÉ à Łódź                         | été ete łódź lodz
    größe Straße                       | grosse größe STRASSE strasse
    smørrebrød                         | smorrebrod smørrebrød
    οδός Αθήνα                         | ΟΔΌΣ αθηνα Αθήνα
    всё ещё                            | все всё еще ЕЩЁ
    мой дом                            | мой МОЙ
    Привет, мир                        | привет МИР
    за́мок                              | замок
    数据库错误                         | 数据库 据库 错误 数 误 数据库错误
    Python3の使い方                    | python3 使い方 方 の
    データベース接続                   | データ 接続 ベース
    데이터베이스를 열다                | 데이터베이스 베이스 열
    ภาษาไทย                            | ไทย ภาษา
    हिन्दी में                             | हिन्दी में
    ｆｕｌｌ width                     | full
    the ﬁle office                     | file
    many connections                   | connection connections connectio
    one connection                     | connections connection
    slow queries                       | query queries queri quer
    one query                          | queries queri querie query
    two boxes and classes              | box class boxes classes
    the box, a class                   | boxes classes boxe
    three databases                    | database databases databas
    one database                       | databases
    status and addresses               | status address statuses
    no, not the one                    | no not the
    it doesn't work                    | doesn't doesn’t doesn
    rock'n'roll — “quoted”             | rock'n'roll quoted
    soft\u00adhyphen                   | softhyphen
"""

NOT_FOUND = """
    foo bar                            | oo bar.foo foobar
    мои дома                           | мой
    C and c                            | C++ C#
    a network                          | workn
    status                             | stat-
    1.2.30                             | v1.2.4 2.1
    get name of user                   | getUserName
    get user name                      | getUserName user_name userName
    api user name                      | api.userName api/user_name
    pool psycopg                       | psycopg_pool
    foo and bar, foo bar, foo. bar     | foo.bar foo/bar foo/b foo::ba
    foo/bar/baz                        | foo/baz bar/foo oo/bar foo/bar/b/az
    1 2                                | 1.2
    数错据误                           | 数据
"""


def cases(table: str) -> list[tuple[str, str]]:
    """(document, query) pairs of a table of documents and the queries of each."""
    lines = [line.encode().decode("unicode_escape") if "\\u" in line else line for line in table.splitlines()]
    rows = [line.split("|") for line in lines if "|" in line]
    return [(text.strip(), query) for text, queries in rows for query in queries.split()]


@pytest.mark.parametrize(("text", "query"), cases(FOUND))
def test_a_query_finds_what_a_person_means_by_it(text: str, query: str) -> None:
    assert finds(text, [Term(query, prefix=True)])
    assert not finds(text, [Term(query, prefix=True, negated=True)])


@pytest.mark.parametrize(
    ("text", "query"),
    [
        case
        for case in cases(FOUND)
        if re.fullmatch(r"connections?|boxes|classes|box|quer(y|ies)|v?1\.2(\.3)?", case[1])
    ],
)
def test_a_complete_word_finds_it_too(text: str, query: str) -> None:
    assert finds(text, [Term(query)])


@pytest.mark.parametrize(("text", "query"), cases(FOUND)[:50])
def test_an_index_that_holds_no_links_is_not_asked_for_them(text: str, query: str) -> None:
    """The first cases; later ones are found only since links are held."""
    literal = " ".join(
        entry
        for entry in document(text, "", project_id=1, number=1).split(" ")
        if "/." not in entry.split(":")[0]
    )
    older = tsquery([Term(query, prefix=True)], generation=1)
    assert older is not None
    assert holds(older.template, literal)
    assert holds(older.narrowest, literal)


@pytest.mark.parametrize(("text", "query"), cases(NOT_FOUND))
def test_a_query_does_not_find_what_nobody_means_by_it(text: str, query: str) -> None:
    assert not finds(text, [Term(query, prefix=True)])


def test_a_complete_word_is_no_prefix() -> None:
    assert not finds("databank", [Term("data")])
    assert finds("databank", [Term("data", prefix=True)])


def test_quotes_want_the_words_in_a_row_and_as_written() -> None:
    assert finds("the connection pool leaks", [Term("connection pool", phrase=True)])
    assert not finds("the pool connection", [Term("connection pool", phrase=True)])
    assert not finds("the connection pools", [Term("connection pool", phrase=True)])
    assert finds("in 数据库connection", [Term("数据库 connection", phrase=True)])
    assert finds("the user_name is", [Term("the userName is", phrase=True)])
    assert not finds("the user name is", [Term("the userName is", phrase=True)])


def test_a_phrase_does_not_run_from_the_title_into_the_description() -> None:
    query = tsquery([Term("red green", phrase=True)])
    assert query is not None
    assert not holds(query.template, document("red", "green", project_id=1, number=1))
    assert holds(query.template, document("red", "green red green", project_id=1, number=1))


def test_all_terms_must_hold() -> None:
    assert finds("slow database", [Term("database"), Term("slow"), Term("fast", negated=True)])
    assert not finds("slow database", [Term("database"), Term("fast")])


def test_a_lexeme_carries_project_segment_and_weight() -> None:
    assert segment(8191) == 0
    assert segment(8192) == 1
    literal = document("Slow", "so slow", project_id=12, number=75 * SEGMENT)
    assert literal == "'12.75/slow':1A,19 '12.75/so':18"


@pytest.mark.parametrize("text", ["", "  ", "...", "--", "🚀", "\u0301", "\x00\x01\ue000"])
def test_nothing_to_search_for(text: str) -> None:
    assert tsquery([Term(text, prefix=True)]) is None
    assert tsquery([]) is None
    assert document(text, text, project_id=1, number=1) == ""
    assert matches("a title", [Term(text)]) == []


@pytest.mark.parametrize(
    ("terms", "lookup", "prefix"),
    [
        ([Term("slow"), Term("d", prefix=True)], "('@slow' | '@slows')", "'@d':*"),
        ([Term("slow", phrase=True), Term("data", prefix=True)], "'@slow'", "'@data':*"),
        (
            [Term("slow", phrase=True), Term("sign-u", prefix=True)],
            "'@slow' & ('@sign' | '@signu':*)",
            "('@u':* | '@signu':*)",
        ),
        ([Term("slow", phrase=True), Term("psycopg_p", prefix=True)], "'@slow' & '@psycopgp':*", None),
        ([Term("slow", phrase=True), Term("aB", prefix=True)], "'@slow'", "'@ab':*"),
        ([Term("userName")], "'@username':*", None),
        ([Term("the userName is", phrase=True)], "'@the' & '@username' & '@is'", None),
        ([Term("foo.b", prefix=True)], "'@.foo.b':*", None),
        ([Term("src/sign-in/b.py")], "'@.src.sign' & '@.in.b' & '@.b.py'", None),
        ([Term("the foo.userName is", phrase=True)], "'@the' & '@.foo.username' & '@is'", None),
        ([Term("slow", phrase=True), Term("数", prefix=True)], "'@slow' & '@数':*", None),
        ([Term("d", prefix=True)], "'@d':*", None),
        ([Term("d", prefix=True), Term("foo", negated=True)], "'@d':*", None),
        ([Term("slow", phrase=True), Term("foo", negated=True)], "'@slow'", None),
        ([Term("slow pool", phrase=True)], "'@slow' & '@pool'", None),
        ([Term("v1.2.3", prefix=True)], "'@.1.2' & '@.2.3':*", None),
        ([Term("python3.12")], "'@.python3.12'", None),
    ],
)
def test_the_lookup_leaves_out_what_only_filters(terms: list[Term], lookup: str, prefix: str | None) -> None:
    query = tsquery(terms)
    assert query is not None
    assert (query.lookup, query.prefix) == (lookup, prefix)
    assert not query.negative_only


def test_a_query_of_negations_has_no_lookup() -> None:
    query = tsquery([Term("done", phrase=True, negated=True)])
    assert query is not None
    assert (query.template, query.lookup, query.negative_only) == ("!('@done')", None, True)


@pytest.mark.parametrize(
    ("title", "query", "marked"),
    [
        ("Slow database, slow disk", "slow", ["Slow", "slow"]),
        ("Many connections", "connection", ["connections"]),
        ("In getUserName() it fails", "username", ["UserName"]),
        ("In getUserName() it fails", "getuser", ["getUserName"]),
        ("psycopg_pool and pool", "psycopg_pool", ["psycopg_pool"]),
        ("数据库错误", "据库错", ["据库错"]),
        ("the ﬁle … ｆｕｌｌ!", "full", ["ｆｕｌｌ"]),
        ("x…ﬁle…y", "file", ["ﬁle"]),
        ("CAFE\u0301 noir", "café", ["CAFE\u0301"]),
        ("Fixed in v1.2.3.", "1.2.3", ["v1.2.3"]),
        ("nothing here", "else", []),
    ],
)
def test_what_matches_in_a_title(title: str, query: str, marked: list[str]) -> None:
    spans = matches(title, [Term(query, prefix=True), Term("it", negated=True)])
    if query == "psycopg_pool" or query == "1.2.3":
        assert title[spans[0][0] : spans[-1][1]] == marked[0]
    else:
        assert [title[start:end] for start, end in spans] == marked


LONG = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "".join(chr(0x4E00 + i * 7919 % 20_000) for i in range(LONG)),
        "x" * LONG,
        "aB" * (LONG // 2),
        "é_" * (LONG // 2),
        "a " * (LONG // 2),
        " ".join(chr(0x20000 + i) for i in range(LONG // 2)),
        "🚀" * LONG,
        "e" + "\u0301" * (LONG - 1),
        "क्" * (LONG // 2),
    ],
    ids=["han", "one word", "camel", "snake", "same", "distinct", "emoji", "accents", "marks"],
)
def test_the_longest_description_stays_within_the_limits_of_the_server(text: str) -> None:
    literal = document("Title", text, project_id=2**31, number=10_000_000)
    lexemes = vector(literal)
    assert "title" in lexemes
    stored = sum(len(name.encode()) + 30 + 4 + 2 * len(at) for name, at in lexemes.items())
    assert stored < 2**20 or len(literal.encode()) <= 800_000
    assert all(len(name.encode()) < 1024 for name in lexemes)
    assert all(len(at) < 256 and all(0 < place < 2**14 for place in at) for at in lexemes.values())


def test_a_phrase_is_found_behind_two_hundred_of_its_words() -> None:
    assert finds("so to say " * 200 + "end-to-end", [Term("end-to-end", phrase=True)])


texts = st.text(
    st.one_of(st.sampled_from("aAbsS0129_-.+#' é ßйё数据データ데한ไทกिคﬁ𝐀\u0301"), st.characters()),
    max_size=40,
)


@given(texts, texts)
def test_any_text_makes_a_clean_literal(title: str, description: str) -> None:
    literal = document(title, description, project_id=1, number=1)
    assert literal == document(title, description, project_id=1, number=1)
    for name in vector(literal):
        assert all(
            unicodedata.category(character)[0] in "LMN"
            for character in re.sub(r"(\+\+|#)(?=\.|$)|^\.(?=[^.]+\.[^.]+$)|(?<=[^.])\.(?=[^.]+$)", "", name)
        )


@example("api/v2beta")
@given(texts)
def test_every_beginning_of_every_word_finds_it(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    for word in text.split():
        for length in range(1, len(word) + 1):
            if unicodedata.normalize("NFKC", word).startswith(unicodedata.normalize("NFKC", word[:length])):
                term = Term(word[:length], prefix=True)
                assert tsquery([term]) is None or finds(text, [term]), term


@given(texts)
def test_every_whole_word_and_the_whole_text_in_quotes_find_it(text: str) -> None:
    for word in text.split():
        assert tsquery([Term(word)]) is None or finds(text, [Term(word)])
    assert tsquery([Term(text)]) is None or finds(text, [Term(text, phrase=True)])


@given(texts, texts)
def test_a_title_is_marked_where_it_is_found(title: str, query: str) -> None:
    term = Term(query, prefix=True)
    spans = matches(title, [term])
    assert all(0 <= start < end <= len(title) for start, end in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    assert bool(spans) == (tsquery([term]) is not None and finds(title, [term]))


@pytest.mark.parametrize(
    ("narrower", "wider"),
    [
        ("datab", "data"),
        ("user_na", "user"),
        ("getUserN", "getUs"),
        ("e-mail", "e"),
        ("src/main.p", "src/main"),
        ("数据库", "数据"),
        ("crème", "cre"),
    ],
)
def test_what_is_typed_on_finds_a_part(narrower: str, wider: str) -> None:
    one, other = [Term(narrower, prefix=True)], [Term(wider, prefix=True)]
    assert implied(other, one)
    assert not implied(one, other)
    assert implied(other, [Term("some"), *one])
    assert not implied([Term("some"), *other], one)


def test_what_is_left_out_is_implied_the_other_way_round() -> None:
    data, database = Term("data", negated=True, prefix=True), Term("database", negated=True)
    assert implied([database], [data])
    assert not implied([data], [database])
    assert not implied([Term("database")], [database])
    assert implied([], [database])


def test_a_part_of_a_phrase_is_implied_at_its_place_only() -> None:
    phrase = [Term("one two three", phrase=True)]
    assert implied([Term("two three", phrase=True)], phrase)
    assert implied([Term("three")], phrase)
    assert not implied([Term("one three", phrase=True)], phrase)
    assert not implied([Term("two one", phrase=True)], phrase)


def test_what_else_could_stand_in_a_phrase_keeps_it_from_being_implied() -> None:
    """It can have no place in a very long text: then the wider phrase does not fit where the other does."""
    assert not implied([Term("one tw", phrase=True, prefix=True)], [Term("one two", phrase=True)])
    assert not implied([Term("sign-i", prefix=True)], [Term("sign-in", prefix=True)])
    assert not implied([Term("one two", phrase=True, negated=True)], [Term("one tw", True, True, True)])


parts = st.text("abesxi-_/.1B数据 ", min_size=1, max_size=5)


@given(st.lists(st.tuples(parts, parts, st.booleans(), st.booleans()), min_size=1, max_size=2), st.data())
def test_whatever_fits_what_implies_fits_what_is_implied(
    typed: list[tuple[str, str, bool, bool]], data: st.DataObject
) -> None:
    wider = [Term(text, phrase=phrase, negated=left, prefix=not phrase) for text, _, phrase, left in typed]
    by = [Term(text + on, phrase=phrase, negated=left, prefix=not phrase) for text, on, phrase, left in typed]
    written = [piece for text, on, _, _ in typed for piece in (text, text + on, text + on + "a", on)]
    text = " ".join(data.draw(st.lists(st.sampled_from(written), max_size=5)))
    narrow, wide = tsquery(by), tsquery(wider)
    if narrow is not None and wide is not None and implied(wider, by):
        literal = document(text, "", project_id=1, number=1)
        assert not holds(narrow.template, literal) or holds(wide.template, literal)
