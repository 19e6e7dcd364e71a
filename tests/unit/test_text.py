"""Text: what may be stored is clean, what is shown can do nothing but be read."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from rhythm_domain import text
from rhythm_domain.errors import Invalid

_NASTY = (
    "\x00\x07\x1b\t\n\r\x7f\x85\x9b\xad\u034f\u0301\u0344\u0489\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u202e\u2060"
    "\u2066\u2069\u20dd\u3164\ufe0f\ufeff\ufff9\ud800\udfff\U000e0041\U000e0100"
    " 'a1#é=<>+\u0915\u094d👩👍🏽🇩한"
)
hostile = st.text(st.characters() | st.sampled_from(_NASTY), max_size=60) | st.text(_NASTY, max_size=60)
"""Any string that Python can hold, lone surrogates too, and often the nasty characters."""

_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


# Storing ------------------------------------------------------------------------------------------------


def title(value: str) -> str:
    return text.clean(value, field="title", limit=250, lines=False, required=True)


def prose(value: str) -> str:
    return text.clean(value, field="description", limit=100_000, lines=True, required=False)


def refusal(value: str, *, lines: bool = False, limit: int = 250) -> str:
    """The message by which a value is refused; it must name the field and say what to do."""
    with pytest.raises(Invalid) as caught:
        text.clean(value, field="title", limit=limit, lines=lines, required=True)
    assert caught.value.field == "title"
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Fix the login", "Fix the login"),
        ("  Fix it \r\n", "Fix it"),
        ("\u3000Fix\u00a0it\u2003", "Fix\u00a0it"),
        ("Cafe\u0301", "Café"),
        ("pay\u200bpal \u202etxt", "pay\u200bpal \u202etxt"),
        ("👩‍👩‍👧 1️⃣ नि", "👩‍👩‍👧 1️⃣ नि"),
    ],
)
def test_a_title_is_stored_in_nfc_without_blanks_at_its_ends(given: str, stored: str) -> None:
    assert title(given) == stored


def test_a_body_keeps_its_blanks_and_has_one_kind_of_line_break() -> None:
    assert prose("  one\r\n\ttwo\rthree\n\n") == "  one\n\ttwo\nthree\n\n"
    assert prose("") == ""


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a\x00b", "The title has a control character (U+0000) at position 2."),
        ("  \x1b]52;c;x", "The title has a control character (U+001B) at position 3."),
        ("a\x9bb", "The title has a control character (U+009B) at position 2."),
        ("a\x7f", "The title has a control character (U+007F) at position 2."),
        ("\x85a", "The title has a control character (U+0085) at position 1."),
        ("a\ud83d", "The title has half a character (U+D83D) at position 2."),
        ("a\tb", "The title has a tab at position 2."),
        ("one\ntwo", "The title has a line break at position 4."),
        ("one\rtwo", "The title has a line break at position 4."),
        ("a" + "\u0301" * 32, "The title has more than 30 combining marks in a row at position 32."),
        ("x" * 251, "The title has 251 characters; at most 250 are possible."),
        ("x" * 10_000_000, "The title has 10,000,000 characters; at most 250 are possible."),
        ("", "The title can't be empty."),
        (" \u00a0\u3000\n", "The title can't be empty."),
    ],
)
def test_a_refused_title_says_what_is_wrong_and_where(value: str, message: str) -> None:
    assert refusal(value) == message


def test_a_refused_body_names_the_line() -> None:
    message = "The title has a control character (U+001B) in line 3 at position 2."
    assert refusal("one\r\ntwo\n3\x1b[2J", lines=True) == message


def test_lengths_count_after_normalisation() -> None:
    assert len(title("e\u0301" * 250)) == 250
    assert "has 252 characters" in refusal("\u0958" * 126)


@given(hostile, st.booleans())
@example("a" + "\u0344" * 20, False)
def test_what_is_stored_is_clean_and_stays_as_it_is(value: str, lines: bool) -> None:
    try:
        stored = text.clean(value, field="f", limit=100, lines=lines, required=False)
    except Invalid:
        return
    assert unicodedata.is_normalized("NFC", stored)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]" if lines else "[\x00-\x1f\x7f-\x9f]", stored)
    assert text.clean(stored, field="f", limit=100, lines=lines, required=False) == stored
    stored.encode()


@pytest.mark.parametrize("value", ["a\u0301\u0323" + "\u0301\u0323" * 49_000, "ü\n" * 50_000, "नि" * 50_000])
def test_the_longest_texts_are_checked_and_shown_at_once(value: str) -> None:
    """Unbounded, normalising the first one takes ten seconds."""
    begin = time.perf_counter()
    text.shown_lines(text.repaired(value, limit=100_000, lines=True)[0])
    text.truncated(text.shown(value), 80)
    assert time.perf_counter() - begin < 2


def test_the_makers_of_checks_say_whether_a_value_is_required() -> None:
    assert text.one_line("name", 5)(" abc ") == "abc"
    assert text.one_line("name", 5, required=False)(" ") == ""
    assert text.body("comment", 5)("\n") == "\n"
    with pytest.raises(Invalid, match="comment can't be empty"):
        text.body("comment", 5, required=True)(" \n")


@pytest.mark.parametrize(
    ("value", "limit", "lines", "stored", "notes"),
    [
        ("fine", 10, False, "fine", ()),
        ("a\x1b\x00b\ud800", 10, False, "a��b�", ("3 control characters replaced",)),
        ("a\x07\r\n\tb", 10, True, "a�\n\tb", ("1 control character replaced",)),
        (" one\r\n\ttwo ", 10, False, "one two", ()),
        ("x" * 412, 250, False, "x" * 249 + "…", ("cut from 412 to 250 characters",)),
        ("e" + "\u0315" * 33, 99, False, "e" + "\u0315" * 30, ("3 combining marks removed",)),
    ],
)
def test_an_import_says_what_it_replaced(
    value: str, limit: int, lines: bool, stored: str, notes: tuple[str, ...]
) -> None:
    assert text.repaired(value, limit=limit, lines=lines) == (stored, notes)


@given(hostile, st.integers(1, 40), st.booleans())
@example("\u0344" * 20, 40, False)
def test_what_is_repaired_may_be_stored(value: str, limit: int, lines: bool) -> None:
    fixed, _ = text.repaired(value, limit=limit, lines=lines)
    assert text.clean(fixed, field="f", limit=limit, lines=lines, required=False) == fixed


@pytest.mark.parametrize(("value", "name"), [("ada", "ada"), (" @Ada ", "ada"), ("0.x-y_z", "0.x-y_z")])
def test_user_names(value: str, name: str) -> None:
    assert text.check_name(value) == name


@pytest.mark.parametrize("value", ["", "a", "-ada", ".a", "a b", "ädä", "\u212aim", "a" * 41, "a\x1b[m"])
def test_what_is_no_user_name(value: str) -> None:
    with pytest.raises(Invalid, match="can't be a user name") as caught:
        text.check_name(value)
    assert caught.value.field == "name"
    assert caught.value.message == text.shown(caught.value.message)


@pytest.mark.parametrize(("value", "key"), [("CORE", "CORE"), (" core ", "CORE"), ("a1", "A1")])
def test_project_keys(value: str, key: str) -> None:
    assert text.check_project_key(value) == key


@pytest.mark.parametrize("value", ["", "A", "1A", "A-B", "ÄB", "\u0131b", "ßß", "A" * 11])
def test_what_is_no_project_key(value: str) -> None:
    with pytest.raises(Invalid, match="can't be a project key") as caught:
        text.check_project_key(value)
    assert caught.value.field == "key"


def test_labels() -> None:
    assert text.check_label(" needs review ") == "needs review"


@pytest.mark.parametrize("value", ["", "a,b", 'a"b', "a\nb", "x" * 51])
def test_what_is_no_label(value: str) -> None:
    with pytest.raises(Invalid, match="label") as caught:
        text.check_label(value)
    assert caught.value.field == "label"


# Showing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("plain", "plain"),
        ("[/] [@click=app.quit]", "[/] [@click=app.quit]"),
        ("\x1b]52;c;x\x07", "␛]52;c;x␇"),
        ("a\tb\r\nc\x7f\x00", "a␉b␍␊c␡␀"),
        ("\x9b31m\x85", "<009B>31m<0085>"),
        ("invoice\u202efdp.exe", "invoice<202E>fdp.exe"),
        ("pay\u200bpal\u00ad\ufeff\u2060", "pay<200B>pal<00AD><FEFF><2060>"),
        ("a\u2028b\u2029", "a<2028>b<2029>"),
        ("\ud800", "<D800>"),
        ("\U000e0041", "<E0041>"),
        ("ab\u200dc\ufe0f\u200d", "ab<200D>c<FE0F><200D>"),
        ("\u200c", "<200C>"),
        ("a" + "\u0301" * 8, "a" + "\u0301" * 8),
        ("a" + "\u0301" * 20 + "b", "a" + "\u0301" * 8 + "<+12>b"),
        ("a" + "\u20dd" * 10, "a" + "\u20dd" * 8 + "<+2>"),
        ("👩" + "\u200d" * 10, "👩" + "\u200d" * 8 + "<+2>"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_made_visible(value: str, seen: str) -> None:
    assert text.shown(value) == seen


@pytest.mark.parametrize(
    "value",
    [
        "Привет, ё й",
        "日本語",
        "한국어",
        "नमस्ते क्‍ष",
        "می‌خواهم",
        "ภาษาไทยที่นี่",
        "Tiếng Việt",
        "👩‍👩‍👧 ❤️ 1️⃣ ©️ 👍🏽 🇩🇪",
        "ZA",
    ],
)
def test_the_worlds_scripts_are_shown_as_they_are(value: str) -> None:
    assert text.shown(value) is value
    assert text.shown_lines(value) is value


def test_a_text_of_many_lines_keeps_them() -> None:
    assert text.shown_lines("a\r\n\tb\rc\x1b\u202ed\u200d") == "a\n    b\nc␛<202E>d<200D>"


@given(hostile)
@example("\u202e\u200d")
@example("1\ufe0f\ufe0f\u200d")
@example("\n\u200d")
def test_shown_text_can_do_nothing_but_be_read(value: str) -> None:
    for show, kept in ((text.shown, ""), (text.shown_lines, "\n")):
        seen = show(value)
        seen.encode()
        assert not [c for c in seen if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in kept]
        assert not set(seen) & set(_BIDI)
        assert show(seen) == seen
    assert len(text.shown_lines(value).split("\n")) == len(re.split("\r\n|\r|\n", value))


@given(st.text(st.sampled_from("a\u0301\u20dd\u0489\u094d\ufe0f\u200d\u0e31👩"), max_size=40))
def test_at_most_eight_marks_follow_each_other(value: str) -> None:
    assert not re.search("[\u0301\u20dd\u0489\u094d\ufe0f\u200d\u0e31]{9}", text.shown(value))


# Width --------------------------------------------------------------------------------------------------

_SAMPLES = [
    *[
        "",
        "abc",
        "é",
        "e\u0301",
        "日本語",
        "ｱｲｳ",
        "ＡＢ",
        "한국",
        "\u1112\u1161\u11ab",
        "Привет",
        "नमस्ते",
        "ภาษา",
    ],
    *["👍", "👍🏽", "👩‍👩‍👧", "❤️", "🇩🇪🇫🇷", "1️⃣", "©️", "a…b", "␛[m", "→ ✓"],
]


@pytest.mark.parametrize("value", _SAMPLES)
def test_widths_are_those_that_the_screen_is_laid_out_by(value: str) -> None:
    assert text.cell_width(value) == cell_len(value)


@pytest.mark.parametrize(
    ("value", "width", "cut"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("ae\u0301\u0323bc", 3, "ae\u0301\u0323…"),
        ("👩‍👩‍👧👩‍👩‍👧", 3, "👩‍👩‍👧…"),
        ("🇩🇪🇫🇷", 3, "🇩🇪…"),
        ("a🇩🇪🇫🇷", 3, "a…"),
        ("👍🏽👍🏽", 3, "👍🏽…"),
    ],
)
def test_no_character_is_torn_when_a_text_is_cut(value: str, width: int, cut: str) -> None:
    assert text.truncated(value, width) == cut


@given(hostile, st.integers(0, 30))
def test_a_cut_text_fits(value: str, width: int) -> None:
    value = text.shown(value)
    cut = text.truncated(value, width)
    assert text.cell_width(cut) <= width
    assert cut == value or text.cell_width(value) > width or width == 0
    assert cut == value or not cut or (cut[-1] == "…" and value.startswith(cut[:-1]))


# Comparing and exchanging -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "ADA"),
        ("José  Núñez ", "jose nunez"),
        ("Doğan İnce", "dogan ince"),
        ("Straße", "STRASSE"),
        ("Ёлка", "елка"),
        ("Ｆｕｌｌ", "full"),
        ("ℌ\u0301", "h"),
        ("Άννα", "αννα"),
    ],
)
def test_names_are_compared_without_case_and_accents(one: str, other: str) -> None:
    assert text.folded(one) == text.folded(other)


def test_names_are_found_without_strokes_and_stay_different() -> None:
    for name, typed in (
        ("Łucja Øster", "lucja oster"),
        ("Đorđe", "dorde"),
        ("Œuvre Æ", "oeuvre ae"),
        ("Işık", "isik"),
    ):
        assert text.findable(name) == text.findable(typed)
    assert text.folded("Łódź") != text.folded("Lodz"), "it is stored so"


@pytest.mark.parametrize(("one", "other"), [("мой", "мои"), ("ガ", "カ"), ("कि", "क"), ("a b", "ab")])
def test_different_letters_stay_different(one: str, other: str) -> None:
    assert text.folded(one) != text.folded(other)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_folding_twice_is_folding_once(value: str) -> None:
    assert text.folded(text.folded(value)) == text.folded(value)


@pytest.mark.parametrize("value", ["https://example.org/a?b=c#d", "HTTP://x", "mailto:ada@example.org"])
def test_links_that_may_be_followed(value: str) -> None:
    assert text.safe_url(value)


@pytest.mark.parametrize(
    "value",
    [
        *[
            "",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "data:text/html,x",
            " https://x",
            "https://",
            "//x",
        ],
        *["https://x\x1b[m", "https://x y", "https://x\u202e", "https://x\n", "https:x", "x https://y"],
    ],
)
def test_links_that_may_not_be_followed(value: str) -> None:
    assert not text.safe_url(value)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("＝x", "'＝x"),
        ("'=x", "''=x"),
        ("'quoted'", "'quoted'"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_spreadsheet_takes_a_cell_for_a_formula(value: str, cell: str) -> None:
    assert text.csv_guarded(value) == cell


@given(st.text(st.sampled_from("'=+-@\t\r\na ")) | hostile)
def test_the_formula_guard_is_taken_off_again(value: str) -> None:
    cell = text.csv_guarded(value)
    assert text.csv_unguarded(cell) == value
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
