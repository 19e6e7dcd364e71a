"""Saved views: one's own, those of a project's team, and those that Rhythm brings."""

from __future__ import annotations

from uuid import uuid4

import pytest

from rhythm_domain.errors import AlreadyExists, Forbidden, Invalid, NotFound
from rhythm_domain.models import SavedView
from rhythm_domain.query import parse
from rhythm_domain.services.views import BUILT_IN
from rhythm_domain.session import Session
from tests.domain.recorded import history, permission
from tests.instances import Team


async def listed(session: Session, key: str | None = None) -> list[str]:
    """The names of what somebody finds besides the built-in views."""
    return [view.name for view in await session.views.list(key) if not view.built_in]


@pytest.mark.parametrize("view", BUILT_IN, ids=lambda view: view.name)
def test_the_built_in_views_are_queries(view: SavedView) -> None:
    assert str(parse(view.query)) == view.query


async def test_a_new_person_finds_the_built_in_views(team: Team) -> None:
    assert await team.outsider.views.list() == BUILT_IN
    assert await team.viewer.views.list("CORE") == BUILT_IN


async def test_a_view_is_saved_for_oneself_and_replaced(team: Team) -> None:
    view = await team.viewer.views.save(" Hot ", "priority:urgent   is:open", key="CORE")
    assert (view.name, view.query, view.project_key) == ("Hot", "priority:urgent is:open", "CORE")
    assert (view.published, view.built_in) == (False, False)
    assert view.owner == team.viewer.user.ref
    again = await team.viewer.views.save("hot", "priority:high", key="CORE")
    assert (again.id, again.name, again.query) == (view.id, "hot", "priority:high")
    assert await listed(team.viewer, "CORE") == ["hot"]
    assert await listed(team.owner, "CORE") == []


async def test_the_history_of_a_private_view_is_in_no_project(team: Team) -> None:
    view = await team.member.views.save("Hot", "priority:urgent", key="CORE")
    await team.member.views.save("Hot", "priority:high", key="CORE")
    assert history(team.instance) == [
        (
            "view.saved",
            {},
            {"id": view.id, "name": "Hot", "query": "priority:urgent", "published": False},
        ),
        (
            "view.saved",
            {"id": view.id, "name": "Hot", "query": "priority:urgent"},
            {"id": view.id, "name": "Hot", "query": "priority:high"},
        ),
    ]
    await team.member.views.delete("Hot", key="CORE")
    assert team.instance.value("SELECT count(*) FROM events WHERE project_id IS NOT NULL") == 0


async def test_saving_the_same_again_changes_nothing(team: Team) -> None:
    operation = uuid4()
    view = await team.member.views.save("Hot", "priority:urgent", operation=operation)
    assert await team.member.views.save("Hot", "priority:urgent", operation=operation) == view
    assert await team.member.views.save("Hot", "priority:urgent") == view
    assert len(history(team.instance)) == 1


async def test_what_is_no_query_is_not_saved(team: Team) -> None:
    with pytest.raises(Invalid, match="no qualifier") as refused:
        await team.member.views.save("Hot", "prio:urgent")
    assert refused.value.field == "query"


async def test_the_name_of_a_built_in_view_is_taken(team: Team) -> None:
    with pytest.raises(AlreadyExists, match="Rhythm brings"):
        await team.member.views.save("my OPEN", "is:open")


async def test_a_published_view_is_the_teams(team: Team) -> None:
    view = await team.member.views.save("Hot", "priority:urgent", key="CORE", published=True)
    assert view in await team.viewer.views.list()
    assert view in await team.viewer.views.list("CORE")
    assert await listed(team.outsider) == []
    assert permission(team.instance) == "view.publish"
    assert team.instance.value("SELECT project_id FROM events") == team.project_id


async def test_a_viewer_publishes_nothing(team: Team) -> None:
    with pytest.raises(Forbidden, match="only members may publish saved views"):
        await team.viewer.views.save("Hot", "priority:urgent", key="CORE", published=True)


async def test_a_view_is_published_to_a_project(team: Team) -> None:
    with pytest.raises(Invalid) as refused:
        await team.member.views.save("Hot", "priority:urgent", published=True)
    assert refused.value.field == "key"


async def test_one_name_serves_in_several_places(team: Team) -> None:
    """Own ones come first; with a key, those of other projects are left out."""
    team.instance.project("WEB", owner=team.member)
    for key in (None, "CORE", "WEB"):
        await team.member.views.save("Hot", "priority:urgent", key=key)
    await team.owner.views.save("Cold", "priority:low", key="CORE", published=True)
    assert await listed(team.member) == ["Hot", "Hot", "Hot", "Cold"]
    found = [view.project_key for view in await team.member.views.list("CORE") if not view.built_in]
    assert found == [None, "CORE", "CORE"]


