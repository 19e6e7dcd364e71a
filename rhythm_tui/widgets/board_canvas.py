"""How the board is drawn: the lines that are seen, of any number of cards in any number of columns.

Only what is seen is drawn, a line at a time; how a card looked is kept until it changes. Where it all stands
is said in `board_space.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from rich.segment import Segment
from textual.geometry import Region, clamp
from textual.strip import Strip

from rhythm_domain.models import Status
from rhythm_domain.text import cell_width
from rhythm_tui import clock
from rhythm_tui.holding.decks import ONE_LANE, Deck, Spot
from rhythm_tui.looks import signs
from rhythm_tui.looks.board_layout import GAP, Abreast, Band, Box
from rhythm_tui.looks.card_face import BRIEF, Look, Spans, both, cut, face
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.widgets.board_space import EMPTY, HEAD, BoardSpace
from rhythm_tui.widgets.glow import Glow
from rhythm_tui.widgets.theming import Themed, colours_of

NAME = 24
"""Cells of a folded lane's heading that its counts leave to its name, or they give way."""

KEPT = 200
"""Cards that are kept as they were drawn, ten kilobytes each; all that are seen, if they are more."""

SMALLEST = 40
"""Cells of the smallest card."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where dragged cards would be put: before the card at `place` of a column."""

    spot: Spot
    place: int


@dataclass(slots=True)
class Drag:
    """A card that the mouse holds: from which lane, at which cell of it, and where the mouse is."""

    issue: int
    lane: str
    grip: tuple[int, int]
    x: int
    y: int
    width: int
    moving: bool = False
    target: Target | None = None


