"""What text may be stored, and how it is made safe to show.

Pure. Stored text is NFC without control characters; what is wrong with it is said, nothing is cut silently.
Shown text goes through `shown` (or `shown_lines`) wherever it appears: screens, tables, logs and errors.
A terminal obeys escape sequences, and bidi controls turn a line around.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache

from rhythm_domain.errors import Invalid

# Storing ------------------------------------------------------------------------------------------------

_LINE_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BODY_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_NEWLINES = re.compile("\r\n?")
_BLANKS = re.compile("[\n\t]+")

_MARKS_STORED = 30
"""Combining marks in a row that are stored: the bound of Unicode's Stream-Safe Text Format (UAX #15).
Normalising takes time with the square of a run: 20 seconds for 100,000 marks."""

_SHRINKS = 4
"""NFC makes at most one character of four, and LF at most one of CRLF's two: what is longer by far is refused
before the work is done."""


def clean(value: str, *, field: str, limit: int, lines: bool, required: bool) -> str:
    """The value as it is stored: NFC; in bodies CRLF and CR as LF, other values without blanks at their ends.

    `limit` is in characters after normalisation. Raises `Invalid` naming the field, what is wrong and where:
    control characters (a body may have newlines and tabs), lone surrogates, more than 30 combining marks in
    a row, over-long and, if required, blank values. Invisible and bidi characters may be stored; `shown`
    makes them visible. `clean(clean(x)) == clean(x)`.
    """
    if len(value) > _SHRINKS * limit + 1000:
        raise _too_long(field, len(value), limit)
    if lines:
        value = _NEWLINES.sub("\n", value)
        refused = _BODY_REFUSED.search(value)
    else:
        trimmed = value.strip(" \t\r\n")
        refused = _LINE_REFUSED.search(value, start := value.find(trimmed), start + len(trimmed))
        value = trimmed if refused is None else value
    if refused:
        raise _wrong(field, _called(ord(refused[0])), value, refused.start(), lines)
    _refuse_long_runs(value, field, lines)
    value = unicodedata.normalize("NFC", value if lines else value.strip())
    _refuse_long_runs(value, field, lines)  # some marks become two
    if len(value) > limit:
        raise _too_long(field, len(value), limit)
    if required and not value.strip():
        raise Invalid(f"The {field} can't be empty.", field=field, hint="Write something.")
    return value


def _refuse_long_runs(value: str, field: str, lines: bool) -> None:
    for start, _ in _long_runs(value, _MARKS_STORED, unicodedata.combining):
        raise _wrong(field, f"more than {_MARKS_STORED} combining marks in a row", value, start, lines)


def _called(code: int) -> str:
    """What a person calls a character that may not be stored."""
    if code in (0x0A, 0x0D):
        return "a line break"
    if code == 0x09:
        return "a tab"
    return f"{'half a' if code >= 0xD800 else 'a control'} character (U+{code:04X})"


def _wrong(field: str, what: str, value: str, at: int, lines: bool) -> Invalid:
    begin = value.rfind("\n", 0, at) + 1 if lines else 0
    where = f"in line {value.count(chr(10), 0, begin) + 1} at position" if lines else "at position"
    return Invalid(
        f"The {field} has {what} {where} {at - begin + 1}.", field=field, hint="Remove it and try again."
    )


def _too_long(field: str, length: int, limit: int) -> Invalid:
    return Invalid(
        f"The {field} has {length:,} characters; at most {limit:,} are possible.",
        field=field,
        hint="Shorten it.",
    )


def one_line(field: str, limit: int, *, required: bool = True) -> Callable[[str], str]:
    """A check of a one-line value: titles and names. See `clean`."""
    return lambda value: clean(value, field=field, limit=limit, lines=False, required=required)


def body(field: str, limit: int, *, required: bool = False) -> Callable[[str], str]:
    """A check of a text of many lines: descriptions and comments. See `clean`."""
    return lambda value: clean(value, field=field, limit=limit, lines=True, required=required)


def repaired(value: str, *, limit: int, lines: bool) -> tuple[str, tuple[str, ...]]:
    """What an import stores, and in words what had to be replaced or cut.

    Control characters become U+FFFD, line breaks and tabs of a one-line value a space, surplus combining
    marks go, and what is longer than `limit` ends in an ellipsis. `clean` leaves the result as it is.
    """
    notes = []
    value = _NEWLINES.sub("\n", value)
    if not lines:
        value = _BLANKS.sub(" ", value).strip(" ")
    value, count = (_BODY_REFUSED if lines else _LINE_REFUSED).subn("\ufffd", value)
    if count:
        notes.append(f"{count:,} control character{'s' * (count != 1)} replaced")
    if not value.isascii():
        bounded = _bounded(value, _MARKS_STORED, unicodedata.combining, "")
        if surplus := len(value) - len(bounded):
            notes.append(f"{surplus:,} combining mark{'s' * (surplus != 1)} removed")
        value = unicodedata.normalize("NFC", bounded if lines else bounded.strip())
        value = _bounded(value, _MARKS_STORED, unicodedata.combining, "")
    if len(value) > limit:
        notes.append(f"cut from {len(value):,} to {limit:,} characters")
        value = value[: limit - 1] + "…"
    return value, tuple(notes)


_USER_NAME = re.compile("[a-zA-Z0-9][a-zA-Z0-9._-]{1,39}")
_PROJECT_KEY = re.compile("[a-zA-Z][a-zA-Z0-9]{1,9}")


def check_name(value: str) -> str:
    """A person's name for signing in: lower-cased, a leading @ dropped. Raises `Invalid`."""
    name = value.strip().removeprefix("@")
    if not _USER_NAME.fullmatch(name):
        raise Invalid(
            f"“{truncated(shown(value), 50)}” can't be a user name.",
            field="name",
            hint="2 to 40 of a-z, 0-9, dot, dash and underscore; the first a letter or a digit.",
        )
    return name.lower()


