"""Members: who may change whom, what a membership's end does, and that an active owner is always left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from uuid import uuid4

import pytest

from rhythm_domain.database import Database
from rhythm_domain.errors import AlreadyExists, Forbidden, Invalid, NotFound, RhythmError
from rhythm_domain.models import Role
from rhythm_domain.policy import Permission
from rhythm_domain.repository import members
from rhythm_domain.session import Session
from tests.domain.recorded import history, permission
from tests.instances import Team


def assign(team: Team, number: int, to: Session, *, status: str = "todo", deleted: bool = False) -> int:
    """An issue of a person; its id."""
    return int(
        team.instance.value(
            "INSERT INTO issues (project_id, number, title, status, reporter_id, assignee_id, rank,"
            " closed_at, deleted_at) VALUES (%s, %s, 'x', %s, %s, %s, %s, CASE WHEN %s THEN now() END,"
            " CASE WHEN %s THEN now() END) RETURNING id",
            team.project_id,
            number,
            status,
            team.member.user.id,
            to.user.id,
            f"a{number}",
            status == "done",
            deleted,
        )
    )


@pytest.fixture
async def elsewhere(conninfo: str) -> AsyncIterator[Database]:
    """The same database over other connections: another person's program."""
    database = Database(conninfo)
    yield database
    await database.close()


async def outcome(work: Awaitable[object]) -> RhythmError | None:
    """The error of some work, or None."""
    try:
        await work
    except RhythmError as error:
        return error
    return None


async def test_the_list_has_owners_first_and_those_who_left_behind(team: Team) -> None:
    await team.owner.members.remove("CORE", "mia")
    listed = await team.viewer.members.list("CORE")
    assert [(member.user.name, member.role) for member in listed] == [
        ("olga", Role.OWNER),
        ("max", Role.MAINTAINER),
        ("vic", Role.VIEWER),
    ]
    former = (await team.viewer.members.list("CORE", former=True))[-1]
    assert (former.user.name, former.ended_at is not None) == ("mia", True)


# Adding


async def test_a_maintainer_adds_members(team: Team) -> None:
    member = await team.maintainer.members.add("CORE", " @Otto ", Role.MAINTAINER)
    assert (member.user.name, member.role, member.ended_at) == ("otto", Role.MAINTAINER, None)
    id_ = team.outsider.user.id
    assert history(team.instance) == [
        ("member.added", {"user_id": id_, "role": None}, {"user_id": id_, "role": "maintainer"})
    ]
    assert (await team.outsider.projects.show("CORE")).role is Role.MAINTAINER


async def test_only_an_owner_adds_owners(team: Team) -> None:
    with pytest.raises(Forbidden, match="only owners may grant ownership"):
        await team.maintainer.members.add("CORE", "otto", Role.OWNER)
    await team.owner.members.add("CORE", "otto", Role.OWNER)
    assert permission(team.instance) == "owner.manage"


async def test_a_former_member_is_taken_back_in_the_same_row(team: Team) -> None:
    before = (await team.owner.members.list("CORE"))[2].since
    await team.owner.members.remove("CORE", "mia")
    member = await team.owner.members.add("CORE", "mia", Role.VIEWER)
    assert (member.role, member.ended_at) == (Role.VIEWER, None)
    assert member.since > before


async def test_a_member_is_not_added_again(team: Team) -> None:
    with pytest.raises(AlreadyExists, match="mia is in CORE already, as member") as refused:
        await team.owner.members.add("CORE", "mia", Role.VIEWER)
    assert "rhythm member set-role CORE mia viewer" in refused.value.hint


async def test_an_unknown_name_is_refused_with_the_nearest(team: Team) -> None:
    with pytest.raises(NotFound, match="nobody called oto") as refused:
        await team.owner.members.add("CORE", "oto", Role.MEMBER)
    assert refused.value.hint == "Did you mean otto?"


