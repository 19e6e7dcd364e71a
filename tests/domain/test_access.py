"""Who may do what: every action tried by everybody, everywhere (see `actions.ACTIONS` and `stage`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from rhythm_domain.errors import Forbidden, Invalid, Irreversible, NotFound, NotSignedIn, RhythmError
from rhythm_domain.models import LinkKind, Project, Role, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.policy import Permission, reason
from rhythm_domain.services.history import History
from rhythm_domain.services.reversal import ASIDE, REVERSERS, RIGHTS
from rhythm_domain.session import Session
from tests.domain.actions import ACTIONS, MISSING, Action, Call, services
from tests.domain.rehearsal import Rehearsal
from tests.domain.stage import OPERATION, Spot, Stage

pytestmark = pytest.mark.usefixtures("cheap_hashes")

WRITES = [action for action in ACTIONS if action.writes]
IN_PROJECTS = [action for action in ACTIONS if action.permission]

ROLES = ("owner", "maintainer", "member", "viewer", "admin")


def named(action: Action) -> str:
    return action.id


def test_the_list_names_every_method_of_every_service() -> None:
    listed = {action.method for action in ACTIONS}
    there = {f"{service}.{method}" for service, methods in services().items() for method in methods}
    assert listed == there
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


def test_the_list_has_every_permission() -> None:
    assert {action.permission for action in ACTIONS} >= set(Permission)


# Roles --------------------------------------------------------------------------------------------------


async def attempt(rehearsal: Rehearsal, action: Action, call: Call) -> tuple[str, list[Any]]:
    """What comes of an action, in words, and the statements that it took; then it never happened."""
    async with rehearsal.taken_back() as statements:
        if action.before:
            await rehearsal.rows(action.before(call))
        statements.clear()
        try:
            await action.call(call)
        except RhythmError as error:
            said = f"{type(error).__name__}: {error.message}"
            if isinstance(error, NotFound):
                said = re.sub(rf"\d+|\b({call.at.key}|{call.at.restorable})\b", "#", f"{said} {error.hint}")
        except Exception as error:  # noqa: BLE001 - any other is a defect, and named as one
            said = f"defect: {error!r}"
        else:
            said = "allowed"
        return said, list(statements)


async def outcome(rehearsal: Rehearsal, action: Action, call: Call) -> str:
    """The same; `MISSING` if it is in text and in statements what a key that was never used gives."""
    said, statements = await attempt(rehearsal, action, call)
    if not said.startswith("NotFound"):
        return said
    unused, as_many = await attempt(rehearsal, action, replace(call, at=call.at.never_used()))
    if unused != said:
        return said
    return MISSING if as_many == statements else f"{said} (told apart by its statements)"


def expected(action: Action, who: str, where: str) -> str:
    """The outcome that the list asks for."""
    if who in ("deactivated", "expired"):
        return "NotSignedIn: Your session has ended."
    if action.permission and (who == "outsider" or where == "GONE"):
        return MISSING
    if who == "read-only token":
        if action.writes or action.method == "notes.keep":
            return "Forbidden: This access token may only read."
        who = "owner"
    rests = action.rests or not action.may
    if where == "REST" and action.permission and action.writes and not rests:
        return "Forbidden: REST is archived: nothing in it can be changed."
    if who in action.special:
        return action.special[who]
    if who in action.may:
        return "allowed"
    if action.permission is None:
        return f"Forbidden: {action.refusal}"
    needed = action.permission if who == "maintainer" else action.first_asked or action.permission
    return f"Forbidden: You may not do that: {reason(needed)}."


@pytest.mark.parametrize("action", ACTIONS, ids=named)
async def test_who_may(stage: Stage, rehearsal: Rehearsal, action: Action) -> None:
    outcomes = {}
    wanted = {}
    for who in stage.cast:
        call = Call(stage.session(who, rehearsal), stage.spots["CORE"], OPERATION)
        outcomes[who] = await outcome(rehearsal, action, call)
        wanted[who] = expected(action, who, "CORE")
    assert outcomes == wanted


@pytest.mark.parametrize("action", IN_PROJECTS, ids=named)
async def test_what_does_not_exist_for_outsiders(stage: Stage, rehearsal: Rehearsal, action: Action) -> None:
    """Neither by key nor by id, archived or not; nor does a deleted project for its owner."""
    outsider, owner = stage.session("outsider", rehearsal), stage.session("owner", rehearsal)
    for call in (
        Call(outsider, stage.spots["CORE"].by_id()),
        Call(outsider, stage.spots["REST"]),
        Call(outsider, stage.spots["GONE"].by_id()),
        Call(owner, stage.spots["GONE"]),
        Call(owner, stage.spots["GONE"].by_id()),
        Call(owner, stage.spots["OTHER"]),
        Call(owner, stage.spots["OTHER"].by_id()),
    ):
        assert await outcome(rehearsal, action, call) == MISSING


@pytest.mark.parametrize("action", IN_PROJECTS, ids=named)
async def test_what_rests_can_only_be_read(stage: Stage, rehearsal: Rehearsal, action: Action) -> None:
    outcomes = {
        who: await outcome(
            rehearsal, action, Call(stage.session(who, rehearsal), stage.spots["REST"], OPERATION)
        )
        for who in ("owner", "read-only token")
    }
    wanted = {who: expected(action, who, "REST") for who in outcomes}
    assert outcomes == wanted


# Ids of elsewhere ---------------------------------------------------------------------------------------


def elsewhere(here: Spot, there: Spot) -> dict[str, tuple[Callable[[Session, Any], Any], Any, Any]]:
    """What can be named of another project with one's own key: how, its id there, an id that nothing has."""
    nothing = 10**9
    by_id, by_key = (there.by_id().issue, nothing), (there.issue, f"{there.key}-999")
    moves: dict[str, Callable[[Session, Any], Any]] = {
        "move behind": lambda s, ref: s.issues.move(here.issue, Status.TODO, after=ref),
        "order before": lambda s, ref: s.issues.order(here.issue, before=ref),
        "link": lambda s, ref: s.issues.link(here.issue, LinkKind.BLOCKS, ref),
        "unlink": lambda s, ref: s.issues.unlink(here.issue, LinkKind.BLOCKS, ref),
        "rows": lambda s, ref: s.issues.rows([here.issue, ref]),
        "edit": lambda s, ref: s.issues.edit_many([here.issue, ref], IssueEdit(status=Status.DONE)),
        "plan": lambda s, ref: s.sprints.add(here.key, "Now", [ref]),
        "take out": lambda s, ref: s.sprints.remove(here.key, [here.planned, ref]),
        "delete": lambda s, ref: s.issues.delete([here.issue, ref]),
    }
    return {
        **{f"{how} by id": (call, *by_id) for how, call in moves.items()},
        **{f"{how} by key": (call, *by_key) for how, call in moves.items()},
        "parent": (lambda s, ref: s.issues.edit(here.issue, IssueEdit(parent=ref)), *by_key),
        "parent of a new one": (
            lambda s, ref: s.issues.create(here.key, IssueDraft(title="x", parent=ref)),
            *by_key,
        ),
        "edit a comment": (lambda s, id_: s.comments.edit(here.issue, id_, "x"), there.comment, nothing),
        "delete a comment": (lambda s, id_: s.comments.delete(here.issue, id_), there.comment, nothing),
        "cards": (lambda s, id_: s.boards.sprint_cards(here.key, id_), there.sprint, nothing),
    }


