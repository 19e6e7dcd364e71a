"""Boards, backlog and the cards of sprints, against plain filters over the same issues."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rhythm_domain.connection import Params
from rhythm_domain.database import overheard
from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.models import BoardColumn, IssueRow, Status, Total
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.queries import Named
from rhythm_domain.query import QueryError, parse
from rhythm_domain.repository import issues, lines, starting
from rhythm_domain.transaction import Tx
from tests.domain.search_oracle import Known, World, ordered
from tests.instances import Instance, Team


def cards(world: World, status: Status, query: str = "") -> list[int]:
    """What a column must show."""
    asked = parse(f"{query} status:{status} sort:{'closed' if status.closed else 'rank'}")
    return world.find(asked, "CORE")


def shown(column: BoardColumn) -> list[int]:
    return [card.id for card in column.cards]


@pytest.mark.parametrize("few", [20_000, 0], ids=["from the rare", "from the order"])
@pytest.mark.parametrize(
    "query",
    ["", "alpha", "-beta", "type:bug", "label:ui assignee:@me", "sprint:current omic", "is:closed", "zzz"],
)
async def test_a_board_has_a_column_per_status_in_order_with_exact_totals(
    world: World, monkeypatch: pytest.MonkeyPatch, query: str, few: int
) -> None:
    """Open columns by rank, closed ones the latest first; a column goes on where the board stopped."""
    monkeypatch.setattr(starting, "FEW", few)
    board = await world.asker.boards.show("CORE", query, limit=4)
    assert [column.status for column in board.columns] == list(Status)
    for column in board.columns:
        expected = cards(world, column.status, query)
        assert shown(column) == expected[:4]
        assert column.total == Total(count=len(expected))
        found, cursor = shown(column), column.next
        while cursor:
            more = await world.asker.boards.column("CORE", column.status, query, cursor=cursor, limit=7)
            found, cursor = found + shown(more), more.next
            assert more.total == column.total
        assert found == expected


async def test_a_filtered_total_stops_counting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unfiltered one comes from the counters and does not; the cards are the same."""
    monkeypatch.setattr("rhythm_domain.services.boards.COUNTED", 5)
    monkeypatch.setattr(starting, "FEW", 0)
    for query, total in (
        ("", Total(count=len(cards(world, Status.TODO)))),
        ("has:due", Total(count=5, exact=False)),
    ):
        board = await world.asker.boards.show("CORE", query)
        assert board.columns[1].total == total
        assert (await world.asker.boards.column("CORE", Status.TODO, query)).total == total


async def test_a_board_that_is_not_counted_has_the_totals_of_what_it_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a query they are exact all the same."""
    monkeypatch.setattr(starting, "FEW", 0)
    for query in ("", "-beta"):
        board = await world.asker.boards.show("CORE", query, limit=3, counted=False)
        for column in board.columns:
            found = len(cards(world, column.status, query))
            exact = found <= 3 or not query
            assert column.total == Total(count=found if exact else 3, exact=exact)


async def test_where_something_leads_to_all_cards_they_are_counted_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each column would be counted by itself later."""
    monkeypatch.setattr(starting, "_WALKED_ELSEWHERE", 1000)
    board = await world.asker.boards.show("CORE", "omicron", limit=3, counted=False)
    totals = {column.status: len(cards(world, column.status, "omicron")) for column in board.columns}
    assert max(totals.values()) > 3
    assert {column.status: column.total for column in board.columns} == {
        status: Total(count=total) for status, total in totals.items()
    }


async def test_a_condition_on_the_status_makes_no_column_longer(world: World) -> None:
    """Each is read by itself: to look all up that stand in some would be to read these to their ends."""
    queries: list[tuple[Named, Params]] = []
    heard = overheard.set(queries)
    try:
        await world.asker.boards.show("CORE", "is:open -beta", limit=1, counted=False)
    finally:
        overheard.reset(heard)
    assert "board" in [query.name for query, _ in queries]


async def test_what_the_board_of_all_is_read_by_is_prepared_at_once(team: Team) -> None:
    """It is read anew whenever something changed."""
    queries: list[tuple[Named, Params]] = []
    heard = overheard.set(queries)
    await team.viewer.boards.show("CORE")
    await team.viewer.boards.show("CORE", "type:bug")
    overheard.reset(heard)
    assert [query.lasts for query, _ in queries if query.name.startswith("board")] == [True, False]


async def test_a_board_shows_the_limits_of_its_project(own: World, instance: Instance) -> None:
    """A column without a limit has none."""
    instance.sql.execute("""UPDATE projects SET wip_limits = '{"in_progress": 3}' WHERE key = 'CORE'""")
    board = await own.asker.boards.show("CORE")
    limits = {column.status: column.wip_limit for column in board.columns}
    assert limits == dict.fromkeys(Status) | {Status.IN_PROGRESS: 3}
    assert (await own.asker.boards.column("CORE", Status.IN_PROGRESS)).wip_limit == 3


