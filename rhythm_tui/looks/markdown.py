"""Markdown -> lines of text for a terminal, in a theme's colours; pure.

A line break is one, as GitHub has it in issues and comments. Every line is at most `width` cells wide and
holds nothing that a terminal obeys. Links carry their address in their style's `meta`, if it is one that may
be followed; nothing else in a text does anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.text import Text

from rhythm_domain.text import safe_url, shown, shown_lines, truncated
from rhythm_tui.holding.mentions import NAME, named
from rhythm_tui.looks.colours import Colours

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LINK = "link"
"""What the meta of a link's style holds its address under."""

ISSUE = "issue"
"""What the meta of a mentioned issue's style holds its key under."""

MOST_MENTIONED = 200
"""Keys of issues that are looked for in a text."""

_DEEPEST = 40
"""Lists and quotes within each other: what is deeper is shown as it was written."""

_MOST_OPEN = 200
"""Brackets of a paragraph that wait for their end: the parser looks for each one's through all the rest."""

_CONSOLE = Console(file=StringIO(), width=80)
_BARE = re.compile(r"https?://[^\s<>()\[\]\"'`]+[^\s<>()\[\]\"'`.,;:!?]", re.IGNORECASE)
_KEY = re.compile(r"(?<![\w/#&=-])[A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,8}(?![\w-])")
_MENTION = re.compile(f"{_KEY.pattern}|{NAME}")
_TASK = re.compile(r"\[([ xX])\] ")
_BULLETS = "•◦▪"
_LEAST = 8
"""Cells that a text has at least, however deep it is nested."""


class Ink(NamedTuple):
    """The colours that a text is drawn with."""

    text: str
    muted: str
    faint: str
    head: str
    link: str
    code: str
    ground: str
    done: str


def ink(colours: Colours) -> Ink:
    """The colours of a theme for a text."""
    return Ink(
        *(
            colours.of(name)
            for name in ("foreground", "muted", "faint", "primary", "accent", "warning", "surface", "success")
        )
    )


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # Only once there is a text: the app opens without it.

    return MarkdownIt("commonmark", {"maxNesting": 2 * _DEEPEST}).enable(["table", "strikethrough"])


def wrapped(text: Text, width: int) -> list[Text]:
    """A text in lines of at most `width` cells, broken at blanks where there are any."""
    lines = list(text.wrap(_CONSOLE, max(width, 1), overflow="fold")) or [Text()]
    for line in lines:
        line.rstrip()
    return lines


@lru_cache(maxsize=256)
def laid_out(source: str, width: int, ink: Ink, mentioned: frozenset[str] = frozenset()) -> Sequence[Text]:
    """A text of Markdown in lines of at most `width` cells; a blank line between two blocks.

    `mentioned` are the keys of issues that can be opened from it, and the names of people with an @.
    """
    safe = shown_lines(source)
    if _most_open(safe) <= _MOST_OPEN:
        tokens = _parser().parse(safe)
        if all(token.level <= _DEEPEST for token in tokens):
            return _Page(ink, width, mentioned).drawn(tokens)
    plain = Style(color=ink.text)
    return [line for each in safe.split("\n") for line in wrapped(Text(each, plain), width)]


def _most_open(text: str) -> int:
    """How many brackets are open at once, at most, in any of a text's paragraphs."""
    most = open_ = 0
    for mark in re.findall(r"[\[\]]|\n\n", text):
        open_ = open_ + 1 if mark == "[" else max(open_ - 1, 0) if mark == "]" else 0
        most = max(most, open_)
    return most


def links(source: str) -> list[str]:
    """The addresses in a text that may be followed, each once, in order."""
    lines = laid_out(source, 10_000, Ink(*(["#000000"] * len(Ink._fields))))
    found: dict[str, None] = {}
    for line in lines:
        for span in line.spans:
            if isinstance(span.style, Style) and (address := span.style.meta.get(LINK)):
                found[address] = None
    return list(found)


def mentions(source: str) -> list[str]:
    """What looks like the key of an issue in a text, each once, in order; the first 200."""
    found: dict[str, None] = {}
    for key in _KEY.finditer(source):
        found[key[0]] = None
        if len(found) == MOST_MENTIONED:
            break
    return list(found)


def names_people(source: str) -> bool:
    """Whether a text may mention people."""
    return re.search(NAME, source) is not None


