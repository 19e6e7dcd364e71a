"""Somebody else changed a text while one wrote: both sides, and what to do. Nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import Enum

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from rhythm_domain.errors import Conflict
from rhythm_domain.text import shown, shown_lines
from rhythm_tui.commanding import handles
from rhythm_tui.holding.merging import Pair, compared, different_words
from rhythm_tui.looks.blocks import Block
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.markdown import wrapped
from rhythm_tui.screens.dialog import Dialog
from rhythm_tui.widgets.document import Document


class Settled(Enum):
    """What is to become of the two sides."""

    MINE = "mine"
    THEIRS = "theirs"
    MERGE = "merge"


class ConflictDialog(Dialog[Settled]):
    """Theirs on the left, mine on the right. Dismissed with None, the person goes on writing."""

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(
            f"Both of you changed the {conflict.field or 'text'}",
            "m save mine · t take theirs · e put together · esc go on writing",
        )
        self._by = conflict.by or "Somebody else"
        self._theirs, self._mine = conflict.current or "", conflict.mine or ""

    def body(self) -> ComposeResult:
        yield Static(
            Content(f"{shown(self._by)} saved it while you were writing. Yours is not saved yet."),
            classes="words",
        )
        yield Document(id="sides")

    async def on_mount(self) -> None:
        sides = self.query_one(Document)
        sides.focus()
        pairs = await asyncio.to_thread(compared, shown_lines(self._theirs), shown_lines(self._mine))
        sides.show(lambda width, colours: _drawn(pairs, width, colours), heavy=len(pairs) > 500)

    @handles("conflict.mine")
    def save_mine(self) -> None:
        self.dismiss(Settled.MINE)

    @handles("conflict.theirs")
    def take_theirs(self) -> None:
        self.dismiss(Settled.THEIRS)

    @handles("conflict.merge")
    def put_together(self) -> None:
        self.dismiss(Settled.MERGE)


def _drawn(pairs: Sequence[Pair], width: int, colours: Colours) -> list[Block]:
    """Both sides beside each other; what differs has a sign, and its words are bold."""
    half = max(8, (width - 3) // 2)
    heads = [Text("theirs, saved", colours.style("error", bold=True))]
    heads.append(Text("yours, not saved", colours.style("success", bold=True)))
    rule = colours.style("rule")
    lines = [_beside([heads[0]], [heads[1]], half, rule)[0]]
    lines.append(Text("─" * half + "─┼─" + "─" * half, rule))
    for pair in pairs:
        if pair.left_out:
            words = f"  ⋯ {pair.left_out:,} lines alike"
            lines.append(Text(words, colours.style("faint")))
            continue
        left, right = _sides(pair, colours)
        lines += _beside(_cell(left, half), _cell(right, half), half, rule)
    return [Block(("line", at), [line]) for at, line in enumerate(lines)]


def _sides(pair: Pair, colours: Colours) -> tuple[Text | None, Text | None]:
    if pair.same:
        same = Text(f"  {pair.mine}", colours.style("muted"))
        return same, same.copy()
    here: list[tuple[int, int]] = []
    there: list[tuple[int, int]] = []
    if pair.theirs is not None and pair.mine is not None:
        here, there = different_words(pair.theirs, pair.mine)
    left = _changed(pair.theirs, "−", here, "error", colours)
    return left, _changed(pair.mine, "+", there, "success", colours)


def _changed(
    line: str | None, sign: str, words: Sequence[tuple[int, int]], colour: str, colours: Colours
) -> Text | None:
    if line is None:
        return None
    text = Text(line, colours.style("foreground" if words else colour))
    for start, end in words:
        text.stylize(colours.style(colour, bold=True) + Style(underline=True), start, end)
    return Text().append(f"{sign} ", colours.style(colour, bold=True)).append_text(text)


def _cell(text: Text | None, width: int) -> list[Text]:
    """A side's line in as many lines as it takes, those after the first behind its sign."""
    if text is None:
        return [Text()]
    first, *rest = wrapped(text, width)
    return [first, *(Text("  ").append_text(line) for each in rest for line in wrapped(each, width - 2))]


def _beside(left: Sequence[Text], right: Sequence[Text], half: int, rule: Style) -> list[Text]:
    lines = []
    for at in range(max(len(left), len(right))):
        line = left[at].copy() if at < len(left) else Text()
        line.append(" " * max(0, half - line.cell_len)).append(" │ ", rule)
        lines.append(line.append_text(right[at]) if at < len(right) else line)
    return lines
