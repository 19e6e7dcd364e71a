"""The trash: who sees it, what comes back, and what is gone for good."""

from __future__ import annotations

from uuid import uuid4

import pytest

from rhythm_domain.errors import Forbidden, NotFound
from rhythm_domain.models import LinkKind
from rhythm_domain.models.drafts import IssueEdit
from tests.domain.recorded import history
from tests.domain.test_issues import new
from tests.instances import Team


async def test_the_trash_is_seen_by_maintainers_only(team: Team) -> None:
    one, other = await new(team.member), await new(team.member)
    assert await team.member.issues.delete([one.key]) == ("CORE-1",)
    await team.maintainer.issues.delete([other.key])
    for person in (team.member, team.viewer):
        with pytest.raises(NotFound, match="There is no issue CORE-1"):
            await person.issues.show("CORE-1")
        with pytest.raises(Forbidden):
            await person.issues.trash("CORE")
    assert (await team.maintainer.issues.show("CORE-1")).deleted_at is not None
    page = await team.maintainer.issues.trash("CORE", limit=1)
    assert [row.key for row in page.items] == ["CORE-2"]
    page = await team.maintainer.issues.trash("CORE", cursor=page.next, limit=1)
    assert ([row.key for row in page.items], page.next) == (["CORE-1"], None)
    assert team.instance.value("SELECT count(*) FROM issue_search") == 0


async def test_a_deleted_issue_is_not_changed(team: Team) -> None:
    """Who names it by its id, as the app does, saw it before: they are told its key."""
    one = await new(team.owner)
    await team.owner.issues.delete(["CORE-1"])
    with pytest.raises(NotFound, match="CORE-1 was deleted meanwhile"):
        await team.owner.issues.delete([one.id])
    with pytest.raises(NotFound, match="There is no issue CORE-1"):
        await team.owner.issues.edit("CORE-1", IssueEdit(title="y"))
    with pytest.raises(NotFound, match="There is no issue CORE-1"):
        await team.owner.issues.delete(["CORE-1"])
    await team.owner.issues.restore(["CORE-1"])
    with pytest.raises(NotFound, match="There is no issue CORE-1 in the trash"):
        await team.owner.issues.restore(["CORE-1"])
    with pytest.raises(NotFound, match="CORE-1 is not in the trash"):
        await team.owner.issues.restore([one.id])
    assert team.instance.value("SELECT count(*) FROM issue_search") == 1


async def test_members_delete_their_own_issues_only(team: Team) -> None:
    await new(team.member)
    await new(team.owner)
    with pytest.raises(Forbidden, match="only maintainers may delete issues of others"):
        await team.member.issues.delete(["CORE-1", "CORE-2"])
    await team.member.issues.delete(["CORE-1"])


async def test_deleting_restoring_and_purging_sent_twice_happen_once(team: Team) -> None:
    """Also for a member, who does not see the trash."""
    await new(team.member)
    delete, restore, purge = uuid4(), uuid4(), uuid4()
    for _ in range(2):
        assert await team.member.issues.delete(["CORE-1"], operation=delete) == ("CORE-1",)
    for _ in range(2):
        (row,) = await team.owner.issues.restore(["CORE-1"], operation=restore)
        assert row.deleted_at is None
    await team.owner.issues.delete(["CORE-1"])
    for _ in range(2):
        assert await team.owner.issues.purge(["CORE-1"], operation=purge) == ("CORE-1",)
    with pytest.raises(NotFound):
        await team.owner.issues.purge(["CORE-1"], operation=uuid4())
    kinds = [kind for kind, _, _ in history(team.instance)]
    assert kinds == ["issue.created", "issue.deleted", "issue.restored", "issue.deleted", "issue.purged"]


async def test_a_purged_issue_leaves_a_tombstone_without_its_contents(team: Team) -> None:
    await team.owner.labels.create("CORE", "L")
    await team.owner.sprints.create("CORE", "S")
    await new(team.owner, "secret", description="secret", labels=["L"], sprint="S")
    child = await new(team.owner, parent="CORE-1")
    await team.owner.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    await team.owner.comments.add("CORE-1", "secret")
    with pytest.raises(NotFound, match="in the trash"):
        await team.owner.issues.purge(["CORE-1"])
    await team.owner.issues.delete(["CORE-1"])
    with pytest.raises(Forbidden, match="only owners may purge issues for ever"):
        await team.maintainer.issues.purge(["CORE-1"])
    await team.owner.issues.purge(["CORE-1"])
    with pytest.raises(NotFound):
        await team.owner.issues.show("CORE-1")
    for table in (
        "issues",
        "issue_texts",
        "issue_search",
        "comments",
        "events",
        "issue_links",
        "sprint_scope",
    ):
        found = team.instance.value(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%%secret%%'")
        assert found == 0, table
    tombstones = team.instance.sql.execute(
        "SELECT kind, before, after FROM events WHERE issue_id <> %s ORDER BY seq", (child.id,)
    ).fetchall()
    assert [row["kind"] for row in tombstones] == [
        "issue.created",
        "issue.linked",
        "comment.created",
        "issue.deleted",
        "issue.purged",
    ]
    assert [(row["before"], row["after"]) for row in tombstones] == [({}, {})] * 4 + [({}, {"number": 1})]
    assert (await team.owner.issues.show("CORE-2")).parent_key is None
    assert (await new(team.owner)).number == 3, "a number is never given again"


async def test_what_hung_on_a_purged_issue_is_let_go_with_a_word(team: Team) -> None:
    """Children and linked issues have it in their history; what is purged along needs none."""
    for fields in ({}, {"parent": "CORE-1"}, {"parent": "CORE-1"}, {}, {}):
        await new(team.owner, **fields)
    link = team.owner.issues.link
    await link("CORE-1", LinkKind.BLOCKS, "CORE-4")
    await link("CORE-5", LinkKind.BLOCKS, "CORE-1")
    await link("CORE-1", LinkKind.BLOCKS, "CORE-3")
    await team.owner.issues.delete(["CORE-1", "CORE-3"])
    await team.owner.issues.purge(["CORE-1", "CORE-3"])
    told = {}
    for key in ("CORE-2", "CORE-4", "CORE-5"):
        (event, *_) = (await team.owner.history.of_issue(key)).items
        told[key] = (event.text, event.permission)
    assert told == {
        "CORE-2": ("took it from below its parent", "issue.purge"),
        "CORE-4": ("unlinked an issue as blocking CORE-4", "issue.purge"),
        "CORE-5": ("unlinked CORE-5 as blocking an issue", "issue.purge"),
    }
    child = await team.owner.issues.show("CORE-2")
    assert (child.parent_key, child.version) == (None, 2)
    assert len(history(team.instance)) == 5 + 3 + 2 + 3 + 2
