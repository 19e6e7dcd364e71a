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
_BODY_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NEWLINES = re.compile("\r\n?")


def clean(value: str, *, field: str, limit: int, lines: bool, required: bool) -> str:
    """The value as it is stored: NFC, CRLF as LF in bodies, one-line values stripped at both ends.

    Raises `Invalid` naming the field for control characters, lone surrogates, over-long or, if required,
    blank values. Lengths are in characters after normalisation.
    """
    if len(value) > 4 * limit + 1000:
        raise _too_long(field, len(value), limit)
    value = _NEWLINES.sub("\n", value) if lines else value.strip(" \t\r\n")
    if refused := (_BODY_REFUSED if lines else _LINE_REFUSED).search(value):
        code = ord(refused[0])
        what = (
            "a line break"
            if code in (10, 13)
            else "a tab"
            if code == 9
            else f"a control character (U+{code:04X})"
        )
        what = "half a character (a lone surrogate)" if code >= 0xD800 else what
        raise Invalid(
            f"The {field} has {what} at position {refused.start() + 1}.",
            field=field,
            hint="Remove it and try again.",
        )
    value = unicodedata.normalize("NFC", value)
    if len(value) > limit:
        raise _too_long(field, len(value), limit)
    if required and not value.strip():
        raise Invalid(f"The {field} can't be empty.", field=field, hint="Write something.")
    return value


def _too_long(field: str, length: int, limit: int) -> Invalid:
    return Invalid(
        f"The {field} has {length:,} characters; at most {limit:,} are possible.",
        field=field,
        hint="Shorten it.",
    )


def one_line(field: str, limit: int, *, required: bool = True) -> Callable[[str], str]:
    """A check of a one-line value: titles and names."""
    return lambda value: clean(value, field=field, limit=limit, lines=False, required=required)


def body(field: str, limit: int, *, required: bool = False) -> Callable[[str], str]:
    """A check of a text of many lines: descriptions and comments."""
    return lambda value: clean(value, field=field, limit=limit, lines=True, required=required)


def repaired(value: str, *, limit: int, lines: bool) -> tuple[str, tuple[str, ...]]:
    """What an import stores, and in words what had to be replaced: control characters become U+FFFD,
    line breaks and tabs of a one-line value spaces, and what is too long ends in an ellipsis.
    """
    notes = []
    value = _NEWLINES.sub("\n", value)
    if not lines:
        value = re.sub("[\n\t]+", " ", value).strip()
    value, count = (_BODY_REFUSED if lines else _LINE_REFUSED).subn("\ufffd", value)
    if count:
        notes.append(f"{count} control character{'s' * (count != 1)} replaced")
    value = unicodedata.normalize("NFC", value)
    if len(value) > limit:
        notes.append(f"cut from {len(value):,} to {limit:,} characters")
        value = value[: limit - 1] + "…"
    return value, tuple(notes)


_USER_NAME = re.compile("[a-z0-9][a-z0-9._-]{1,39}")
_PROJECT_KEY = re.compile("[A-Z][A-Z0-9]{1,9}")


def check_name(value: str) -> str:
    """A person's name for signing in: lower-cased, a leading @ dropped. Raises `Invalid`."""
    name = value.strip().removeprefix("@").lower()
    if not _USER_NAME.fullmatch(name):
        raise Invalid(
            f"{shown(value)!r} can't be a user name.",
            field="name",
            hint="2 to 40 of a-z, 0-9, dot, dash and underscore; the first a letter or a digit.",
        )
    return name


def check_project_key(value: str) -> str:
    """A project's key, upper-cased. Raises `Invalid`."""
    key = value.strip().upper()
    if not _PROJECT_KEY.fullmatch(key):
        raise Invalid(
            f"{shown(value)!r} can't be a project key.",
            field="key",
            hint="2 to 10 of A-Z and 0-9; the first a letter.",
        )
    return key


def check_label(value: str) -> str:
    """A label's name: one line, 1 to 50 characters. Raises `Invalid`."""
    name = clean(value, field="label", limit=50, lines=False, required=True)
    if "," in name or '"' in name:
        raise Invalid(
            "A label's name can't have commas or double quotes.", field="label", hint="The search uses them."
        )
    return name


