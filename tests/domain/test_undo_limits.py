"""What undo leaves alone or needs a right for: what lasts, settings, what one may no longer do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from rhythm_domain.errors import Forbidden, Irreversible, NotFound
from rhythm_domain.models import Issue, Role, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.session import Session
from tests.domain.recorded import history
from tests.instances import Team


async def new(person: Session, title: str = "x", **fields: object) -> Issue:
    return await person.issues.create("CORE", IssueDraft.model_validate({"title": title, **fields}))


def set_role(team: Team, person: Session, role: Role) -> None:
    team.instance.sql.execute(
        "UPDATE project_members SET role = %s WHERE user_id = %s", (role.value, person.user.id)
    )


Step = Callable[[Session], Awaitable[object]]

# What can't be undone ----------------------------------------------------------------------------------


LASTING: dict[str, tuple[Step, str, str]] = {
    "a new member": (
        lambda me: me.members.add("CORE", "otto", Role.VIEWER),
        "added Otto as viewer",
        "`rhythm member`",
    ),
    "a role": (lambda me: me.members.set_role("CORE", "mia", Role.VIEWER), "changed Mia to viewer", "member"),
    "a key": (lambda me: me.projects.rekey("CORE", "NUT"), "rekeyed the project", "--key"),
    "rest": (lambda me: me.projects.archive("CORE"), "archived the project", "`unarchive`"),
}


@pytest.mark.parametrize("name", LASTING)
async def test_what_undo_does_not_touch_is_said_and_nothing_is_done(team: Team, name: str) -> None:
    """Whoever presses the key must not find another change taken back."""
    step, said, instead = LASTING[name]
    await new(team.owner)
    await step(team.owner)
    issue = await team.owner.issues.show("CORE-1")
    events = len(history(team.instance))
    with pytest.raises(Irreversible, match=f"can't be taken back: you {said}") as refused:
        await team.owner.history.undo("CORE")
    assert instead in refused.value.hint
    assert refused.value.before == f"created {issue.key}"
    assert f"Before it you {refused.value.before}: `rhythm undo " in refused.value.hint
    assert len(history(team.instance)) == events
    assert (await team.owner.issues.show("CORE-1")).deleted_at is None


async def test_the_latest_change_is_said_as_a_whole(team: Team) -> None:
    """A bulk with what it did, whatever others did meanwhile."""
    me = team.owner
    keys = [f"CORE-{(await new(me)).number}" for _ in range(2)]
    await me.issues.edit_many(keys, IssueEdit(status=Status.DONE, assignee="mia"))
    await team.member.issues.edit(keys[0], IssueEdit(title="a"))
    latest = await me.history.latest("CORE")
    assert latest is not None
    assert latest[0] == "moved 2 issues from backlog to done; assigned them to Mia"


async def test_who_asks_passes_over_it_and_is_told(team: Team) -> None:
    me = team.owner
    await new(me)
    await me.issues.edit("CORE-1", IssueEdit(title="a"))
    await me.members.set_role("CORE", "mia", Role.VIEWER)
    await me.members.add("CORE", "otto", Role.VIEWER)
    operation = uuid4()
    undone = await me.history.undo("CORE", past=True, operation=operation)
    assert undone.changed == ("CORE-1",)
    assert undone.passed == (
        "added Otto as viewer. Members are changed in the project's settings, or by `rhythm member`.",
        "changed Mia to viewer. Members are changed in the project's settings, or by `rhythm member`.",
    )
    assert await me.history.undo("CORE", past=True, operation=operation) == undone
    assert await me.history.undo("CORE", operation=operation) == undone
    assert (await me.issues.show("CORE-1")).title == "x"
    redone = await me.history.redo("CORE")
    assert (redone.changed, redone.passed) == (("CORE-1",), ())
    assert (await me.members.list("CORE"))[-1].user.name in ("otto", "vic", "mia")
    assert team.instance.value("SELECT count(*) FROM project_members WHERE role = 'viewer'") == 3


async def test_what_others_do_is_no_obstacle(team: Team) -> None:
    await new(team.member)
    await team.owner.members.add("CORE", "otto", Role.VIEWER)
    undone = await team.member.history.undo("CORE")
    assert (undone.changed, undone.passed) == (("CORE-1",), ())


async def test_the_beginning_of_a_project_is_no_step(team: Team) -> None:
    await team.outsider.projects.create("MINE", "Mine")
    with pytest.raises(NotFound, match="nothing to undo in MINE"):
        await team.outsider.history.undo("MINE")


# Settings ----------------------------------------------------------------------------------------------


async def settings(team: Team) -> object:
    return [
        team.instance.sql.execute(query).fetchall()
        for query in (
            "SELECT name, description, wip_limits FROM projects",
            "SELECT * FROM labels ORDER BY id",
            "SELECT issue_id, label_id FROM issue_labels ORDER BY 1, 2",
            "SELECT id, owner_id, name, query, published FROM saved_views ORDER BY id",
        )
    ]


SETTINGS: dict[str, Step] = {
    "create a label": lambda me: me.labels.create("CORE", "New", colour="red", description="d"),
    "rename a label": lambda me: me.labels.edit("CORE", "bug", new_name="BUG", colour="red"),
    "describe a label": lambda me: me.labels.edit("CORE", "bug", description="What is broken"),
    "delete a label": lambda me: me.labels.delete("CORE", "bug"),
    "name the project": lambda me: me.projects.edit("CORE", name="Other", description="**d**"),
    "set a limit": lambda me: me.projects.set_wip_limit("CORE", Status.TODO, 5),
    "change a limit": lambda me: me.projects.set_wip_limit("CORE", Status.IN_PROGRESS, 5),
    "lift a limit": lambda me: me.projects.set_wip_limit("CORE", Status.IN_PROGRESS, None),
    "publish a view": lambda me: me.views.save("Mine", "is:open", key="CORE", published=True),
    "change a view": lambda me: me.views.save("hot", "priority:high", key="CORE", published=True),
    "unpublish a view": lambda me: me.views.save("Hot", "priority:urgent", key="CORE"),
    "delete a view": lambda me: me.views.delete("Hot", key="CORE"),
    "delete another's view": lambda me: me.views.delete("Late", key="CORE", owner="olga"),
}


@pytest.mark.parametrize("name", SETTINGS)
async def test_settings_come_back_exactly_too(team: Team, name: str) -> None:
    """Labels with the issues that bore them, and under their own ids; twice back and forth."""
    me = team.maintainer
    await team.owner.labels.create("CORE", "bug")
    for labels in ([], ["bug"], ["bug"]):
        await new(team.owner, labels=labels)
    await team.owner.issues.delete(["CORE-3"])
    await team.owner.projects.set_wip_limit("CORE", Status.IN_PROGRESS, 3)
    await team.owner.views.save("Late", "due:<today", key="CORE", published=True)
    await me.views.save("Hot", "priority:urgent", key="CORE", published=True)
    before = await settings(team)
    await SETTINGS[name](me)
    after = await settings(team)
    assert after != before
    for _ in range(2):
        undone = await me.history.undo("CORE")
        assert (len(undone.changed), undone.skipped) == (1, ())
        assert await settings(team) == before
        redone = await me.history.redo("CORE")
        assert (len(redone.changed), redone.skipped) == (1, ())
        assert await settings(team) == after


MEDDLED: dict[str, tuple[Step, Step, str]] = {
    "a label that others use": (
        lambda me: me.labels.create("CORE", "New"),
        lambda other: other.issues.edit("CORE-1", IssueEdit(add_labels=("New",))),
        "New",
    ),
    "a label that others changed": (
        lambda me: me.labels.edit("CORE", "bug", colour="red"),
        lambda other: other.labels.edit("CORE", "bug", colour="blue"),
        "bug",
    ),
    "a name that another label took": (
        lambda me: me.labels.edit("CORE", "bug", new_name="defect"),
        lambda other: other.labels.create("CORE", "Bug"),
        "defect",
    ),
    "a deleted label's name that another took": (
        lambda me: me.labels.delete("CORE", "bug"),
        lambda other: other.labels.create("CORE", "Bug"),
        "bug",
    ),
    "a project's name": (
        lambda me: me.projects.edit("CORE", name="Mine"),
        lambda other: other.projects.edit("CORE", name="Theirs"),
        "CORE",
    ),
    "a limit": (
        lambda me: me.projects.set_wip_limit("CORE", Status.TODO, 5),
        lambda other: other.projects.set_wip_limit("CORE", Status.TODO, 6),
        "CORE",
    ),
    "a view that a maintainer deleted": (
        lambda me: me.views.save("Hot", "priority:urgent", key="CORE", published=True),
        lambda other: other.views.delete("Hot", key="CORE", owner="max"),
        "Hot",
    ),
}


@pytest.mark.parametrize("name", MEDDLED)
async def test_settings_that_others_changed_since_are_left_alone_and_named(team: Team, name: str) -> None:
    mine, theirs, skipped = MEDDLED[name]
    await new(team.owner)
    await team.owner.labels.create("CORE", "bug")
    await mine(team.maintainer)
    await theirs(team.owner)
    before = await settings(team)
    undone = await team.maintainer.history.undo("CORE")
    assert (undone.changed, undone.skipped) == ((), (skipped,))
    assert await settings(team) == before


async def test_a_limit_that_others_set_elsewhere_stays(team: Team) -> None:
    await team.maintainer.projects.set_wip_limit("CORE", Status.TODO, 5)
    await team.owner.projects.set_wip_limit("CORE", Status.IN_REVIEW, 2)
    assert (await team.maintainer.history.undo("CORE")).changed == ("CORE",)
    assert (await team.owner.projects.show("CORE")).wip_limits == {Status.IN_REVIEW: 2}


async def test_a_label_that_cannot_come_back_to_all_its_issues_says_so(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One has fifty others by now, and of the oldest only the number was kept."""
    monkeypatch.setattr("rhythm_domain.repository.labels.KEPT", 2)
    me = team.maintainer
    await me.labels.create("CORE", "bug")
    for _ in range(3):
        await new(team.member, labels=["bug"])
    await me.labels.delete("CORE", "bug")
    team.instance.sql.execute(
        "INSERT INTO labels (project_id, name, folded)"
        " SELECT %s, 'l' || n, 'l' || n FROM generate_series(1, 50) n",
        (team.project_id,),
    )
    team.instance.sql.execute(
        "INSERT INTO issue_labels SELECT i.project_id, i.id, l.id FROM issues i, labels l WHERE i.number = 3"
    )
    undone = await me.history.undo("CORE")
    assert (undone.changed, undone.skipped) == (("bug",), ("bug on 2 of 3 issues",))
    labelled = [(await me.issues.show(f"CORE-{n}")).labels for n in (1, 2)]
    assert [[label.name for label in labels] for labels in labelled] == [[], ["bug"]]