class _Page:
    """Lines as they come, with what stands before each: the bars of quotes, the room of lists."""

    def __init__(self, ink: Ink, width: int, mentioned: frozenset[str]) -> None:
        self.ink = ink
        self.mentioned = mentioned
        self.width = width
        self.lines: list[Text] = []
        self._before: list[Text] = []
        self._bullet: Text | None = None
        self._numbers: list[int | None] = []
        self._tight = 0

    def drawn(self, tokens: Sequence[Token]) -> list[Text]:
        at = 0
        while at < len(tokens):
            at = self._block(tokens, at)
        while self.lines and not self.lines[-1].plain.strip():
            self.lines.pop()
        return self.lines

    # Blocks ----------------------------------------------------------------------------------------------

    def _block(self, tokens: Sequence[Token], at: int) -> int:
        """Draws the block that begins with a token; where to go on."""
        token, ink = tokens[at], self.ink
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
                style = Style(color=ink.head if level < 3 else ink.text, bold=True, underline=level == 1)
                self._paragraph(self._inline(tokens[at + 1], style))
                return at + 3
            case "inline":
                self._paragraph(self._inline(token, Style(color=ink.text)))
            case "fence" | "code_block":
                self._code(token.content)
            case "html_block":
                self._paragraph(Text(token.content.rstrip("\n"), Style(color=ink.muted)))
            case "hr":
                self._add(Text("─" * self._room, Style(color=ink.faint)))
                self._gap()
            case "blockquote_open":
                self._before.append(Text("│ ", Style(color=ink.faint)))
            case "blockquote_close":
                self._before.pop()
                self._gap()
            case "bullet_list_open" | "ordered_list_open":
                start = int(token.attrs.get("start", 1)) if token.type[0] == "o" else None
                self._numbers.append(start)
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
                self._gap()
            case "list_item_open":
                self._begin_item()
            case "list_item_close":
                self._end_item()
            case "paragraph_open":
                self._tight = int(token.hidden)
            case "paragraph_close":
                self._tight = 0
            case "table_open":
                end = next(n for n in range(at, len(tokens)) if tokens[n].type == "table_close")
                self._table(tokens[at:end])
                return end + 1
        return at + 1

    def _begin_item(self) -> None:
        number = self._numbers[-1]
        depth = sum(each is None for each in self._numbers) - 1
        mark = f"{number}. " if number is not None else f"{_BULLETS[depth % len(_BULLETS)]} "
        if number is not None:
            self._numbers[-1] = number + 1
        self._bullet = Text(mark, Style(color=self.ink.head))
        self._before.append(Text(" " * len(mark)))

    def _end_item(self) -> None:
        if self._bullet is not None:  # It holds nothing.
            self._add(Text())
        self._before.pop()

    @property
    def _room(self) -> int:
        return max(_LEAST, self.width - sum(len(each) for each in self._before))

    def _paragraph(self, text: Text) -> None:
        task = _TASK.match(text.plain) if self._bullet is not None else None
        if task:
            sign, colour = ("○ ", self.ink.muted) if task[1] == " " else ("✓ ", self.ink.done)
            self._bullet = Text(sign, Style(color=colour))
            text = text[task.end() :]
        for line in wrapped(text, self._room):
            self._add(line)
        if not self._tight:
            self._gap()

    def _code(self, source: str) -> None:
        style = Style(color=self.ink.text, bgcolor=self.ink.ground)
        room = self._room
        for written in source.rstrip("\n").split("\n"):
            for line in wrapped(Text(written, style), room - 2):
                line = Text(" ", style).append_text(line)
                line.append(" " * max(0, room - line.cell_len), style)
                self._add(line)
        self._gap()

    def _table(self, tokens: Sequence[Token]) -> None:
        rows: list[list[Text]] = []
        for at, token in enumerate(tokens):
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                head = tokens[at - 1].type == "th_open"
                rows[-1].append(self._inline(token, Style(color=self.ink.text, bold=head)))
        widths = _widths([[cell.cell_len for cell in row] for row in rows], self._room)
        rule = Style(color=self.ink.faint)
        for at, row in enumerate(rows):
            line = Text()
            for cell, width in zip(row, widths, strict=False):
                if line:
                    line.append(" │ ", rule)
                line.append_text(_cut(cell, width))
            self._add(line)
            if at == 0:
                self._add(Text("─┼─".join("─" * width for width in widths), rule))
        self._gap()

    def _add(self, line: Text) -> None:
        """Adds a line behind what stands before it here."""
        whole = Text()
        before = list(self._before)
        if self._bullet is not None and before:
            before[-1], self._bullet = self._bullet, None
        for each in before:
            whole.append_text(each)
        whole.append_text(line)
        whole.truncate(self.width)
        self.lines.append(whole)

    def _gap(self) -> None:
        """A blank line, unless there is one."""
        while self.lines and not self.lines[-1].plain.strip(" │"):
            self.lines.pop()
        if self.lines:
            self.lines.append(Text.assemble(*(each for each in self._before if each.plain.strip())))

    # Within a line -----------------------------------------------------------------------------------------

    def _inline(self, token: Token, style: Style) -> Text:
        text = Text()
        styles = [style]
        for child in token.children or ():
            match child.type:
                case "text":
                    self._words(text, child.content, styles[-1])
                case "softbreak" | "hardbreak":  # As in comments on GitHub: a line that ends, ends.
                    text.append("\n")
                case "code_inline":
                    text.append(child.content, styles[-1] + Style(color=self.ink.code))
                case "strong_open":
                    styles.append(styles[-1] + Style(bold=True))
                case "em_open":
                    styles.append(styles[-1] + Style(italic=True))
                case "s_open":
                    styles.append(styles[-1] + Style(strike=True))
                case "link_open":
                    styles.append(styles[-1] + self._link(str(child.attrs.get("href", ""))))
                case "strong_close" | "em_close" | "s_close" | "link_close":
                    styles.pop()
                case "image":
                    style_ = styles[-1] + self._link(str(child.attrs.get("src", "")))
                    text.append(f"▨ {shown(child.content) or 'picture'}", style_)
                case _:
                    text.append(shown(child.content), styles[-1])
        return text

    def _words(self, text: Text, words: str, style: Style) -> None:
        """Words, and in them addresses and keys of issues as links. An entity, `&#27;`, has become a
        character by now.
        """
        words, end = shown(words), 0
        if not style.meta:
            for found in _BARE.finditer(words):
                self._mentions(text, words[end : found.start()], style)
                text.append(found[0], style + self._link(found[0]))
                end = found.end()
            self._mentions(text, words[end:], style)
        else:
            text.append(words, style)

    def _mentions(self, text: Text, words: str, style: Style) -> None:
        """Words, and in them the keys of issues that can be opened, and people."""
        end = 0
        for found in _MENTION.finditer(words) if self.mentioned else ():
            text.append(words[end : found.start()], style)
            said, end = found[0], found.start()
            if said.startswith("@"):
                said, look = named(said, self.mentioned), Style(color=self.ink.link, bold=True)
            elif said in self.mentioned:
                look = Style(color=self.ink.link, underline=True) + Style.from_meta({ISSUE: said})
            else:
                continue
            text.append(said, style + look)
            end += len(said)
        text.append(words[end:], style)

    def _link(self, address: str) -> Style:
        style = Style(color=self.ink.link, underline=True)
        return style + Style.from_meta({LINK: address}) if safe_url(address) else style