# Showing ------------------------------------------------------------------------------------------------

_COMBINING_RUN = 8
"""As many combining marks may follow each other; more of them would climb over the neighbouring lines."""

# Controls, bidi controls and separators, and characters that nobody sees but that tell two texts apart.
# ZWNJ and ZWJ (200C, 200D) and the variation selectors stay: scripts and emoji are written with them.
_UNSAFE = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_LINES = re.compile(f"[{_UNSAFE}]")
_LINE = re.compile(f"[\n{_UNSAFE}]")
_ASCII = re.compile(r"[ -~]*")
_ASCII_LINES = re.compile(r"[ -~\n]*")


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"<{code:04X}>"


def shown(value: str) -> str:
    """Text for one line of a terminal: it can do nothing but be read.

    C0 and DEL become visible pictures (␛, ␊), C1, bidi controls and invisible characters `<202E>`, and of
    more than eight combining marks in a row the rest is counted. `shown(shown(x)) == shown(x)`.
    """
    return value if _ASCII.fullmatch(value) else _bounded(_LINE.sub(_picture, value))


def shown_lines(value: str) -> str:
    """Text of many lines for a terminal: as `shown`, but line breaks stay and a tab becomes four spaces."""
    if _ASCII_LINES.fullmatch(value):
        return value
    return _bounded(_LINES.sub(_picture, _NEWLINES.sub("\n", value).replace("\t", "    ")))


def _bounded(value: str) -> str:
    """Bounds the runs of combining marks."""
    if not any(map(unicodedata.combining, value)):
        return value
    kept: list[str] = []
    run = 0
    for char in value:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= _COMBINING_RUN:
            kept.append(char)
        elif run == _COMBINING_RUN + 1:
            kept.append("<…>")
    return "".join(kept)


# Width --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _cells(value: str) -> Iterator[tuple[str, int]]:
    """Characters with what joins them, and their width: marks and emoji sequences are not torn apart."""
    cluster, width, joined = "", 0, False
    for char in value:
        if cluster and (_width(char) == 0 or joined or 0x1F3FB <= ord(char) <= 0x1F3FF):
            cluster += char
            width = 2 if char == "\ufe0f" else width
        else:
            if cluster:
                yield cluster, width
            cluster, width = char, _width(char)
        joined = char == "\u200d"
    if cluster:
        yield cluster, width


def cell_width(value: str) -> int:
    """How many cells of a terminal a text takes."""
    return len(value) if value.isascii() else sum(width for _, width in _cells(value))


def truncated(value: str, width: int) -> str:
    """The text in at most `width` cells, ending in an ellipsis if it is longer; no character is torn."""
    if cell_width(value) <= width:
        return value
    if width < 1:
        return ""
    kept, room = "", width - 1
    for cluster, cells in _cells(value):
        if cells > room:
            break
        kept, room = kept + cluster, room - cells
    return kept + "…"


# Comparing and exchanging -------------------------------------------------------------------------------


def folded(value: str) -> str:
    """A name as it is compared: without case, accents and surplus white space."""
    if value.isascii():
        return " ".join(value.lower().split())
    plain = unicodedata.normalize("NFKD", value.casefold())
    kept = "".join(char for char in plain if not "\u0300" <= char <= "\u036f" or char == "\u0306")
    return " ".join(unicodedata.normalize("NFC", kept).split())


_SAFE_URL = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20\x7f-\x9f]+", re.IGNORECASE)


def safe_url(value: str) -> bool:
    """Whether a link may be followed: http, https and mailto only."""
    return _SAFE_URL.fullmatch(value) is not None


_GUARDED = re.compile("'*[=+\\-@\t\r]")


def csv_guarded(value: str) -> str:
    """A cell that no spreadsheet takes for a formula: `'` before what begins like one (or like a guard)."""
    return "'" + value if _GUARDED.match(value) else value


def csv_unguarded(value: str) -> str:
    """What `csv_guarded` was given."""
    return value[1:] if value.startswith("'") and _GUARDED.match(value) else value
