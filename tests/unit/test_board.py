"""The board's pure parts: how columns share a width, where cards stand, how they look, what lanes ask for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from rhythm_domain.models import (
    Board,
    BoardColumn,
    IssueRow,
    IssueType,
    LabelRef,
    Page,
    PersonRef,
    Priority,
    Project,
    Status,
    Total,
)
from rhythm_domain.query import parse
from rhythm_tui.holding import lanes
from rhythm_tui.holding.decks import KEPT, ONE_LANE, Cards, Placing, Spot, moved
from rhythm_tui.holding.lanes import NONE, OTHERS, Grouping, Lane
from rhythm_tui.looks.board_layout import COLLAPSED, GAP, LEAST, abreast, first_to_show
from rhythm_tui.looks.card_face import BRIEF, LINES, Look, face
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.themes import THEMES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = PersonRef(id=1, name="ada", display_name="Ada Example")
BEN = PersonRef(id=2, name="ben", display_name="Ben")
T, P, D = (Spot(ONE_LANE, status) for status in (Status.TODO, Status.IN_PROGRESS, Status.DONE))
COLOURS = Colours(
    {
        name: value
        for name, value in (THEMES[0].variables | vars(THEMES[0])).items()
        if isinstance(value, str) and value.startswith("#")
    },
    dark=True,
)


def card(number: int, status: Status = Status.TODO, **fields: Any) -> IssueRow:
    """A card whose rank follows from its number."""
    given: dict[str, Any] = {
        "id": number,
        "project_id": 1,
        "project_key": "CORE",
        "number": number,
        "title": f"Card {number}",
        "status": status,
        "priority": Priority.NONE,
        "type": IssueType.TASK,
        "assignee": None,
        "reporter": ADA,
        "sprint_id": None,
        "sprint": None,
        "estimate": None,
        "due": None,
        "labels": (),
        "parent_key": None,
        "blocked": False,
        "rank": f"b{number:05d}V",
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "closed_at": NOW + timedelta(minutes=number) if status.closed else None,
        "deleted_at": None,
    }
    return IssueRow(**given | fields)


def board(*columns: tuple[Status, list[IssueRow], int]) -> Board:
    """A board of columns with their first cards and their totals; if there are more, there is a way on."""
    known = {status: (cards, total) for status, cards, total in columns}
    return Board(
        project=Project(
            id=1, key="CORE", name="Core", description="", archived_at=None, created_at=NOW, updated_at=NOW,
            version=1, wip_limits={}, role=None,
        ),
        query="",
        columns=tuple(
            BoardColumn(
                status=status,
                total=Total(count=known.get(status, ([], 0))[1]),
                wip_limit=None,
                cards=tuple(known.get(status, ([], 0))[0]),
                next="next" if len(known.get(status, ([], 0))[0]) < known.get(status, ([], 0))[1] else None,
            )
            for status in Status
        ),
    )  # fmt: skip


# Layout -----------------------------------------------------------------------------------------------------

statuses = st.lists(st.sampled_from(list(Status)), unique=True, min_size=1).map(tuple)


@given(statuses, st.frozensets(st.sampled_from(list(Status))), st.integers(1, 320), st.integers(-2, 9))
def test_columns_stand_side_by_side_within_the_width(
    shown: tuple[Status, ...], collapsed: frozenset[Status], width: int, first: int
) -> None:
    seen = abreast(shown, collapsed, width, first)
    assert [*seen.left, *(box.status for box in seen.boxes), *seen.right] == list(shown)
    assert seen.boxes
    end = 0
    for box in seen.boxes:
        assert box.x == end
        assert box.width >= 1
        assert box.collapsed == (box.status in collapsed)
        end = box.x + box.width + GAP
    if len(seen.boxes) > 1:
        assert end <= width
        assert all(box.width >= (COLLAPSED if box.collapsed else LEAST) for box in seen.boxes)
    assert not (seen.left and seen.right == () and end + LEAST + GAP <= width and not seen.left[-1:])


@given(statuses, st.integers(1, 320), st.integers(0, 5), st.integers(0, 5))
def test_any_column_can_be_brought_into_view(
    shown: tuple[Status, ...], width: int, first: int, at: int
) -> None:
    at = min(at, len(shown) - 1)
    start = first_to_show(shown, frozenset(), width, min(first, len(shown) - 1), at)
    assert abreast(shown, frozenset(), width, start).of(shown[at]) is not None


def test_a_wide_terminal_shows_all_columns_alike() -> None:
    seen = abreast(tuple(Status), frozenset({Status.CANCELLED}), 160, 0)
    assert [box.width for box in seen.boxes] == [30, 30, 30, 30, 30, 4]


# Decks ------------------------------------------------------------------------------------------------------


def test_a_card_on_its_way_stands_where_it_will_stand() -> None:
    """Counted where it is seen; back where it was if it is not saved."""
    pending: dict[int, Any] = {}
    cards = Cards(shown=lambda row: pending[row.id](row) if row.id in pending else row)
    cards.show(
        ONE_LANE, board((Status.TODO, [card(1), card(2)], 2), (Status.IN_PROGRESS, [card(3, P.status)], 1))
    )
    placing = cards.placing([2], P, 0)
    assert placing.before == 3
    pending[2] = moved(placing, [2], NOW)
    cards.place_again([2])
    assert (cards.decks[T].ids, cards.decks[P].ids) == ([1], [2, 3])
    assert (cards.total(T).count, cards.total(P).count) == (1, 2)
    pending.clear()
    cards.place_again([2])
    assert (cards.decks[T].ids, cards.decks[P].ids) == ([1, 2], [3])
    assert (cards.total(T).count, cards.total(P).count) == (2, 1)


def test_what_was_read_before_a_change_does_not_undo_it() -> None:
    cards = Cards()
    cards.show(ONE_LANE, board((Status.TODO, [card(1)], 1)))
    cards.put([card(1, Status.DONE, version=2)])
    cards.put([card(1)])
    assert cards.decks[D].ids == [1]
    assert (cards.total(T).count, cards.total(D).count) == (0, 1)


def test_a_place_is_named_by_the_card_above_it() -> None:
    cards = Cards()
    cards.show(ONE_LANE, board((Status.TODO, [card(n) for n in (1, 2, 3, 4)], 4)))
    assert cards.placing([3], T, 1)[:3] == (Status.TODO, 1, None)
    assert cards.placing([1], T, 3)[:3] == (Status.TODO, 3, None)
    assert cards.placing([3], T, 0)[:3] == (Status.TODO, None, 1)
    assert cards.placing([2, 4], T, 4)[:3] == (Status.TODO, 3, None)
    assert cards.placing([1], P, 0) == Placing(Status.IN_PROGRESS)
    assert cards.placing([1], D, 0) == Placing(Status.DONE)
    ranks = cards.placing([4, 3], T, 1).ranks
    assert card(1).rank < ranks[0] < ranks[1] < card(2).rank


def test_cards_beyond_what_is_held_are_only_counted() -> None:
    cards = Cards()
    cards.show(ONE_LANE, board((Status.TODO, [card(n) for n in (10, 20, 30)], 100)))
    cards.put([card(25), card(5), card(99)], counted=True)
    assert cards.decks[T].ids == [5, 10, 20, 25, 30]
    assert 99 not in cards.rows


def test_a_long_column_lets_go_of_what_lies_far_above() -> None:
    cards = Cards()
    cards.show(ONE_LANE, board((Status.TODO, [card(n) for n in range(1, 101)], 9999)))
    for start in range(101, 3 * KEPT, 100):
        rows = tuple(card(n) for n in range(start, start + 100))
        cards.extend(T, Page(items=rows, next="on", previous=f"before {start}"), "next")
    deck = cards.decks[T]
    assert len(deck) <= KEPT
    assert len(cards.rows) == len(deck)
    assert deck.above == deck.ids[0] - 1
    assert deck.previous == f"before {deck.ids[0]}"
    first = deck.ids[0]
    rows = tuple(card(n) for n in range(first - 100, first))
    cards.extend(T, Page(items=rows, next="x", previous="still more"), "previous")
    assert deck.ids[0] == first - 100
    assert deck.above == deck.ids[0] - 1
    assert len(deck) <= KEPT


def test_what_is_not_among_the_first_cards_any_more_goes() -> None:
    """Those behind what was read stay; while a write is on its way all stay."""
    cards = Cards()
    cards.show(ONE_LANE, board((Status.TODO, [card(n) for n in range(1, 7)], 6)))
    fresh = board((Status.TODO, [card(1), card(3), card(4)], 9))
    cards.merge(ONE_LANE, fresh, settled=False)
    assert cards.decks[T].ids == [1, 2, 3, 4, 5, 6]
    cards.merge(ONE_LANE, fresh)
    assert cards.decks[T].ids == [1, 3, 4, 5, 6]
    assert cards.decks[T].next == "next"
    assert cards.total(T).count == 9


def test_a_column_goes_as_far_as_its_first_cards_that_were_read_last() -> None:
    """Else cards behind what was held before, which has moved away meanwhile, would never be shown."""
    cards = Cards()
    cards.show(ONE_LANE, board((Status.TODO, [card(1)], 3)))
    cards.merge(ONE_LANE, board((Status.TODO, [card(2), card(3)], 4)))
    assert cards.decks[T].ids == [2, 3]
    assert cards.decks[T].next == "next"
    cards.merge(ONE_LANE, board((Status.TODO, [card(3), card(4), card(5)], 3)))
    assert cards.decks[T].ids == [3, 4, 5]
    assert cards.decks[T].next is None
    cards.merge(ONE_LANE, board())
    assert cards.decks[T].ids == []


@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from([T, P, D]), st.integers(0, 8)), max_size=30))
def test_every_card_stands_once_and_in_order(moves: list[tuple[int, Spot, int]]) -> None:
    """However cards are moved, as they are shown and once they are saved."""
    cards = Cards()
    cards.show(ONE_LANE, board((Status.TODO, [card(n) for n in range(1, 31)], 30)))
    for number, spot, place in moves:
        at = min(place, len(cards.decks[spot]))
        placing = cards.placing([number], spot, at)
        row = cards.rows[number]
        saved = moved(placing, [number], NOW)(row)
        cards.put([saved.replace(version=row.version + 1)])
        if placing.after is not None or placing.before is not None:
            ids = cards.decks[spot].ids
            where = ids.index(number)
            assert placing.after is None or ids[where - 1] == placing.after
            assert placing.before is None or ids[where + 1] == placing.before
    ids = [issue for deck in cards.decks.values() for issue in deck.ids]
    assert sorted(ids) == list(range(1, 31))
    assert sum(cards.total(spot).count for spot in cards.decks) == 30
    for deck in cards.decks.values():
        assert [deck.place(issue) for issue in deck.ids] == list(range(len(deck)))


# Lanes ------------------------------------------------------------------------------------------------------


def test_lanes_ask_for_their_cards() -> None:
    asked = parse("crash")
    people = lanes.of(Grouping.ASSIGNEE, [ADA, BEN])
    assert [str(lane.within(asked)) for lane in people] == [
        "crash assignee:ada",
        "crash assignee:ben",
        "crash has:assignee -assignee:ada,ben",
        "crash assignee:none",
    ]
    assert [str(lane.within(parse(""))) for lane in lanes.of(Grouping.PRIORITY, Priority)][:2] == [
        "priority:urgent",
        "priority:high",
    ]
    labels = lanes.of(Grouping.LABEL, [LabelRef(name="needs review", colour="red")])
    assert str(labels[0].within(parse(""))) == 'label:"needs review"'
    assert str(Lane().within(asked)) == "crash"


def test_a_card_is_in_the_lane_of_each_of_its_labels() -> None:
    ui, api, old = (LabelRef(name=name, colour="red") for name in ("ui", "api", "old"))
    where = lanes.sorting(lanes.of(Grouping.LABEL, [ui, api]))
    assert list(where(card(1, labels=(ui, api, old)))) == ["ui", "api"]
    assert list(where(card(1, labels=(old,)))) == [OTHERS]
    assert list(where(card(1))) == [NONE]
    assert list(lanes.sorting([Lane()])(card(1))) == [ONE_LANE]
    assert list(lanes.sorting(lanes.of(Grouping.ASSIGNEE, [ADA]))(card(1, assignee=BEN))) == [OTHERS]


@pytest.mark.parametrize(
    ("lane", "left", "edit", "draft"),
    [
        (Lane(Grouping.ASSIGNEE, ADA), "ben", {"assignee": "ada"}, {"assignee": "ada"}),
        (Lane(Grouping.ASSIGNEE), "ben", {"assignee": None}, {}),
        (Lane(Grouping.PRIORITY, Priority.HIGH), "low", *[{"priority": Priority.HIGH}] * 2),
        (
            Lane(Grouping.LABEL, LabelRef(name="ui", colour="red")),
            "api",
            {"add_labels": ("ui",), "remove_labels": ("api",)},
            {"labels": ("ui",)},
        ),
        (Lane(Grouping.LABEL), "api", {"add_labels": (), "remove_labels": ("api",)}, {}),
        (Lane(Grouping.PARENT, card(7)), NONE, {"parent": "CORE-7"}, {"parent": "CORE-7"}),
        (Lane(Grouping.ASSIGNEE, others=("ada",)), "ada", {}, {}),
    ],
)  # fmt: skip
def test_a_card_gets_what_its_lane_stands_for(
    lane: Lane, left: str, edit: dict[str, Any], draft: dict[str, Any]
) -> None:
    """As it is saved, as it looks meanwhile, and as a new one begins."""
    assert lane.edit(left) == edit
    assert lane.given == draft
    looks = lane.look(card(1, labels=(LabelRef(name="api", colour="blue"),), assignee=BEN), left)
    assert not edit or lane.id in lanes.sorting([lane])(looks)


def test_lanes_have_room_in_the_query_for_all_others() -> None:
    people = [PersonRef(id=n, name=f"person-with-a-long-name-{n:03d}", display_name="x") for n in range(200)]
    made = lanes.of(Grouping.ASSIGNEE, people)
    assert 10 < len(made) < 60
    for lane in made:
        assert parse(str(lane.within(parse("is:open priority:high")))).conditions


# Cards ------------------------------------------------------------------------------------------------------


@given(
    st.text(min_size=1, max_size=120),
    st.lists(st.text(min_size=1, max_size=20), max_size=4),
    st.integers(1, 70),
    st.booleans(),
)
def test_a_card_has_lines_of_its_width(title: str, names: list[str], width: int, marked: bool) -> None:
    """Four, or two where there is no room for more."""
    row = card(
        1,
        title=title,
        labels=tuple(LabelRef(name=name, colour="red") for name in names),
        assignee=ADA,
        estimate=Decimal(3),
        due=date(2026, 3, 2),
        blocked=True,
    )
    look = Look(COLOURS, date(2026, 3, 1), lambda text: [(0, len(text) // 2)], marked, unsaved=marked)
    for brief, count in ((False, LINES), (True, BRIEF)):
        lines = face(row, width, look, brief=brief)
        assert [sum(cell_len(piece.text) for piece in line) for line in lines] == [width] * count


def test_a_card_says_what_matters() -> None:
    row = card(
        12,
        title="Login fails on Safari when cookies are blocked",
        type=IssueType.BUG,
        priority=Priority.URGENT,
        assignee=ADA,
        estimate=Decimal("5.0"),
        labels=(LabelRef(name="ui", colour="red"),),
        due=date(2026, 2, 27),
        blocked=True,
    )
    look = Look(COLOURS, date(2026, 3, 1))
    lines, brief = (
        ["".join(piece.text for piece in line) for line in face(row, 24, look, brief=brief)]
        for brief in (False, True)
    )
    assert lines == [
        "■ CORE-12 ⊘       5 ▲ AE",
        "Login fails on Safari   ",
        "when cookies are blocked",
        "•ui           ! 2 d late",
    ]
    assert brief == ["■ CORE-12 ⊘!      5 ▲ AE", "Login fails on Safari w…"]
