"""Projects: how they begin, change, rest and end, and what becomes of their keys."""

from __future__ import annotations

from uuid import uuid4

import pytest

from rhythm_domain.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound
from rhythm_domain.models import Role, Status
from rhythm_domain.repository import history as repository_history
from tests.domain.recorded import history, permission
from tests.instances import Team


def add_issue(team: Team, number: int, status: str = "todo") -> None:
    team.instance.sql.execute(
        "INSERT INTO issues (project_id, number, title, status, reporter_id, rank, closed_at)"
        " VALUES (%s, %s, 'x', %s, %s, %s, CASE WHEN %s IN ('done', 'cancelled') THEN now() END)",
        (team.project_id, number, status, team.member.user.id, f"a{number}", status),
    )


async def test_anybody_who_is_signed_in_creates_a_project_and_owns_it(team: Team) -> None:
    project = await team.outsider.projects.create(" web ", "Web site", "What *all* see.")
    assert (project.key, project.name, project.description) == ("WEB", "Web site", "What *all* see.")
    assert (project.role, project.version, project.archived) == (Role.OWNER, 1, False)
    kind, _, after = history(team.instance)[-1]
    assert kind == "project.created"
    assert after == {"id": project.id, "key": "WEB", "name": "Web site", "description": "What *all* see."}
    assert permission(team.instance) == "project.create"
    assert team.instance.value("SELECT last FROM issue_numbers WHERE project_id = %s", project.id) == 0


async def test_a_project_created_twice_by_one_operation_is_one(team: Team) -> None:
    operation = uuid4()
    first = await team.outsider.projects.create("WEB", "Web", operation=operation)
    again = await team.outsider.projects.create("WEB", "Web", operation=operation)
    assert again.id == first.id
    assert len(history(team.instance)) == 1