async def test_settings_need_their_right_again(team: Team) -> None:
    await team.maintainer.labels.create("CORE", "bug")
    set_role(team, team.maintainer, Role.MEMBER)
    with pytest.raises(Forbidden, match="only maintainers may manage labels"):
        await team.maintainer.history.undo("CORE")


# Rights ------------------------------------------------------------------------------------------------


async def test_undo_needs_the_right_that_the_change_needed(team: Team) -> None:
    await new(team.member)
    set_role(team, team.member, Role.VIEWER)
    with pytest.raises(Forbidden, match="only members may create issues"):
        await team.member.history.undo("CORE")


async def test_redo_needs_it_too(team: Team) -> None:
    await new(team.member)
    await team.member.history.undo("CORE")
    set_role(team, team.member, Role.VIEWER)
    with pytest.raises(Forbidden, match="only members may create issues"):
        await team.member.history.redo("CORE")


async def test_a_member_undoes_the_deletion_of_their_own(team: Team) -> None:
    await new(team.member)
    await team.member.issues.delete(["CORE-1"])
    assert (await team.member.history.undo("CORE")).changed == ("CORE-1",)
    assert (await team.member.issues.show("CORE-1")).deleted_at is None


async def test_who_is_no_maintainer_any_more_does_not_undo_the_deletion_of_others_work(team: Team) -> None:
    await new(team.member)
    await team.maintainer.issues.delete(["CORE-1"])
    set_role(team, team.maintainer, Role.MEMBER)
    with pytest.raises(Forbidden, match="only maintainers may delete issues of others"):
        await team.maintainer.history.undo("CORE")


async def test_in_an_archived_project_nothing_is_undone(team: Team) -> None:
    await new(team.owner)
    await team.admin.projects.archive("CORE")
    with pytest.raises(Forbidden, match="CORE is archived"):
        await team.owner.history.undo("CORE")


async def test_to_an_outsider_there_is_no_history(team: Team) -> None:
    await new(team.owner)
    with pytest.raises(NotFound, match="There is no project CORE"):
        await team.outsider.history.undo("CORE")
    with pytest.raises(NotFound, match="There is no project CORE"):
        await team.outsider.history.of_project("CORE")
    with pytest.raises(NotFound, match="There is no issue CORE-1"):
        await team.outsider.history.of_issue("CORE-1")