async def test_what_is_of_another_project_is_as_if_it_were_not(stage: Stage, rehearsal: Rehearsal) -> None:
    owner = stage.session("owner", rehearsal)
    for how, (call, *refs) in elsewhere(stage.spots["CORE"], stage.spots["OTHER"]).items():
        told = []
        for ref in refs:
            async with rehearsal.taken_back():
                with pytest.raises((NotFound, Invalid)) as refused:
                    await call(owner, ref)
            said = f"{type(refused.value).__name__} {refused.value} {refused.value.hint}"
            told.append(said.replace(str(ref), "THIS"))
        assert told[0] == told[1], how


@pytest.mark.parametrize(
    "query", ["project:OTHER", "project:OTHER Issue", "OTHER-1", "sprint:now", "label:bug", "reporter:paul"]
)
async def test_no_search_finds_what_is_of_another_project(
    stage: Stage, rehearsal: Rehearsal, query: str
) -> None:
    for who in ("owner", "outsider", "admin"):
        session = stage.session(who, rehearsal)
        found = await session.search.page(query, limit=500)
        assert {issue.project_key for issue in found.items} <= ({"CORE"} if who == "owner" else set())


@pytest.mark.parametrize("typed", ["project:", "label:", "sprint:", "assignee:"])
async def test_the_names_of_other_projects_are_not_suggested(
    stage: Stage, rehearsal: Rehearsal, typed: str
) -> None:
    found = str(await stage.session("outsider", rehearsal).search.suggest(typed, len(typed)))
    assert not any(name in found for name in ("CORE", "OTHER", "bug", "Now", "olga", "lena"))
    found = str(await stage.session("owner", rehearsal).search.suggest(typed, len(typed)))
    assert any(name in found for name in ("CORE", "bug", "Now", "olga"))