@pytest.mark.parametrize(
    ("key", "name", "field"),
    [("w", "Web", "key"), ("WEB-1", "Web", "key"), ("WEB", "  ", "name"), ("WEB", "a\x1bb", "name")],
)
async def test_what_can_be_no_project_is_refused_by_field(
    team: Team, key: str, name: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await team.outsider.projects.create(key, name)
    assert refused.value.field == field


async def test_a_key_that_is_taken_is_refused(team: Team) -> None:
    with pytest.raises(AlreadyExists, match="is, or was, another project's"):
        await team.outsider.projects.create("core", "Mine")


async def test_the_list_has_ones_own_projects_the_most_lively_first(team: Team) -> None:
    team.instance.project("OLD", owner=team.owner)
    team.instance.project("OTHER", owner=team.outsider)
    await team.owner.projects.edit("CORE", description="Lively")
    assert [project.key for project in await team.owner.projects.list()] == ["CORE", "OLD"]
    await team.owner.projects.edit("OLD", description="Livelier")
    assert [project.key for project in await team.owner.projects.list()] == ["OLD", "CORE"]
    assert await team.admin.projects.list() == ()


async def test_only_administrators_list_everyones_projects(team: Team) -> None:
    team.instance.project("OTHER", owner=team.outsider)
    found = await team.admin.projects.list(everyone=True)
    assert {(project.key, project.role) for project in found} == {("CORE", None), ("OTHER", None)}
    with pytest.raises(Forbidden, match="Only administrators"):
        await team.owner.projects.list(everyone=True)


async def test_archived_projects_are_listed_behind_when_asked_for(team: Team) -> None:
    team.instance.project("OLD", owner=team.owner)
    await team.owner.projects.archive("CORE")
    assert [project.key for project in await team.owner.projects.list()] == ["OLD"]
    assert [project.key for project in await team.owner.projects.list(archived=True)] == ["OLD", "CORE"]


async def test_a_project_counts_its_issues_and_knows_when_something_happened(team: Team) -> None:
    for number, status in enumerate(["todo", "backlog", "done", "cancelled", "in_review"], start=1):
        add_issue(team, number, status)
    before = await team.viewer.projects.show("CORE")
    assert (before.open_count, before.closed_count, before.last_activity_at) == (3, 2, None)
    await team.owner.projects.edit("CORE", name="Kernel")
    after = await team.viewer.projects.show("CORE")
    assert after.last_activity_at == team.instance.value("SELECT max(at) FROM events")
    assert after.role is Role.VIEWER


async def test_an_edit_writes_and_records_only_what_changed(team: Team) -> None:
    project = await team.maintainer.projects.edit("CORE", name="Kernel", description="")
    assert (project.name, project.version) == ("Kernel", 2)
    assert history(team.instance) == [("project.edited", {"name": "Project CORE"}, {"name": "Kernel"})]
    assert (await team.maintainer.projects.edit("CORE", name="Kernel")).version == 2
    assert len(history(team.instance)) == 1


async def test_a_text_that_another_changed_meanwhile_is_a_conflict_with_both_sides(team: Team) -> None:
    await team.owner.projects.edit("CORE", description="Theirs", base_version=1)
    with pytest.raises(Conflict) as conflict:
        await team.maintainer.projects.edit("CORE", description="Mine", base_version=1)
    assert (conflict.value.field, conflict.value.current, conflict.value.mine) == (
        "description",
        "Theirs",
        "Mine",
    )
    assert conflict.value.version == 2
    assert str(conflict.value) == "Olga changed the project's description meanwhile."
    project = await team.maintainer.projects.edit("CORE", description="Mine", base_version=2)
    assert project.description == "Mine"


async def test_only_who_changed_that_very_text_is_named(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else was edited meanwhile, and whoever wrote the text before; back as it was, it is no other.
    Where that is too long ago to be known, nobody is named."""
    olga, max_ = team.owner.projects, team.maintainer.projects
    await olga.edit("CORE", description="one")
    read = await olga.show("CORE")
    await max_.edit("CORE", name="Kernel", base_version=read.version)
    saved = await olga.edit("CORE", description="two", base_version=read.version)
    assert (saved.name, saved.description) == ("Kernel", "two")
    with pytest.raises(Conflict, match="Max changed the project's name meanwhile") as conflict:
        await olga.edit("CORE", name="Heart", description="three", base_version=read.version)
    assert (conflict.value.field, conflict.value.current, conflict.value.mine) == ("name", "Kernel", "Heart")
    await max_.edit("CORE", description="other")
    await max_.edit("CORE", description="two")
    await max_.set_wip_limit("CORE", Status.TODO, 3)
    assert (await olga.edit("CORE", description="four", base_version=saved.version)).description == "four"
    monkeypatch.setattr(repository_history, "WITHIN", 2)
    with pytest.raises(Conflict, match="The project was edited meanwhile") as conflict:
        await olga.edit("CORE", name="Heart", base_version=saved.version)
    assert conflict.value.by == ""


async def test_limits_are_no_edit_of_the_texts(team: Team) -> None:
    """Whoever edits the description is not told of a conflict because of a limit."""
    await team.maintainer.projects.set_wip_limit("CORE", Status.TODO, 3)
    assert (await team.maintainer.projects.edit("CORE", name="Kernel", base_version=1)).name == "Kernel"


async def test_columns_take_limits_and_lose_them(team: Team) -> None:
    await team.maintainer.projects.set_wip_limit("CORE", Status.TODO, 3)
    project = await team.maintainer.projects.set_wip_limit("CORE", Status.IN_REVIEW, 5)
    assert project.wip_limits == {Status.TODO: 3, Status.IN_REVIEW: 5}
    project = await team.maintainer.projects.set_wip_limit("CORE", Status.TODO, None)
    assert project.wip_limits == {Status.IN_REVIEW: 5}
    assert history(team.instance)[-1] == (
        "project.edited",
        {"wip_limits": {"todo": 3, "in_review": 5}},
        {"wip_limits": {"in_review": 5}},
    )
    await team.maintainer.projects.set_wip_limit("CORE", Status.TODO, None)
    assert len(history(team.instance)) == 3


@pytest.mark.parametrize(("status", "limit"), [(Status.DONE, 3), (Status.TODO, 0), (Status.TODO, 1000)])
async def test_limits_that_make_no_sense_are_refused(team: Team, status: Status, limit: int) -> None:
    with pytest.raises(Invalid) as refused:
        await team.maintainer.projects.set_wip_limit("CORE", status, limit)
    assert refused.value.field == "wip_limit"


async def test_an_old_key_still_resolves_and_stays_taken(team: Team) -> None:
    project = await team.owner.projects.rekey("CORE", "kern")
    assert project.key == "KERN"
    assert (await team.viewer.projects.show("core")).key == "KERN"
    assert history(team.instance) == [("project.rekeyed", {"key": "CORE"}, {"key": "KERN"})]
    with pytest.raises(AlreadyExists):
        await team.outsider.projects.create("CORE", "Mine")
    team.instance.project("OTHER", owner=team.outsider)
    with pytest.raises(AlreadyExists, match="is, or was, another project's"):
        await team.outsider.projects.rekey("OTHER", "CORE")


async def test_a_project_may_take_its_own_old_key_back(team: Team) -> None:
    await team.owner.projects.rekey("CORE", "KERN")
    assert (await team.owner.projects.rekey("KERN", "CORE")).key == "CORE"
    assert (await team.owner.projects.show("KERN")).key == "CORE"


async def test_a_rekey_that_is_sent_again_under_the_old_key_happened_once(team: Team) -> None:
    operation = uuid4()
    await team.owner.projects.rekey("CORE", "KERN", operation=operation)
    assert (await team.owner.projects.rekey("CORE", "KERN", operation=operation)).key == "KERN"
    assert len(history(team.instance)) == 1


async def test_nothing_in_an_archived_project_changes_until_it_is_taken_up_again(team: Team) -> None:
    project = await team.owner.projects.archive("CORE")
    assert project.archived
    with pytest.raises(Forbidden, match="CORE is archived"):
        await team.owner.projects.edit("CORE", name="Kernel")
    assert not (await team.owner.projects.unarchive("CORE")).archived
    await team.owner.projects.edit("CORE", name="Kernel")
    kinds = [kind for kind, _, _ in history(team.instance)]
    assert kinds == ["project.archived", "project.unarchived", "project.edited"]


async def test_archiving_twice_changes_nothing(team: Team) -> None:
    first = await team.owner.projects.archive("CORE")
    assert (await team.owner.projects.archive("CORE")).archived_at == first.archived_at
    assert len(history(team.instance)) == 1


async def test_a_deleted_project_does_not_exist_for_anybody_and_its_key_stays_taken(team: Team) -> None:
    await team.owner.projects.delete("CORE")
    for session in (team.owner, team.admin):
        with pytest.raises(NotFound, match=r"There is no project CORE\."):
            await session.projects.show("CORE")
        assert await session.projects.list(archived=True) == ()
    assert await team.admin.projects.list(everyone=True) == ()
    with pytest.raises(AlreadyExists):
        await team.outsider.projects.create("CORE", "Mine")


async def test_a_deletion_that_is_sent_again_happened_once(team: Team) -> None:
    operation = uuid4()
    await team.owner.projects.delete("CORE", operation=operation)
    await team.owner.projects.delete("CORE", operation=operation)
    assert [kind for kind, _, _ in history(team.instance)] == ["project.deleted"]
    with pytest.raises(NotFound):
        await team.owner.projects.delete("CORE", operation=uuid4())


async def test_its_owners_and_administrators_restore_a_deleted_project(team: Team) -> None:
    await team.owner.projects.delete("CORE")
    for session in (team.maintainer, team.outsider):
        with pytest.raises(NotFound, match="no deleted project CORE"):
            await session.projects.restore("CORE")
    operation = uuid4()
    project = await team.owner.projects.restore("CORE", operation=operation)
    assert (project.key, project.role) == ("CORE", Role.OWNER)
    assert (await team.owner.projects.restore("CORE", operation=operation)).id == project.id
    assert (await team.viewer.projects.show("CORE")).key == "CORE"
    await team.owner.projects.delete("CORE")
    await team.admin.projects.restore("CORE")
    assert permission(team.instance) == "admin:project.delete"


async def test_a_living_project_has_nothing_to_restore(team: Team) -> None:
    with pytest.raises(NotFound, match="no deleted project CORE"):
        await team.owner.projects.restore("CORE")


async def test_an_administrator_owns_what_they_restore_if_nobody_else_does(team: Team) -> None:
    await team.owner.projects.delete("CORE")
    team.instance.sql.execute("UPDATE users SET active = false WHERE name = 'olga'")
    assert (await team.admin.projects.restore("CORE")).role is Role.OWNER
    assert [kind for kind, _, _ in history(team.instance)][1:] == ["project.restored", "member.added"]