async def test_deactivated_accounts_are_not_added_and_imported_ones_are(team: Team) -> None:
    team.instance.sql.execute("UPDATE users SET active = false WHERE name = 'otto'")
    with pytest.raises(Invalid, match="deactivated"):
        await team.owner.members.add("CORE", "otto", Role.MEMBER)
    team.instance.sql.execute("UPDATE users SET claimed = false WHERE name = 'otto'")
    assert not (await team.owner.members.add("CORE", "otto", Role.MEMBER)).active


async def test_one_operation_adds_once(team: Team) -> None:
    operation = uuid4()
    for _ in range(2):
        member = await team.owner.members.add("CORE", "otto", Role.MEMBER, operation=operation)
        assert member.role is Role.MEMBER
    assert len(history(team.instance)) == 1


# Changing


async def test_a_maintainer_changes_roles_up_to_their_own(team: Team) -> None:
    member = await team.maintainer.members.set_role("CORE", "mia", Role.MAINTAINER)
    assert member.role is Role.MAINTAINER
    id_ = team.member.user.id
    assert history(team.instance) == [
        ("member.changed", {"user_id": id_, "role": "member"}, {"user_id": id_, "role": "maintainer"})
    ]
    assert permission(team.instance) == "member.manage"


async def test_whatever_involves_an_owner_needs_an_owner(team: Team) -> None:
    for name, role in (("olga", Role.MEMBER), ("mia", Role.OWNER), ("max", Role.OWNER)):
        with pytest.raises(Forbidden, match="only owners may grant ownership"):
            await team.maintainer.members.set_role("CORE", name, role)
    with pytest.raises(Forbidden, match="only owners may"):
        await team.maintainer.members.remove("CORE", "olga")
    assert history(team.instance) == []


async def test_a_member_changes_nobody_else(team: Team) -> None:
    """Not even by learning who is there: the refusal comes first."""
    for name in ("vic", "nobody"):
        with pytest.raises(Forbidden, match="only maintainers may add, change and remove members"):
            await team.member.members.set_role("CORE", name, Role.VIEWER)


async def test_everybody_may_lower_themselves_and_nobody_raise(team: Team) -> None:
    assert (await team.member.members.set_role("CORE", "mia", Role.VIEWER)).role is Role.VIEWER
    assert permission(team.instance) == "member.leave"
    with pytest.raises(Forbidden, match="only maintainers"):
        await team.member.members.set_role("CORE", "mia", Role.MEMBER)
    with pytest.raises(Forbidden, match="only owners"):
        await team.maintainer.members.set_role("CORE", "max", Role.OWNER)


async def test_the_same_role_again_is_no_change(team: Team) -> None:
    await team.owner.members.set_role("CORE", "mia", Role.MEMBER)
    assert history(team.instance) == []


async def test_who_is_no_member_is_not_found_with_the_nearest(team: Team) -> None:
    with pytest.raises(NotFound, match="mika is no member of CORE") as refused:
        await team.owner.members.set_role("CORE", "mika", Role.VIEWER)
    assert refused.value.hint == "Did you mean mia?"
    await team.owner.members.remove("CORE", "mia")
    with pytest.raises(NotFound, match="mia is no member of CORE"):
        await team.owner.members.remove("CORE", "mia")


async def test_an_administrator_changes_owners_as_such(team: Team) -> None:
    await team.admin.members.set_role("CORE", "mia", Role.OWNER)
    await team.admin.members.remove("CORE", "olga")
    assert permission(team.instance) == "admin:owner.manage"


# Leaving