# Writes -------------------------------------------------------------------------------------------------


async def counts(rehearsal: Rehearsal) -> dict[str, int]:
    """The rows of every table."""
    tables = await rehearsal.rows("SELECT relname FROM pg_stat_user_tables ORDER BY relname")
    query = " UNION ALL ".join(
        f"SELECT '{row['relname']}' AS name, count(*) AS rows FROM {row['relname']}" for row in tables
    )
    return {row["name"]: row["rows"] for row in await rehearsal.rows(query)}


def told(answer: object) -> object:
    """An answer, without when its project was last at work: that is never before the answer itself."""
    return answer.replace(last_activity_at=None) if isinstance(answer, Project) else answer


def entitled(action: Action) -> str:
    return next(who for who in ("member", "maintainer", "owner", "admin") if who in action.may)


@pytest.mark.parametrize("action", [one for one in WRITES if one.may], ids=named)
async def test_a_write_is_recorded_and_happens_once(
    stage: Stage, rehearsal: Rehearsal, action: Action
) -> None:
    call = Call(stage.session(entitled(action), rehearsal), stage.spots["CORE"], OPERATION)
    async with rehearsal.taken_back():
        if action.before:
            await rehearsal.rows(action.before(call))
        before = await counts(rehearsal)
        first = await action.call(call)
        once = await counts(rehearsal)
        events = await rehearsal.rows(
            "SELECT permission, kind FROM events WHERE operation = %s ORDER BY seq", OPERATION
        )
        if action.note in ("as a rehearsal", "raising one's own"):  # An owner is one already.
            assert once == before
        else:
            assert once["events"] > before["events"]
            assert all(event["permission"] and event["kind"] for event in events)
            if action.permission and action.permission not in (
                Permission.PROJECT_READ,
                Permission.VIEW_PUBLISH,
            ):
                assert {event["permission"] for event in events} == {action.permission.value}
        if action.ends_session:
            with pytest.raises(NotSignedIn):
                await action.call(call)
        else:
            again = await action.call(call)
            assert action.varies or told(again) == told(first)
        assert await counts(rehearsal) == once


SINCE = {
    "its issues are gone": (
        *("DELETE FROM comments", "DELETE FROM issue_labels", "DELETE FROM issue_links"),
        *("DELETE FROM issue_sources", "DELETE FROM issue_search", "DELETE FROM issue_texts"),
        *("DELETE FROM sprint_scope", "UPDATE issues SET parent_id = NULL", "DELETE FROM issues"),
    ),
    "all else is gone": (
        *("DELETE FROM labels", "DELETE FROM saved_views", "UPDATE sprints SET deleted_at = now()"),
    ),
    "the project is deleted": ("UPDATE projects SET deleted_at = now()",),
    "the person is removed": ("UPDATE project_members SET ended_at = now() WHERE user_id = {user}",),
}
"""What can have happened since a write was sent, in SQL."""