def _widths(cells: Sequence[Sequence[int]], room: int) -> list[int]:
    """How wide the columns of a table are, so that it fits: the widest give way."""
    count = max(len(row) for row in cells)
    widths = [max((row[at] for row in cells if at < len(row)), default=1) or 1 for at in range(count)]
    room -= 3 * (count - 1)
    while sum(widths) > max(room, 3 * count):
        widest = max(widths)
        second = max((width for width in widths if width < widest), default=1)
        share = (sum(widths) - room) // widths.count(widest) or 1
        widths = [max(widest - share, second, 3) if width == widest else width for width in widths]
        if max(widths) <= 3:
            break
    return widths


def _cut(cell: Text, width: int) -> Text:
    if cell_len(cell.plain) > width:
        kept = len(truncated(cell.plain, width)) - 1
        cell = cell[:kept].append("…")
    return cell.append(" " * max(0, width - cell.cell_len))


def joined(lines: Iterable[Text]) -> str:
    """Lines as one plain text."""
    return "\n".join(line.plain for line in lines)


def gist(markdown: str) -> list[str]:
    """The first paragraphs of a text as plain lines, without the signs of Markdown."""
    lines: list[str] = []
    for token in _parser().parse(markdown[:2000]):
        if token.type == "inline":
            words = "".join(
                " " if child.type.endswith("break") else child.content for child in token.children or ()
            )
            lines += [shown(words)] if words.strip() else []
    return lines