async def test_when_a_membership_ends_open_issues_are_nobodys(team: Team) -> None:
    """Also those in the trash; closed ones and those of others stay."""
    open_, trashed = assign(team, 1, team.member), assign(team, 2, team.member, deleted=True)
    assign(team, 3, team.member, status="done")
    assign(team, 4, team.viewer)
    operation = uuid4()
    await team.maintainer.members.remove("CORE", "mia", operation=operation)
    rows = team.instance.sql.execute("SELECT assignee_id, version FROM issues ORDER BY number").fetchall()
    mia, vic = team.member.user.id, team.viewer.user.id
    assert [(row["assignee_id"], row["version"]) for row in rows] == [
        (None, 2),
        (None, 2),
        (mia, 1),
        (vic, 1),
    ]
    assert history(team.instance) == [
        ("issue.changed", {"assignee_id": mia}, {"assignee_id": None}),
        ("issue.changed", {"assignee_id": mia}, {"assignee_id": None}),
        ("member.removed", {"user_id": mia, "role": "member"}, {"user_id": mia, "role": None}),
    ]
    rows = team.instance.sql.execute("SELECT issue_id, operation FROM events ORDER BY seq").fetchall()
    assert [row["issue_id"] for row in rows] == [open_, trashed, None]
    assert {row["operation"] for row in rows} == {operation}


async def test_one_who_left_sees_nothing_any_more_and_leaving_again_is_harmless(team: Team) -> None:
    operation = uuid4()
    await team.viewer.members.leave("CORE", operation=operation)
    await team.viewer.members.leave("CORE", operation=operation)
    assert [kind for kind, _, _ in history(team.instance)] == ["member.left"]
    with pytest.raises(NotFound):
        await team.viewer.projects.show("CORE")
    with pytest.raises(NotFound):
        await team.viewer.members.leave("CORE")


async def test_an_archived_project_can_be_left_but_not_managed(team: Team) -> None:
    await team.owner.projects.archive("CORE")
    with pytest.raises(Forbidden, match="CORE is archived"):
        await team.owner.members.set_role("CORE", "mia", Role.VIEWER)
    await team.member.members.leave("CORE")
    assert [member.user.name for member in await team.owner.members.list("CORE")] == ["olga", "max", "vic"]


async def test_the_last_active_owner_neither_leaves_nor_is_lowered(team: Team) -> None:
    retired = team.instance.person("rita", active=False)
    team.instance.join(team.project_id, retired, Role.OWNER)
    for refused in (
        team.owner.members.leave("CORE"),
        team.owner.members.remove("CORE", "olga"),
        team.owner.members.set_role("CORE", "olga", Role.VIEWER),
    ):
        with pytest.raises(Invalid, match="You are the last active owner of CORE") as why:
            await refused
        assert (
            why.value.hint == "Make somebody else an owner first: `rhythm member set-role CORE NAME owner`."
        )
    with pytest.raises(Invalid, match="olga is the last active owner"):
        await team.admin.members.remove("CORE", "olga")
    assert history(team.instance) == []


# Handing over


async def test_an_owner_hands_over_in_one_step(team: Team) -> None:
    operation = uuid4()
    assert (await team.owner.members.transfer("CORE", "mia", operation=operation)).role is Role.OWNER
    roles = {member.user.name: member.role for member in await team.owner.members.list("CORE")}
    assert (roles["mia"], roles["olga"]) == (Role.OWNER, Role.MAINTAINER)
    assert [kind for kind, _, _ in history(team.instance)] == ["member.changed", "member.changed"]
    assert team.instance.value("SELECT count(DISTINCT operation) FROM events") == 1


async def test_an_administrator_makes_an_owner_by_handing_over(team: Team) -> None:
    await team.admin.members.transfer("CORE", "mia")
    roles = {member.user.name: member.role for member in await team.admin.members.list("CORE")}
    assert (roles["mia"], roles["olga"]) == (Role.OWNER, Role.OWNER)


async def test_a_project_is_handed_over_to_another_active_member_only(team: Team) -> None:
    with pytest.raises(Invalid, match="to yourself"):
        await team.owner.members.transfer("CORE", "olga")
    with pytest.raises(NotFound, match="otto is no member of CORE"):
        await team.owner.members.transfer("CORE", "otto")
    team.instance.sql.execute("UPDATE users SET active = false WHERE name = 'mia'")
    with pytest.raises(Invalid, match="last active owner"):
        await team.owner.members.transfer("CORE", "mia")
    with pytest.raises(Forbidden, match="only owners"):
        await team.maintainer.members.transfer("CORE", "vic")