@pytest.mark.parametrize("action", [one for one in WRITES if one.may], ids=named)
async def test_a_write_is_answered_again_whatever_happened_since(
    stage: Stage, rehearsal: Rehearsal, action: Action
) -> None:
    """Once what it made was gone, that was a defect of Rhythm. To whom the project does not exist any more it
    tells nothing but the keys that they named themselves."""
    call = Call(stage.session(entitled(action), rehearsal), stage.spots["CORE"], OPERATION)
    for since, statements in SINCE.items():
        async with rehearsal.taken_back():
            if action.before:
                await rehearsal.rows(action.before(call))
            await action.call(call)
            for statement in statements:
                await rehearsal.rows(f"{statement.format(user=call.session.user.id)} RETURNING 1")
            with suppress(Forbidden, Invalid, NotFound, NotSignedIn):
                answer = await action.call(call)
                exists = "gone" in since or action.permission is None or call.session.user.name == "admin"
                assert exists or answer in (None, (call.at.trashed,)), since


@pytest.mark.parametrize(
    "action", [one for one in WRITES if one.permission and "admin" in one.may], ids=named
)
async def test_what_an_administrator_does_as_one_is_recorded_so(
    stage: Stage, rehearsal: Rehearsal, action: Action
) -> None:
    call = Call(stage.session("admin", rehearsal), stage.spots["CORE"], OPERATION)
    async with rehearsal.taken_back():
        if action.before:
            await rehearsal.rows(action.before(call))
        await action.call(call)
        events = await rehearsal.rows("SELECT permission FROM events WHERE operation = %s", OPERATION)
    if action.note not in ("one's own", "as a rehearsal", "for oneself in a project"):
        assert events
        assert all(event["permission"].startswith("admin:") for event in events)


async def test_the_id_of_another_change_gives_nothing_away(stage: Stage, rehearsal: Rehearsal) -> None:
    """What one kind of change recorded is no answer to another: its ids are of other things."""
    mia, other = stage.session("member", rehearsal), stage.spots["OTHER"].project_id
    for call in (
        lambda: mia.projects.create("NEW", "New", operation=OPERATION),
        lambda: mia.views.save("Late", "is:open", operation=OPERATION),
    ):
        async with rehearsal.taken_back():
            await rehearsal.rows(
                "INSERT INTO events (id, operation, kind, permission, actor_id, project_id, after) VALUES"
                " (%s, %s, 'label.created', 'label.manage', %s, %s, jsonb_build_object('id', %s::int))",
                OPERATION,
                OPERATION,
                mia.user.id,
                stage.spots["CORE"].project_id,
                other,
            )
            with pytest.raises(Invalid, match="that of another change"):
                await call()


async def test_the_id_of_a_change_elsewhere_gives_nothing_away(stage: Stage, rehearsal: Rehearsal) -> None:
    """Who left a project learns nothing more of it by sending again what they once did there."""
    mia, petra = stage.session("member", rehearsal), stage.session("petra", rehearsal)
    async with rehearsal.taken_back():
        await mia.projects.create("MINE", "Mine")
        issue = await mia.issues.create("CORE", IssueDraft(title="Known"), operation=OPERATION)
        await petra.members.remove("CORE", "mia")
        await petra.issues.edit(issue.key, IssueEdit(title="Secret"))
        with pytest.raises(Invalid, match="that of another change"):
            await mia.issues.create("MINE", IssueDraft(title="x"), operation=OPERATION)
        with pytest.raises(NotFound):
            await mia.issues.create("CORE", IssueDraft(title="x"), operation=OPERATION)
    async with rehearsal.taken_back():
        await mia.projects.create("MINE", "Mine", operation=OPERATION)
        await mia.members.add("MINE", "petra", Role.OWNER)
        await mia.members.leave("MINE")
        await petra.projects.edit("MINE", name="Secret")
        with pytest.raises(NotFound, match="no project MINE"):
            await mia.projects.create("MINE", "Mine", operation=OPERATION)


async def test_another_persons_operation_answers_nobody(stage: Stage, rehearsal: Rehearsal) -> None:
    mia, max_ = stage.session("member", rehearsal), stage.session("maintainer", rehearsal)
    async with rehearsal.taken_back():
        await mia.issues.create("CORE", IssueDraft(title="Mine"), operation=OPERATION)
        assert await mia.history.saved(OPERATION)
        assert not await max_.history.saved(OPERATION)
        with pytest.raises(RhythmError) as refused:
            await max_.issues.create("CORE", IssueDraft(title="His"), operation=OPERATION)
        assert "Mine" not in str(refused.value)


# Undo ---------------------------------------------------------------------------------------------------