def check_project_key(value: str) -> str:
    """A project's key, upper-cased. Raises `Invalid`."""
    key = value.strip()
    if not _PROJECT_KEY.fullmatch(key):
        raise Invalid(
            f"“{truncated(shown(value), 50)}” can't be a project key.",
            field="key",
            hint="2 to 10 of A-Z and 0-9; the first a letter.",
        )
    return key.upper()


def check_label(value: str) -> str:
    """A label's name: one line, 1 to 50 characters. Raises `Invalid`."""
    name = clean(value, field="label", limit=50, lines=False, required=True)
    if "," in name or '"' in name:
        raise Invalid(
            "A label's name can't have commas or double quotes.", field="label", hint="The search uses them."
        )
    return name


# Showing ------------------------------------------------------------------------------------------------

_MARKS_SHOWN = 8
"""Marks in a row that are shown; more of them would climb over the neighbouring lines."""

# Controls, bidi controls and separators, and the characters that nobody sees but that tell two texts apart
# (Default_Ignorable_Code_Point in Unicode's DerivedCoreProperties), with interlinear and tag characters.
_UNSAFE = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Joiners and variation selectors belong to emoji and to scripts from Arabic to Tamil; behind a Latin letter
# or where they join nothing they only hide. `1️⃣` and `©️` have U+FE0F behind a Latin-1 character.
_HIDING = f"(?:^|(?<=[\n\x20-\u02ff{_UNSAFE}]))(?!(?<=[#*0-9\u00a9\u00ae])\ufe0f)[\u200c\u200d\ufe00-\ufe0f]+"
_LINES = re.compile(f"[{_UNSAFE}]|{_HIDING}")
_LINE = re.compile(f"[\n{_UNSAFE}]|{_HIDING}")
_ASCII = re.compile(r"[ -~]*")
_ASCII_LINES = re.compile(r"[ -~\n]*")


