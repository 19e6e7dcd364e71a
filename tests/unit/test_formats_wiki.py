"""Jira's wiki markup as Markdown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.formats.wiki import markdown


@pytest.mark.parametrize(
    ("wiki", "expected"),
    [
        ("h1. Tea", "# Tea"),
        ("h6. *Tea*", "###### **Tea**"),
        ("*bold* and _italic_", "**bold** and *italic*"),
        ("_*both*_", "***both***"),
        ("-gone- +new+ ??cited??", "~~gone~~ new *cited*"),
        ("{*}bold{*}er", "**bold**er"),
        ("{{a_b_c}}", "`a_b_c`"),
        ("{{tick ` tick}}", "`` tick ` tick ``"),
        ("2*3*4 and snake_case_name and 1-2-3", "2\\*3\\*4 and snake_case_name and 1-2-3"),
        (r"\*not bold\*", r"\*not bold\*"),
        (r"\{code\}", "{code}"),
        ("a `tick` and <b>", r"a \`tick\` and \<b>"),
        ("x < 3 > y", "x < 3 > y"),
        ("[Tea|https://tea.example/a_b]", "[Tea](https://tea.example/a_b)"),
        ("[Tea|https://tea.example/a(b)|smart-link]", "[Tea](<https://tea.example/a(b)>)"),
        ("[https://tea.example]", "<https://tea.example>"),
        ("[mail|mailto:a@b.example]", "[mail](mailto:a@b.example)"),
        ("see https://tea.example/_a_*b*", "see https://tea.example/_a_*b*"),
        ("[~ada] [~accountid:5:x]", "@ada @Ada L"),
        ("[^scan.pdf] and [below|#part]", "scan.pdf and below"),
        ("[plain] [x]", "[plain] [x]"),
        (
            "!pot.png|thumbnail! !https://tea.example/cup.jpg!",
            "![pot.png](pot.png) ![cup.jpg](https://tea.example/cup.jpg)",
        ),
        ("{color:#ff0000}red{color} tea", "red tea"),
        ("one\ntwo", "one  \ntwo"),
        (r"one\\ two", "one  \n two"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("----", "---"),
        ("bq. said", "> said"),
        ("* a\n** b\n*** c\n* d", "- a\n  - b\n    - c\n- d"),
        ("# a\n## b\n#* c\n- d", "1. a\n   1. b\n   - c\n- d"),
        ("||A||B||\n|1|[x|https://t.example]|", "| A | B |\n| --- | --- |\n| 1 | [x](https://t.example) |"),
        ("|1|2|\n|3||", "|  |  |\n| --- | --- |\n| 1 | 2 |\n| 3 |  |"),
        ("{quote}a\n\n* b{quote}c", "> a\n>\n> - b\n\nc"),
        ("{panel:title=Note|bgColor=#fff}a{panel}", "> **Note**\n>\n> a"),
        ("{code:java}\nint *a* = 1;\n{code}", "```java\nint *a* = 1;\n```"),
        ("{code:title=A.py|language=Python}\nx\n{code}", "```python\nx\n```"),
        ("{noformat}\n```\n{noformat}", "````\n```\n````"),
        ("run {code}a_b{code} now", "run `a_b` now"),
        ("{code} never closed *b*", "{code} never closed **b**"),
        ("a\r\nb", "a  \nb"),
        ("> quoted?", r"\> quoted?"),
        ("", ""),
    ],
)
def test_markup(wiki: str, expected: str) -> None:
    """Each construct by itself."""
    assert markdown(wiki, {"5:x": "Ada L"}) == expected


def test_blocks_stand_apart() -> None:
    """A paragraph, a code block, a table and a list, as Markdown needs them."""
    wiki = "Intro\n{code}\nx\n{code}\nMore\n||A||\n|1|\nEnd\nh2. List\n* a"
    assert markdown(wiki) == ("Intro\n\n```\nx\n```\n\nMore\n\n| A |\n| --- |\n| 1 |\n\nEnd\n\n## List\n- a")


@given(st.text(alphabet="abcäöü .,", max_size=200))
def test_plain_words_stay_as_they_are(words: str) -> None:
    """Nothing is escaped or lost without need."""
    assert markdown(words).split() == words.split()


@given(st.text(alphabet="a *_-+{}[]|!\\h1.#~^?:/\n", max_size=80))
def test_no_text_breaks_the_conversion(wiki: str) -> None:
    """Any mix of marks gives some text, never an error."""
    assert isinstance(markdown(wiki), str)


@pytest.mark.parametrize(
    "piece", ["*a ", "_*", "{quote}{code:x}", "[a|", "!a.", "{*}", "{{", "|", "??a", "["]
)
def test_hostile_texts_do_not_take_for_ever(piece: str) -> None:
    """A hundred thousand characters of unclosed marks: without bounds these take minutes."""
    started = time.process_time()
    markdown(piece * (20_000 // len(piece)))
    assert time.process_time() - started < 5