LIVING = (
    "SELECT id, title, status, priority, type, assignee_id, sprint_id, parent_id, estimate, due, rank,"
    " (SELECT description FROM issue_texts t WHERE t.issue_id = i.id),"
    " (SELECT array_agg(label_id ORDER BY label_id) FROM issue_labels l WHERE l.issue_id = i.id) AS labels,"
    " (SELECT array_agg(blocker_id ORDER BY 1) FROM issue_links l WHERE l.blocked_id = i.id) AS links,"
    " (SELECT array_agg((id, body) ORDER BY id)::text FROM comments c"
    "  WHERE c.issue_id = i.id AND deleted_at IS NULL) AS comments"
    " FROM issues i WHERE project_id = %s AND deleted_at IS NULL ORDER BY id"
)
PLANNED = (
    "SELECT id, name, goal, state, starts_on, ends_on FROM sprints"
    " WHERE project_id = %s AND deleted_at IS NULL ORDER BY id"
)
SETTINGS = (
    "SELECT name, description, wip_limits,"
    " (SELECT jsonb_agg(l ORDER BY id) FROM labels l WHERE l.project_id = p.id) AS labels,"
    " (SELECT jsonb_agg(v ORDER BY id) FROM"
    "   (SELECT id, owner_id, name, query, published FROM saved_views WHERE project_id = p.id) v) AS views"
    " FROM projects p WHERE id = %s"
)


async def work(rehearsal: Rehearsal, project: int) -> list[dict[str, Any]]:
    """The living issues and sprints of a project and its settings, with all that can be undone of them."""
    return [row for query in (LIVING, PLANNED, SETTINGS) for row in await rehearsal.rows(query, project)]


@pytest.mark.parametrize(
    "action",
    [
        one
        for one in WRITES
        if one.permission
        and one.may - {"admin"}
        and one.method not in ("projects.delete", "members.leave")
        and not one.method.startswith("history.")
    ],
    ids=named,
)
async def test_undo_takes_a_write_back_or_says_that_it_does_not(
    stage: Stage, rehearsal: Rehearsal, action: Action
) -> None:
    at = stage.spots["CORE"]
    call = Call(stage.session(entitled(action), rehearsal), at, OPERATION)
    history: History = call.session.history
    async with rehearsal.taken_back():
        if action.before:
            await rehearsal.rows(action.before(call))
        before = await work(rehearsal, at.project_id)
        await action.call(call)
        after = await work(rehearsal, at.project_id)
        done = await rehearsal.rows(
            "SELECT kind, permission FROM events WHERE operation = %s AND project_id = %s",
            OPERATION,
            at.project_id,
        )
        if any(event["permission"] in RIGHTS for event in done):
            assert {event["kind"] for event in done} <= {*REVERSERS, *ASIDE}
            assert after != before
            undone = await history.undo(at.key, operation=UUID(int=7))
            assert undone.changed
            assert not undone.skipped
            assert await work(rehearsal, at.project_id) == before
            redone = await history.redo(at.key, operation=UUID(int=8))
            assert redone.changed
            assert await work(rehearsal, at.project_id) == after
        else:
            with pytest.raises(Irreversible if done else NotFound):
                await history.undo(at.key)
            with pytest.raises(NotFound, match="nothing to undo"):
                await history.undo(at.key, past=True)
            assert await work(rehearsal, at.project_id) == after


async def test_an_administrator_takes_back_what_they_did_as_one(stage: Stage, rehearsal: Rehearsal) -> None:
    at, ada = stage.spots["CORE"], stage.session("admin", rehearsal)
    async with rehearsal.taken_back():
        await ada.issues.edit(at.issue, IssueEdit(title="By right of office"))
        assert (await ada.history.undo("CORE")).changed == (at.issue,)


async def test_undo_needs_the_right_that_the_change_needed(stage: Stage, rehearsal: Rehearsal) -> None:
    at, max_ = stage.spots["CORE"], stage.session("maintainer", rehearsal)
    async with rehearsal.taken_back():
        await max_.issues.delete([at.issue])
        await rehearsal.rows("UPDATE project_members SET role = 'member' WHERE user_id = %s", max_.user.id)
        with pytest.raises(Forbidden, match="delete issues of others"):
            await max_.history.undo("CORE")