def _picture(match: re.Match[str]) -> str:
    return "".join(map(_pictured, match[0]))


def _pictured(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"<{code:04X}>"


def shown(value: str) -> str:
    """Text for one line of a terminal: it can do nothing but be read.

    C0 and DEL become visible pictures (␛, ␊); C1, bidi controls, invisible characters and lone surrogates
    become `<202E>`; of more than eight marks in a row the rest becomes its number, `<+12>`. The result is
    valid UTF-8, and `shown(shown(x)) == shown(x)`.
    """
    return value if _ASCII.fullmatch(value) else _safe(_LINE, value)


def shown_lines(value: str) -> str:
    """Text of many lines for a terminal: as `shown`, but line breaks stay and a tab becomes four spaces."""
    if _ASCII_LINES.fullmatch(value):
        return value
    return _safe(_LINES, _NEWLINES.sub("\n", value).replace("\t", "    "))


def shown_in_place(value: str) -> str:
    """As `shown_lines`, with one character for one, so that places in a text that is being edited stay.

    What has no picture, and of more than eight marks in a row the rest, becomes U+FFFD; a tab stays.
    """
    if _ASCII_LINES.fullmatch(value):
        return value
    value = _LINES.sub(lambda match: "".join(map(_in_place, match[0])), value)
    for start, stop in _long_runs(value, _MARKS_SHOWN, lambda char: _width(char) == 0):
        value = value[:start] + "\ufffd" * (stop - start) + value[stop:]
    return value


def _in_place(char: str) -> str:
    picture = char if char == "\t" else _pictured(char)
    return picture if len(picture) == 1 else "\ufffd"


def defused(value: str, width: Callable[[str], int]) -> str:
    """A piece of a line that is drawn already, without what acts or hides, in as many cells as before.

    `width` says how many cells a character has taken there: if any, U+FFFD stands in its place. The same
    object where nothing had to be done.
    """
    if _ASCII.fullmatch(value):
        return value

    def blotted(match: re.Match[str]) -> str:
        return "".join("\ufffd" + " " * (cells - 1) for char in match[0] if (cells := width(char)))

    safe = _bounded(_LINE.sub(blotted, value), _MARKS_SHOWN, lambda char: _width(char) == 0, "")
    return value if safe == value else safe


def _safe(unsafe: re.Pattern[str], value: str) -> str:
    return _bounded(unsafe.sub(_picture, value), _MARKS_SHOWN, lambda char: _width(char) == 0, "<+{}>")


# Whatever is outside of these blocks may be a mark; nine in a row are worth a closer look.
_MAYBE_MARKS = re.compile(
    "[^\x00-\u02ff\u0370-\u0482\u048a-\u0590\u2010-\u20cf\u2100-\u2bff\u3030-\u3098\u309b-\ua66e\uac00-\ud7af"
    "\uf900-\ufaff\uff00-\uffef\U0001f000-\U0001faff]{9}"
)


def _long_runs(value: str, most: int, mark: Callable[[str], object]) -> Iterator[tuple[int, int]]:
    """Where more than `most` (at least 8) marks follow each other: begin and end of the surplus."""
    if not _MAYBE_MARKS.search(value):
        return
    run = 0
    for at, char in enumerate(value):
        if mark(char):
            run += 1
        elif run:
            if run > most:
                yield at - run + most, at
            run = 0
    if run > most:
        yield len(value) - run + most, len(value)


def _bounded(value: str, most: int, mark: Callable[[str], object], instead: str) -> str:
    """The value with `instead` (`{}` is their number) of the surplus of marks in a row."""
    kept, end = "", 0
    for start, stop in _long_runs(value, most, mark):
        kept, end = kept + value[end:start] + instead.format(stop - start), stop
    return kept + value[end:] if end else value


# Width --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    """Cells of a character on its own: 0 for marks, joiners and the later parts of a Hangul syllable."""
    category, code = unicodedata.category(char), ord(char)
    if category in ("Mn", "Me", "Mc", "Cf") or 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF:
        return 0
    if category == "Cn":  # unknown to this Python, which calls it wide: only ideographs and emoji are
        return 2 if 0x1F300 <= code <= 0x1FAFF or 0x20000 <= code <= 0x3FFFD else 1
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _clusters(value: str) -> Iterator[tuple[str, int]]:
    """What a person takes for characters, with their widths: marks, emoji sequences and flags stay whole.

    Joiners, tones and variation selectors do so behind an emoji only: nothing joins a blank.
    """
    cluster, width, joined = "", 0, False
    for char in value:
        flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        tone = "\U0001f3fb" <= char <= "\U0001f3ff"
        together = (joined and not char.isspace()) or (tone and width == 2)
        if cluster and (together or _width(char) == 0 or (flag and _half_a_flag(cluster))):
            cluster += char
            emoji = char == "\ufe0f" and width > 0 and not cluster[0].isspace()
            width = 2 if flag or emoji else width
        else:
            if cluster:
                yield cluster, width
            cluster, width = char, _width(char)
        joined = char == "\u200d" and width == 2
    if cluster:
        yield cluster, width


def _half_a_flag(cluster: str) -> bool:
    return len(cluster) == 1 and "\U0001f1e6" <= cluster <= "\U0001f1ff"


def cell_width(value: str) -> int:
    """How many cells of a terminal a text that is safe to show takes."""
    return len(value) if value.isascii() else sum(width for _, width in _clusters(value))


def truncated(value: str, width: int) -> str:
    """The text in at most `width` cells, ending in an ellipsis if it is longer; no character is torn."""
    if width < 1:
        return ""
    if value.isascii():
        return value if len(value) <= width else value[: width - 1] + "…"
    taken = fitting = end = 0  # `fitting` characters leave room for the ellipsis
    for cluster, cells in _clusters(value):
        taken, end = taken + cells, end + len(cluster)
        if taken < width:
            fitting = end
        elif taken > width:
            return value[:fitting] + "…"
    return value


# Comparing and exchanging -------------------------------------------------------------------------------

# Marks over Latin and Greek letters are accents; so is the diaeresis of ё, but й is a letter of its own.
_ACCENTS = re.compile("(?<=[a-z\u00df-\u024f\u0370-\u03ff])[\u0300-\u036f]+|(?<=\u0435)\u0308")


def folded(value: str) -> str:
    """A name as it is compared: without case, accents, typographic variants and surplus white space."""
    if not value.isascii():
        value = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", value).casefold())
        value = unicodedata.normalize("NFC", _ACCENTS.sub("", value))
    return " ".join(value.casefold().split())


_STROKED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart; ß is ss by its case already."""


def findable(value: str) -> str:
    """A name as it is looked for by typing: as `folded`, and with l for ł, as who lacks that key types it. No
    two names are the same by that: "lodz" finds "Łódź", which may stand beside it.
    """
    return folded(value).translate(_STROKED)


_SAFE_URL = re.compile(rf"(?:https?://|mailto:)[^\s{_UNSAFE}]+", re.IGNORECASE)


def safe_url(value: str) -> bool:
    """Whether a link may be followed: http, https and mailto, and nothing invisible in it."""
    return _SAFE_URL.fullmatch(value) is not None


# Beginnings that spreadsheets take for formulas (OWASP, "CSV Injection"), after any number of guards.
_GUARDED = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def csv_guarded(value: str) -> str:
    """A cell that no spreadsheet takes for a formula: `'` before what begins like one (or like a guard)."""
    return "'" + value if _GUARDED.match(value) else value


def csv_unguarded(value: str) -> str:
    """What `csv_guarded` was given."""
    return value[1:] if value.startswith("'") and _GUARDED.match(value) else value