async def test_a_board_of_one_key_shows_that_card(world: World) -> None:
    """As in lists, a key alone is that issue."""
    wanted = next(issue for issue in world.issues if not issue.deleted and issue.status is Status.TODO)
    board = await world.asker.boards.show("CORE", wanted.key)
    assert [card.id for column in board.columns for card in column.cards] == [wanted.id]


async def test_a_board_of_another_project_is_empty(world: World) -> None:
    """`project:` only narrows."""
    board = await world.asker.boards.show("CORE", "project:WEB")
    assert all(column.cards == () and column.total == Total(count=0) for column in board.columns)


def planned(world: World, query: str, *, sprint: str | None) -> list[Known]:
    found = set(world.find(parse(query), "CORE"))
    return [issue for issue in world.issues if issue.id in found and issue.sprint == sprint]


@pytest.mark.parametrize("query", ["", "alpha", "has:estimate", "sort:priority", "-type:bug sort:due-desc"])
async def test_the_backlog_is_what_is_open_and_in_no_sprint(world: World, query: str) -> None:
    """By rank, or in the order of the query; read on and back."""
    wanted = [issue for issue in planned(world, query, sprint=None) if issue.closed_at is None]
    expected = [
        issue.id for issue in ordered(wanted, parse(query).sort or parse("sort:rank").sort, across=False)
    ]
    page = await world.asker.boards.backlog("CORE", query, limit=5)
    found = [issue.id for issue in page.items]
    while page.next:
        following = await world.asker.boards.backlog("CORE", query, cursor=page.next, limit=5)
        back = await world.asker.boards.backlog("CORE", query, before=following.previous, limit=5)
        assert back.items == page.items
        page = following
        found += [issue.id for issue in page.items]
    assert found == expected


async def test_a_sprints_cards_are_in_the_order_of_rank(own: World, instance: Instance) -> None:
    """Closed ones too; a cursor of one sprint is refused by another."""
    one, other = (
        instance.value(
            "SELECT s.id FROM sprints s JOIN projects p ON p.id = s.project_id"
            " WHERE s.name = %s AND p.key = 'CORE'",
            name,
        )
        for name in ("S1", "S2")
    )
    for query in ("", "beta"):
        expected = ordered(planned(own, query, sprint="S1"), parse("sort:rank").sort, across=False)
        page = await own.asker.boards.sprint_cards("CORE", one, query, limit=500)
        assert [issue.id for issue in page.items] == [issue.id for issue in expected]
    page = await own.asker.boards.sprint_cards("CORE", one, limit=3)
    with pytest.raises(Invalid, match="no cursor of this list"):
        await own.asker.boards.sprint_cards("CORE", other, cursor=page.next)


async def test_a_sprint_of_another_project_does_not_exist(own: World, instance: Instance) -> None:
    """The same answer as for a sprint that never was."""
    foreign = instance.value(
        "SELECT s.id FROM sprints s JOIN projects p ON p.id = s.project_id WHERE p.key = 'WEB' LIMIT 1"
    )
    for sprint in (foreign, 10**6):
        with pytest.raises(NotFound, match="There is no such sprint"):
            await own.asker.boards.sprint_cards("CORE", sprint)


async def test_boards_are_for_those_who_may_read_the_project(team: Team) -> None:
    """And queries are checked as in lists."""
    assert len((await team.viewer.boards.show("CORE")).columns) == len(Status)
    with pytest.raises(NotFound):
        await team.outsider.boards.show("CORE")
    with pytest.raises(QueryError):
        await team.viewer.boards.show("CORE", "stat:x")


async def test_a_card_stands_in_the_column_of_its_status_though_it_is_moved_meanwhile(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A board is as of one moment: what is listed and what is said of it were read by two statements."""
    issue = await team.member.issues.create("CORE", IssueDraft(title="moved", status=Status.TODO))
    rows = issues.rows

    async def moved_first(tx: Tx, ids: Sequence[int]) -> tuple[IssueRow, ...]:
        team.instance.sql.execute(
            "UPDATE issues SET status = 'done', closed_at = now() WHERE id = %s", (issue.id,)
        )
        return await rows(tx, ids)

    monkeypatch.setattr(issues, "rows", moved_first)
    board = await team.member.boards.show("CORE")
    found = {column.status: [card.status for card in column.cards] for column in board.columns}
    assert found[Status.TODO] == [Status.TODO]
    team.instance.db.hints.clear()  # It was moved behind the history's back.
    page = await team.member.search.page("status:done", project="CORE")
    assert [row.status for row in page.items] == [Status.DONE]


async def test_cards_by_the_hundred_say_what_a_few_say(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their names are asked for once: people, labels, sprints, parents; and what waits for others."""
    monkeypatch.setattr(lines, "FEW", 1000)
    few = await world.asker.boards.show("CORE", "")
    monkeypatch.setattr(lines, "FEW", 0)
    world.asker._guard._db.hints.clear()
    assert await world.asker.boards.show("CORE", "") == few
    rows = [card for column in few.columns for card in column.cards]
    assert rows == [IssueRow(**vars(card)) for card in rows]  # All of their fields are there.
    assert all(
        any(getattr(card, name) for card in rows)
        for name in ("assignee", "labels", "sprint", "parent_key", "blocked")
    )
