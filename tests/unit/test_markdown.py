"""Markdown on the screen: what it looks like, and that it can do nothing else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhythm_domain.models import PersonRef
from rhythm_tui.holding.mentions import begun, offered
from rhythm_tui.looks.markdown import ISSUE, Ink, joined, laid_out, links, mentions

INK = Ink(*["#808080"] * len(Ink._fields))


def drawn(source: str, width: int = 30) -> str:
    """A text as it is drawn, without its colours."""
    return joined(laid_out(source, width, INK))


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("# Head\ntext", "Head\n\ntext"),
        ("- one\n- two\n  - three", "• one\n• two\n  ◦ three"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("- [ ] open\n- [x] done", "○ open\n✓ done"),
        ("> quoted\n> > twice", "│ quoted\n│ \n│ │ twice"),
        ("a  \nb", "a\nb"),
        ("a\nb\n\nc", "a\nb\n\nc"),
        ("- one\nlazy\n- two\n  more", "• one\n  lazy\n• two\n  more"),
        ("> a\n> b", "│ a\n│ b"),
        ("**a\nb** [x\ny](http://d.e)", "a\nb x\ny"),
        ("**b** *i* ~~s~~ `c`", "b i s c"),
        ("|a|b|\n|-|-|\n|1|22|", "a │ b \n──┼───\n1 │ 22"),
        ("![a picture](http://x.y/z.png)", "▨ a picture"),
        ("<b>html</b>", "<b>html</b>"),
        ("", ""),
    ],
)
def test_what_a_text_looks_like(source: str, seen: str) -> None:
    """Blocks, lists, tables and words."""
    assert drawn(source) == seen


def test_long_lines_are_broken_at_blanks_and_behind_their_bullet() -> None:
    """A hanging indent; what has no blank is folded."""
    assert drawn("- one two three", 10) == "• one two\n  three"
    assert drawn("x" * 25, 10) == "xxxxxxxxxx\nxxxxxxxxxx\nxxxxx"


def test_only_safe_addresses_can_be_followed() -> None:
    """Written out or behind words; each once."""
    source = "https://a.b/c. [x](http://d.e) [y](javascript:alert(1)) [z](file:///etc/passwd) http://d.e"
    assert links(source) == ["https://a.b/c", "http://d.e"]


@pytest.mark.parametrize("mark", ["[", "![", "a [b "])
def test_brackets_that_never_end_cost_no_time(mark: str) -> None:
    """The parser looks for the end of each through all the rest: it would be at it for seconds."""
    text = mark * (100_000 // len(mark))
    before = time.process_time()
    seen = drawn(text, 700)
    assert time.process_time() - before < 2
    assert seen.count("[") == text.count("[")


def test_what_is_nested_too_deep_is_shown_as_written() -> None:
    """Nothing of it is left out."""
    assert "a" in drawn(">" * 300 + "a", 400)
    deep = "".join("  " * level + "- x\n" for level in range(300))
    assert drawn(deep, 700).count("x") == 300


SIGNS = "ab[](){}*_`>#|-=~!<&;:\n\t 1.\\\"'/@\x1b\u202e漢👩\u200d"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from(SIGNS), max_size=120))
def test_no_text_acts_breaks_or_overflows(source: str) -> None:
    """Whatever somebody wrote: lines of the width, without what a terminal obeys."""
    for line in laid_out(source, 20, INK):
        assert line.cell_len <= 20
        assert "\x1b" not in line.plain
        assert "\u202e" not in line.plain


def test_keys_of_issues_are_links_where_they_can_be_opened() -> None:
    """Not in code, in other links, in other words; what is drawn does not change."""
    source = "WEB-92, **APP-1**; `WEB-92` xWEB-92 WEB-9 WEB-92-x [WEB-92](https://a.b/WEB-92) NO-1 #WEB-92"
    assert mentions(source) == ["WEB-92", "APP-1", "WEB-9", "NO-1"]
    lines = laid_out(source, 200, INK, frozenset({"WEB-92", "APP-1"}))
    found = [
        (span.style.meta[ISSUE], line.plain[span.start : span.end])
        for line in lines
        for span in line.spans
        if not isinstance(span.style, str) and ISSUE in span.style.meta
    ]
    assert found == [("WEB-92", "WEB-92"), ("APP-1", "APP-1")]
    assert joined(lines) == joined(laid_out(source, 200, INK))


def test_people_are_mentioned_by_the_names_that_there_are() -> None:
    """A whole name in any case, without the full stop behind it; not in addresses, in code or of nobody."""
    source = "@ada, @Max. (@max-p) x@ada a/@ada @nobody `@ada` https://x.y/@ada @max-"
    (line,) = laid_out(source, 200, INK, frozenset({"@ada", "@max", "@max-p"}))
    bold = [line.plain[span.start : span.end] for span in line.spans if getattr(span.style, "bold", False)]
    assert bold == ["@ada", "@Max", "@max-p", "@max"]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("@a", "a"),
        ("hi (@ada.l", "ada.l"),
        ("hi @ł", "ł"),
        ("@", ""),
        ("me@ada", ""),
        ("@ada ", ""),
        ("see `@ada", ""),
        ("`code` @ada", "ada"),
        ("```\n@app", ""),
        ("```\n@app\n```\n@ad", "ad"),
    ],
)
def test_a_mention_is_begun_where_a_name_is_typed(text: str, typed: str) -> None:
    assert begun(text.split("\n")) == typed


def test_people_are_offered_by_account_and_by_words_of_their_names() -> None:
    people = [
        PersonRef(id=1, name="max", display_name="Ada Lovelace"),
        PersonRef(id=2, name="ada", display_name="Someone"),
        PersonRef(id=3, name="zoe", display_name="Zoë Łada"),
    ]
    assert [who.name for who in offered(people, "AD")] == ["ada", "max"]
    assert [who.name for who in offered(people, "la")] == ["zoe"]
    assert offered(people, "x") == []