class BoardCanvas(BoardSpace, Themed):
    """A board with a cursor, as it is seen."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.unsaved: Callable[[int], bool] = lambda _: False
        self.today: Callable[[], date] = lambda: clock.now().date()
        self.spans: Spans | None = None
        self.drag: Drag | None = None
        self.glow = Glow[int](self, self.redraw)
        self._drawn: dict[int, dict[tuple[int, str, bool], list[Strip]]] = {}

    def redraw(self, issues: Iterable[int]) -> None:
        """Forgets how cards looked."""
        for issue in issues:
            self._drawn.pop(issue, None)
            if issue in self.marks and issue in self.cards.rows:
                self.marks[issue] = self.cards.rows[issue]
        self.refresh()

    # Drawing ---------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.set_interval(600, self.draw_anew)

    def on_resize(self) -> None:
        self.draw_anew()
        self._keep_in_view()

    def watch_has_focus(self, _focused: bool) -> None:
        self._refresh_cursor()

    def draw_anew(self) -> None:
        self._space_cards()
        self._drawn.clear()
        self._bands_known = None
        self.refresh()

    def _refresh_cursor(self) -> None:
        box, band = self.seen.of(self.spot.status), self._band(self.spot.lane)
        scroll = self._scroll if self._headed else 0
        if self.on_heading:
            self.refresh(Region(0, HEAD + band.y - scroll, self.size.width, 1))
        elif box is not None:
            line, width = band.top + self._line - scroll, box.width + 1
            self.refresh(Region(box.x, HEAD + line, width, self._slot + 1), Region(box.x, 0, width, HEAD))

    @property
    def _colours(self) -> Colours:
        return colours_of(self)

    def _strip(self, pieces: Iterable[Piece], ground: str, width: int) -> Strip:
        style = self._colours.style
        segments = [Segment(piece.text, style(piece.colour, ground, bold=piece.bold)) for piece in pieces]
        return Strip(segments).adjust_cell_length(width, style("foreground", ground))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self.statuses:
            return self._strip([], "background", width)
        seen = self.seen
        if y == self.size.height - 1 and (seen.left or seen.right):
            line = self._rail(seen)
        elif y < HEAD:
            parts = [self._heading(box) if y == 0 else self._rule(box) for box in seen.boxes]
            line = Strip.join(parts)
        else:
            line = self._body_line(y - HEAD + (self._scroll if self._headed else 0), seen)
        line = line.adjust_cell_length(width, self._colours.style("foreground", "background"))
        return self._with_dragged(line, y)

    def _heading(self, box: Box) -> Strip:
        sign, colour = signs.STATUS[box.status].mark, self._colours.status(box.status)
        here = box.status is self.spot.status and self.has_focus
        total, over, count = self._total(box.status)
        if box.collapsed:
            pieces = [Piece(f" {sign}", colour)]
        else:
            name = signs.words(box.status)
            pieces = both(
                [Piece(f" {sign} ", colour), Piece(name, "foreground" if here else "muted", bold=True)],
                [Piece(f"{total} ", "error" if over else "warning" if count else "muted", bold=over)],
                box.width,
            )
        return self._strip(pieces, "background", box.width + 1)

    def _total(self, status: Status) -> tuple[str, bool, bool]:
        """A column's total with its limit; whether it is over it, and whether it has reached it."""
        spot = Spot(ONE_LANE, status)
        if spot not in self.cards.decks:
            return "", False, False
        total, limit = self.cards.total(spot), self.cards.decks[spot].limit
        if limit is None:
            return str(total), False, False
        over = total.count > limit
        return f"{'! ' if over else ''}{total} of {limit}", over, total.count == limit

    def _rule(self, box: Box) -> Strip:
        here = box.status is self.spot.status and self.has_focus
        over = self._total(box.status)[1]
        colour = "error" if over else "primary" if here else "rule"
        return self._strip([Piece(("━" if here else "─") * box.width, colour)], "background", box.width + 1)

    def _rail(self, seen: Abreast) -> Strip:
        def names(statuses: Sequence[Status]) -> str:
            return " · ".join(f"{signs.words(status)} {self._total(status)[0]}" for status in statuses)

        left = [Piece(" ‹ ", "primary", bold=True), Piece(names(seen.left), "muted")] if seen.left else []
        right = [Piece(names(seen.right), "muted"), Piece(" › ", "primary", bold=True)] if seen.right else []
        width = self.size.width
        right = cut(right, width) if cell_width("".join(p.text for p in right)) <= width else right[-1:]
        return self._strip(both(left, right, width), "background", width)

    def _body_line(self, line: int, seen: Abreast) -> Strip:
        for band in self._bands:
            if band.headed and line == band.y:
                return self._beside_collapsed(self._lane_heading(band, seen), line, seen)
            if band.top <= line < band.end:
                parts = [self._column_line(box, band, line - band.top, line) for box in seen.boxes]
                return Strip.join(parts)
        return Strip.join([self._beyond(box, line) for box in seen.boxes])

    def _beyond(self, box: Box, line: int) -> Strip:
        return self._upright(box, line) if box.collapsed else self._strip([], "background", box.width + 1)

    def _beside_collapsed(self, heading: Strip, line: int, seen: Abreast) -> Strip:
        """A lane's heading with the collapsed columns, which go on from lane to lane; not over its words."""
        for box in seen.boxes:
            if box.collapsed and not heading.crop(box.x, box.x + box.width).text.strip("─ "):
                end = box.x + box.width + 1
                heading = Strip.join([heading.crop(0, box.x), self._upright(box, line), heading.crop(end)])
        return heading

    def _lane_heading(self, band: Band, seen: Abreast) -> Strip:
        lane = next(lane for lane in self.lanes if lane.id == band.lane)
        here = self.on_heading and self.spot.lane == band.lane
        ground = "background"
        if here:
            ground = "block-cursor-background" if self.has_focus else "block-cursor-blurred-background"
        count = sum(self.cards.total(spot).count for spot in self._spots(band.lane))
        exact = all(self.cards.total(spot).exact for spot in self._spots(band.lane))
        folded, unread = band.lane in self.folded, band.lane in self.unread
        first = next((box.x for box in seen.boxes if not box.collapsed), 0)
        heading = [
            Piece(" " * first),
            Piece("▌" if here else " ", "primary"),
            Piece("▸ " if folded else "▾ ", "muted"),
            *lane.heading(self._colours),
        ]
        total = Piece("  … " if unread else f"  {count:,}{'' if exact else '+'} ", "muted")
        width = self.size.width
        end = next((box.x + box.width + GAP for box in seen.boxes[::-1] if not box.collapsed), width)
        counts = self._counts(band.lane) if folded and not unread else []
        if end < _cells(counts) + NAME:
            counts = []
        heading = [*cut(heading, end - _cells(counts) - _cells([total])), total]
        target = self.drag.target if self.drag else None
        aimed = folded and target is not None and target.spot.lane == band.lane
        line, colour = ("━", "accent") if aimed else ("─", "rule")
        rule = Piece(line * max(0, end - _cells(heading) - _cells(counts)), colour)
        return self._strip([*heading, rule, *counts, Piece("─" * (width - end), "rule")], ground, width)

    def _counts(self, lane: str) -> list[Piece]:
        """How many cards a folded lane has in each column, also out of sight; each in its place."""
        pieces = []
        for status in self.statuses:
            spot = Spot(lane, status)
            count = self.cards.total(spot).count if spot in self.cards.decks else 0
            sign = Piece(f" {signs.STATUS[status].mark} ", self._colours.status(status))
            pieces += [sign, Piece(f"{_short(count):<3}", "muted")] if count else [Piece(" " * 6)]
        return pieces

    def _column_line(self, box: Box, band: Band, at: int, line: int) -> Strip:
        """A line of a column: of a card, between cards, or of nothing; and its scroll position."""
        if box.collapsed:
            return self._upright(box, line)
        spot = Spot(band.lane, box.status)
        deck = self._deck(spot)
        place, inside = divmod(self._tops.get(spot, 0) + at, self._slot)
        if place < len(deck) and inside:
            issue = deck.ids[place]
            strip = self._card(issue, spot, box.width)[inside - 1]
        elif inside == 0 and self._is_target(spot, place):
            strip = self._strip([Piece("━" * box.width, "accent", bold=True)], "background", box.width)
        elif not deck.ids and at == min(1, band.height - EMPTY):
            strip = (
                self._empty(spot, box.width)
                if band.lane not in self.unread
                else self._strip([], "background", box.width)
            )
        else:
            strip = self._strip([], "background", box.width)
        return Strip.join([strip, self._thumb(spot, deck, band, at)])

    def _is_target(self, spot: Spot, place: int) -> bool:
        target = self.drag.target if self.drag and self.drag.moving else None
        return target is not None and target.spot == spot and target.place == place

    def _empty(self, spot: Spot, width: int) -> Strip:
        here = spot == self.spot and not self.on_heading and self.has_focus
        pieces = [Piece("▌", "primary"), Piece("nothing here", "muted")] if here else [Piece(" ·", "faint")]
        return self._strip(cut(pieces, width), "background", width)

    def _thumb(self, spot: Spot, deck: Deck, band: Band, at: int) -> Strip:
        """The cell behind a column: bright where what is seen lies in the whole of it."""
        total = max(self.cards.total(spot).count if spot in self.cards.decks else 0, deck.above + len(deck))
        whole = total * self._slot + 1
        if whole <= band.height or not band.height:
            return self._strip([], "background", 1)
        size = max(1, band.height * band.height // whole)
        above = deck.above * self._slot + self._tops.get(spot, 0)
        begin = min((band.height - size) * above // max(1, whole - band.height), band.height - size)
        lit = begin <= at < begin + size
        return self._strip([Piece("▌" if lit else " ", "border")], "background", 1)

    def _upright(self, box: Box, line: int) -> Strip:
        """A line of a collapsed column: its count, then its name from top to bottom; it is never scrolled."""
        here = box.status is self.spot.status and self.has_focus and not self.on_heading
        at = line - (self._scroll if self._headed else 0)
        name = signs.words(box.status)
        total = (
            self.cards.total(Spot(ONE_LANE, box.status))
            if Spot(ONE_LANE, box.status) in self.cards.decks
            else None
        )
        text = ""
        if at == 1 and total is not None:
            text = _short(total.count)
        elif 3 <= at < 3 + len(name):
            text = name[at - 3]
        target = (
            self.drag is not None
            and self.drag.target is not None
            and self.drag.target.spot.status is box.status
        )
        ground = "block-cursor-background" if here or target else "surface"
        bar = Piece("▌" if here else " ", "primary")
        strip = self._strip(cut([bar, Piece(text, "muted")], box.width), ground, box.width)
        return Strip.join([strip, self._strip([], "background", 1)])

    def _card(self, issue: int, spot: Spot, width: int) -> list[Strip]:
        on_cursor = issue == self.issue and spot == self.spot and not self.on_heading
        if on_cursor:
            ground = "block-cursor-background" if self.has_focus else "block-cursor-blurred-background"
        else:
            ground = "glow" if self.glow.who(issue) is not None else "surface"
        if self.drag and self.drag.moving and self.drag.issue == issue:
            ground = "background"
        key = (width, ground, issue in self.marks)
        drawn = self._drawn.setdefault(issue, {})
        if key not in drawn:
            if len(self._drawn) > max(KEPT, self.size.width * self.size.height // SMALLEST):
                del self._drawn[next(iter(self._drawn))]
            drawn[key] = self._draw(issue, width, ground, bar=on_cursor)
        return drawn[key]

    def _draw(self, issue: int, width: int, ground: str, *, bar: bool) -> list[Strip]:
        look = Look(
            self._colours,
            self.today(),
            self.spans,
            issue in self.marks,
            self.unsaved(issue),
            self.glow.who(issue) or "",
        )
        edge = Piece("▌" if bar else " ", "primary")
        lines = face(self.cards.row(issue), max(1, width - 2), look, brief=self._slot <= BRIEF + 1)
        return [self._strip([edge, *line], ground, width) for line in lines]

    def _with_dragged(self, line: Strip, y: int) -> Strip:
        """A line with the card over it that the mouse holds."""
        drag = self.drag
        if drag is None or not drag.moving or drag.issue not in self.cards.rows:
            return line
        inside = y - (drag.y - drag.grip[1])
        if not 0 <= inside < self._slot - 1:
            return line
        width = self.size.width
        start = clamp(drag.x - drag.grip[0], 0, max(0, width - drag.width))
        card = self._draw(drag.issue, drag.width, "block-cursor-background", bar=True)[inside]
        return Strip.join([line.crop(0, start), card, line.crop(start + drag.width, width)])

    def title_region(self) -> Region | None:
        """Where on the screen the title under the cursor stands."""
        box = self.seen.of(self.spot.status)
        if box is None or self.row is None:
            return None
        scroll = self._scroll if self._headed else 0
        line = self._band(self.spot.lane).top + self._line + 2 - scroll
        corner = self.content_region.offset
        return Region(corner.x + box.x, corner.y + HEAD + line, box.width, 1)


def _cells(pieces: Iterable[Piece]) -> int:
    return sum(cell_width(piece.text) for piece in pieces)


def _short(count: int) -> str:
    """A count in at most three cells."""
    for limit, unit, name in ((1000, 1, ""), (100_000, 1000, "k"), (1_000_000, 1000, "k")):
        if count < limit:
            return f"{count // unit}{name}"
    return f"{count // 1_000_000}M"
