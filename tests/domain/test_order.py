"""The order of issues: cards are placed before and behind each other, and there is always room."""

from __future__ import annotations

import asyncio

import pytest

from rhythm_domain import rank
from rhythm_domain.errors import Invalid
from rhythm_domain.models import Status
from tests.domain.recorded import history
from tests.domain.test_issues import in_order, new
from tests.instances import Team


async def test_a_card_is_moved_behind_or_before_another(team: Team) -> None:
    ids = [(await new(team.member)).id for _ in range(4)]
    row = await team.member.issues.move("CORE-1", Status.TODO, after="CORE-3")
    assert row.status is Status.TODO
    assert await in_order(team) == [2, 3, 1, 4]
    await team.member.issues.move("CORE-4", Status.TODO, before=ids[1])
    assert await in_order(team) == [4, 2, 3, 1]
    await team.member.issues.order("CORE-2", after="CORE-1")
    assert await in_order(team) == [4, 3, 1, 2]
    assert (await new(team.member)).number == (await in_order(team))[-1]


async def test_several_cards_are_placed_in_one_step(team: Team) -> None:
    """In the order given, whatever theirs was; undone as one. Without a neighbour they keep their places."""
    ids = [(await new(team.member)).id for _ in range(6)]
    rows = await team.member.issues.place([ids[4], ids[1], ids[5]], Status.TODO, before=ids[0])
    assert [row.number for row in rows] == [5, 2, 6]
    assert {row.status for row in rows} == {Status.TODO}
    assert await in_order(team) == [5, 2, 6, 1, 3, 4]
    await team.member.issues.place(ids[:2], after=ids[3])
    assert await in_order(team) == [5, 6, 3, 4, 1, 2]
    await team.member.issues.place([ids[5], ids[2]], Status.DONE)
    assert await in_order(team) == [5, 6, 3, 4, 1, 2]
    for _ in range(3):
        await team.member.history.undo("CORE")
    assert await in_order(team) == [1, 2, 3, 4, 5, 6]
    assert (await team.member.issues.show(ids[4])).status is Status.BACKLOG
    for after, before in ((None, None), (ids[0], ids[1])):
        with pytest.raises(Invalid, match="goes behind, or the one that it goes before"):
            await team.member.issues.place(ids[2:4], after=after, before=before)
    with pytest.raises(Invalid, match="beside itself"):
        await team.member.issues.place(ids[2:4], after=ids[2])


async def test_orders_that_mean_nothing(team: Team) -> None:
    for _ in range(2):
        await new(team.member)
    with pytest.raises(Invalid, match="goes behind, or the one that it goes before"):
        await team.member.issues.order("CORE-1")
    with pytest.raises(Invalid, match="beside itself"):
        await team.member.issues.order("CORE-1", after="CORE-1")
    with pytest.raises(Invalid, match="There is no issue CORE-9 in this project"):
        await team.member.issues.order("CORE-1", after="CORE-9")


async def test_many_who_move_cards_to_one_place_all_get_there(team: Team) -> None:
    for _ in range(13):
        await new(team.member)
    await asyncio.gather(
        *(team.member.issues.order(f"CORE-{number}", before="CORE-1") for number in range(2, 14))
    )
    assert sorted(await in_order(team)) == list(range(1, 14))
    assert (await in_order(team))[-1] == 1


@pytest.mark.parametrize("count", [2, 3, 250])
async def test_where_there_is_no_room_left_the_neighbours_make_some(team: Team, count: int) -> None:
    """In the middle of many, and where the neighbours are the ends of the order."""
    ranks = [f"b{'0' * rank.TOO_LONG}{number:05d}V" for number in range(count)]
    team.instance.sql.execute(
        "INSERT INTO issues (project_id, number, title, reporter_id, rank)"
        " SELECT %s, n, 'x', %s, rank FROM unnest(%s::text[]) WITH ORDINALITY AS r (rank, n)",
        (team.project_id, team.member.user.id, ranks),
    )
    team.instance.sql.execute("INSERT INTO issue_texts (issue_id) SELECT id FROM issues")
    first = count // 2
    await team.member.issues.order(f"CORE-{count}", after=f"CORE-{first}")
    expected = list(range(1, count))
    expected.insert(first, count)
    assert await in_order(team) == expected
    length = team.instance.value("SELECT char_length(rank) FROM issues WHERE number = %s", count)
    assert length <= rank.TOO_LONG
    assert [kind for kind, _, _ in history(team.instance)] == ["issue.changed"]