# At the same time


async def _other(elsewhere: Database, session: Session) -> Session:
    return Session(elsewhere, session.user, session.id)


async def test_of_two_owners_who_leave_at_once_one_stays(team: Team, elsewhere: Database) -> None:
    other = await _other(elsewhere, team.maintainer)
    for _ in range(20):
        team.instance.sql.execute(
            "UPDATE project_members SET role = 'owner', ended_at = NULL WHERE user_id = ANY(%s)",
            ([team.owner.user.id, other.user.id],),
        )
        errors = await asyncio.gather(
            outcome(team.owner.members.leave("CORE")), outcome(other.members.leave("CORE"))
        )
        assert [str(error) for error in errors if error] == ["You are the last active owner of CORE."]


async def test_of_two_owners_who_demote_each_other_at_once_one_stays(team: Team, elsewhere: Database) -> None:
    """The other finds that they are no owner any more."""
    other = await _other(elsewhere, team.maintainer)
    for _ in range(20):
        team.instance.sql.execute(
            "UPDATE project_members SET role = 'owner' WHERE user_id = ANY(%s)",
            ([team.owner.user.id, other.user.id],),
        )
        errors = await asyncio.gather(
            outcome(team.owner.members.set_role("CORE", "max", Role.MEMBER)),
            outcome(other.members.set_role("CORE", "olga", Role.MEMBER)),
        )
        assert [type(error) for error in errors if error] == [Forbidden]


async def test_nobody_is_left_with_an_issue_that_was_given_to_them_as_they_went(
    team: Team, elsewhere: Database
) -> None:
    """Whoever comes first: the issue ends up with a member or with nobody."""
    issue = assign(team, 1, team.owner)
    other = await _other(elsewhere, team.owner)
    for _ in range(20):
        team.instance.sql.execute("UPDATE project_members SET ended_at = NULL")

        async def give() -> None:
            async with team.maintainer._guard.issue(Permission.ISSUE_ASSIGN, issue) as (tx, _):
                member = await members.resolve(tx, "mia")
                await tx.connection.execute(
                    "UPDATE issues SET assignee_id = %s WHERE id = %s", (member, issue)
                )
                tx.unchanged()

        given, removed = await asyncio.gather(outcome(give()), outcome(other.members.remove("CORE", "mia")))
        assert removed is None
        assert given is None or isinstance(given, Invalid)
        assert team.instance.value("SELECT assignee_id FROM issues") != team.member.user.id


# Names


async def resolved(session: Session, name: str) -> int:
    async with session._guard.project(Permission.PROJECT_READ, "CORE") as tx:
        return await members.resolve(tx, name)


async def test_members_are_found_by_name_and_by_me(team: Team) -> None:
    assert await resolved(team.owner, " @Mia ") == team.member.user.id
    assert await resolved(team.owner, "@me") == await resolved(team.owner, "me") == team.owner.user.id


@pytest.mark.parametrize("name", ["otto", "nobody", "not a name", "\x00", ""])
async def test_who_is_no_active_member_cannot_be_assigned(team: Team, name: str) -> None:
    with pytest.raises(Invalid, match="no active member") as refused:
        await resolved(team.owner, name)
    assert refused.value.field == "assignee"


async def test_a_wrong_name_is_refused_with_the_nearest_member(team: Team) -> None:
    with pytest.raises(Invalid) as refused:
        await resolved(team.owner, "miaa")
    assert refused.value.hint == "Did you mean mia?"


async def test_neither_former_nor_deactivated_members_can_be_assigned(team: Team) -> None:
    await team.owner.members.remove("CORE", "mia")
    team.instance.sql.execute("UPDATE users SET active = false WHERE name = 'vic'")
    for name in ("mia", "vic"):
        with pytest.raises(Invalid, match="no active member"):
            await resolved(team.owner, name)
