"""What issues are to each other: parents, and what they block."""

from __future__ import annotations

import asyncio

import pytest

from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.models import LinkKind, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from tests.domain.recorded import history
from tests.domain.test_issues import new
from tests.instances import Team


async def test_an_issue_is_never_below_itself(team: Team) -> None:
    for parent in (None, "CORE-1", "CORE-2"):
        await new(team.member, parent=parent)
    for parent in ("CORE-1", "CORE-2", "CORE-3"):
        with pytest.raises(Invalid, match="CORE-1 can't be below itself") as refused:
            await team.member.issues.edit("CORE-1", IssueEdit(parent=parent))
        assert refused.value.field == "parent"


async def test_two_who_turn_a_family_around_at_once_close_no_circle(team: Team) -> None:
    """A below B and B below A, at the same time: one of them is refused."""
    for _ in range(4):
        one, other = await new(team.member), await new(team.member)
        results = await asyncio.gather(
            team.member.issues.edit(one.key, IssueEdit(parent=other.key)),
            team.owner.issues.edit(other.key, IssueEdit(parent=one.key)),
            return_exceptions=True,
        )
        assert sum(isinstance(result, Invalid) for result in results) == 1


async def test_a_parent_is_a_living_issue_of_the_same_project(team: Team) -> None:
    team.instance.project("WEB", owner=team.owner)
    await team.owner.issues.create("WEB", IssueDraft(title="x"))
    await new(team.owner)
    await team.owner.issues.delete([(await new(team.owner)).key])
    for parent in ("WEB-1", "CORE-2", "CORE-99"):
        with pytest.raises(Invalid, match=f"There is no issue {parent} in this project"):
            await team.owner.issues.edit("CORE-1", IssueEdit(parent=parent))


async def test_links_are_seen_from_both_sides_and_block_until_closed(team: Team) -> None:
    for _ in range(2):
        await new(team.member)
    blocker, blocked = await team.member.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    assert (blocker.blocked, blocked.blocked) == (False, True)
    (link,) = (await team.member.issues.show("CORE-2")).links
    assert (link.kind, link.key) == (LinkKind.BLOCKED_BY, "CORE-1")
    (link,) = (await team.member.issues.show("CORE-1")).links
    assert (link.kind, link.key) == (LinkKind.BLOCKS, "CORE-2")
    await team.member.issues.move("CORE-1", Status.DONE)
    assert (await team.member.issues.show("CORE-2")).blocked is False


async def test_a_link_twice_is_no_change_and_a_missing_one_is_said(team: Team) -> None:
    for _ in range(2):
        await new(team.member)
    for kind, one, other in (
        (LinkKind.BLOCKS, "CORE-1", "CORE-2"),
        (LinkKind.BLOCKED_BY, "CORE-2", "CORE-1"),
    ):
        await team.member.issues.link(one, kind, other)
    assert [kind for kind, _, _ in history(team.instance)].count("issue.linked") == 1
    with pytest.raises(NotFound, match="CORE-2 does not block CORE-1"):
        await team.member.issues.unlink("CORE-2", LinkKind.BLOCKS, "CORE-1")
    with pytest.raises(Invalid, match="can't block itself"):
        await team.member.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-1")


async def test_links_close_no_circle(team: Team) -> None:
    for _ in range(3):
        await new(team.member)
    await team.member.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    await team.member.issues.link("CORE-2", LinkKind.BLOCKS, "CORE-3")
    with pytest.raises(Invalid, match="CORE-1 blocks CORE-3 already"):
        await team.member.issues.link("CORE-3", LinkKind.BLOCKS, "CORE-1")


async def test_two_links_at_once_close_no_circle(team: Team) -> None:
    """1 blocks 2, 3 blocks 4; 2 blocks 3 and 4 blocks 1 have no issue in common."""
    for _ in range(4):
        await new(team.member)
    await team.member.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    await team.member.issues.link("CORE-3", LinkKind.BLOCKS, "CORE-4")
    results = await asyncio.gather(
        team.member.issues.link("CORE-2", LinkKind.BLOCKS, "CORE-3"),
        team.owner.issues.link("CORE-4", LinkKind.BLOCKS, "CORE-1"),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Invalid) for result in results) == 1