async def test_views_of_a_project_that_one_left_are_out_of_sight(team: Team) -> None:
    await team.member.views.save("Hot", "priority:urgent", key="CORE")
    await team.member.members.leave("CORE")
    assert await listed(team.member) == []
    for refused in (
        team.member.views.save("Hot", "priority:high", key="CORE"),
        team.member.views.delete("Hot", key="CORE"),
        team.member.views.list("CORE"),
    ):
        with pytest.raises(NotFound, match=r"There is no project CORE\."):
            await refused


@pytest.mark.parametrize("key", ["\x00", "\ud800", "CORE-1"])
async def test_what_is_no_key_at_all_is_refused_as_such(team: Team, key: str) -> None:
    with pytest.raises(Invalid, match="can't be a project key") as refused:
        await team.member.views.save("Hot", "priority:urgent", key=key)
    assert refused.value.field == "key"


async def test_nothing_is_saved_in_an_archived_project(team: Team) -> None:
    await team.member.views.save("Hot", "priority:urgent", key="CORE")
    await team.owner.projects.archive("CORE")
    for refused in (
        team.member.views.save("Hot", "priority:high", key="CORE"),
        team.member.views.delete("Hot", key="CORE"),
    ):
        with pytest.raises(Forbidden, match="CORE is archived"):
            await refused


async def test_one_deletes_ones_own_view_once(team: Team) -> None:
    await team.member.views.save("Hot", "priority:urgent")
    operation = uuid4()
    await team.member.views.delete("HOT", operation=operation)
    await team.member.views.delete("HOT", operation=operation)
    assert [kind for kind, _, _ in history(team.instance)] == ["view.saved", "view.deleted"]
    with pytest.raises(NotFound, match="no view 'Hot'"):
        await team.member.views.delete("Hot")


async def test_an_unknown_view_is_refused_with_the_nearest(team: Team) -> None:
    await team.member.views.save("Hot bugs", "priority:urgent")
    with pytest.raises(NotFound) as refused:
        await team.member.views.delete("Hot bug")
    assert refused.value.hint == "Did you mean Hot bugs?"


async def test_a_maintainer_deletes_what_another_published(team: Team) -> None:
    await team.member.views.save("Hot", "priority:urgent", key="CORE", published=True)
    with pytest.raises(NotFound) as refused:
        await team.maintainer.views.delete("Hot", key="CORE")
    assert refused.value.hint == "mia published one: a maintainer can delete it by naming its owner."
    with pytest.raises(Forbidden, match="only maintainers"):
        await team.viewer.views.delete("Hot", key="CORE", owner="mia")
    await team.maintainer.views.delete("Hot", key="CORE", owner="@mia")
    assert await listed(team.member) == []
    assert history(team.instance)[-1][0] == "view.deleted"
    assert team.instance.value("SELECT count(*) FROM events WHERE project_id IS NULL") == 0


async def test_nobody_deletes_what_another_keeps_private(team: Team) -> None:
    await team.member.views.save("Hot", "priority:urgent", key="CORE")
    with pytest.raises(NotFound, match="no view 'Hot'"):
        await team.owner.views.delete("Hot", key="CORE", owner="mia")
    with pytest.raises(Invalid, match="Which project"):
        await team.owner.views.delete("Hot", owner="mia")


async def test_a_view_is_renamed_in_its_place(team: Team) -> None:
    """Its old name is free then; undo gives it back to the team's."""
    views = team.member.views
    view = await views.save("Hot", "priority:urgent", key="CORE", published=True)
    await views.save("Cold", "priority:low", key="CORE")
    renamed = await views.save("hot", "priority:urgent", key="CORE", published=True, new_name="Hottest")
    assert (renamed.id, renamed.name, renamed.query) == (view.id, "Hottest", "priority:urgent")
    assert await listed(team.owner, "CORE") == ["Hottest"]
    with pytest.raises(AlreadyExists):
        await views.save("Cold", "priority:low", key="CORE", new_name="HOTTEST")
    with pytest.raises(AlreadyExists):
        await views.save("Cold", "priority:low", key="CORE", new_name="my open")
    with pytest.raises(NotFound):
        await views.save("Hot", "priority:urgent", key="CORE", new_name="Hotter")
    await team.member.history.undo("CORE")
    assert await listed(team.owner, "CORE") == ["Hot"]
