"""Labels: unique by folded name, in colours of the palette, found by name wherever issues name them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhythm_domain.errors import AlreadyExists, Forbidden, Invalid, NotFound
from rhythm_domain.models import COLOURS, LinkKind, Role, Total
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.palette import colour_of
from rhythm_domain.policy import Permission
from rhythm_domain.repository import labels
from rhythm_domain.session import Session
from tests.domain.recorded import history
from tests.instances import Team


def label_issue(team: Team, number: int, label: int, *, deleted: bool = False) -> int:
    """A new issue that bears a label; its id."""
    issue = team.instance.value(
        "INSERT INTO issues (project_id, number, title, reporter_id, rank, deleted_at)"
        " VALUES (%s, %s, 'x', %s, %s, CASE WHEN %s THEN now() END) RETURNING id",
        team.project_id,
        number,
        team.member.user.id,
        f"a{number}",
        deleted,
    )
    team.instance.sql.execute("INSERT INTO issue_labels VALUES (%s, %s, %s)", (team.project_id, issue, label))
    return int(issue)


async def test_a_maintainer_creates_a_label(team: Team) -> None:
    label = await team.maintainer.labels.create("CORE", " Bug ", colour="Gray", description="It is broken")
    assert (label.name, label.colour, label.description) == ("Bug", "grey", "It is broken")
    assert await team.viewer.labels.list("CORE") == (label,)
    assert history(team.instance) == [
        (
            "label.created",
            {},
            {"id": label.id, "name": "Bug", "colour": "grey", "description": "It is broken"},
        )
    ]
    with pytest.raises(Forbidden, match="only maintainers may manage labels"):
        await team.member.labels.create("CORE", "mine")


async def test_one_operation_creates_once(team: Team) -> None:
    operation = uuid4()
    first = await team.maintainer.labels.create("CORE", "bug", operation=operation)
    assert await team.maintainer.labels.create("CORE", "bug", operation=operation) == first
    assert len(history(team.instance)) == 1


@pytest.mark.parametrize("name", ["bug", "BUG", "Büg", "bu\u0308g"])
async def test_names_that_differ_by_case_or_accents_are_one(team: Team, name: str) -> None:
    await team.maintainer.labels.create("CORE", "Bug")
    with pytest.raises(AlreadyExists, match="already a label of that name"):
        await team.maintainer.labels.create("CORE", name)


async def test_another_project_may_have_the_same_label(team: Team) -> None:
    team.instance.project("WEB", owner=team.owner)
    assert (await team.owner.labels.create("CORE", "bug")).id != (
        await team.owner.labels.create("WEB", "bug")
    ).id
    assert len(await team.owner.labels.list("WEB")) == 1


@pytest.mark.parametrize(
    ("name", "colour", "field"), [("", "", "label"), ("a,b", "", "label"), ("bug", "mauve", "colour")]
)
async def test_what_can_be_no_label_is_refused_by_field(
    team: Team, name: str, colour: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await team.maintainer.labels.create("CORE", name, colour=colour)
    assert refused.value.field == field


async def test_a_wrong_colour_is_told_the_right_ones(team: Team) -> None:
    with pytest.raises(Invalid) as refused:
        await team.maintainer.labels.create("CORE", "bug", colour="mauve")
    assert "red, orange, yellow" in refused.value.hint


@given(st.text(min_size=1, max_size=50))
def test_a_name_always_has_the_same_colour_of_the_palette(name: str) -> None:
    assert colour_of(name) in COLOURS
    assert colour_of(name) == colour_of(f" {name}  ")


async def test_labels_count_their_living_issues(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    label = await team.maintainer.labels.create("CORE", "bug")
    assert label.issue_count == Total(count=0)
    for number in (1, 2, 3):
        label_issue(team, number, label.id)
    label_issue(team, 4, label.id, deleted=True)
    assert [one.issue_count for one in await team.viewer.labels.list("CORE")] == [Total(count=3)]
    monkeypatch.setattr(labels, "COUNTED", 2)
    assert [str(one.issue_count) for one in await team.viewer.labels.list("CORE")] == ["2+"]


async def test_an_edit_writes_and_records_only_what_changed(team: Team) -> None:
    label = await team.maintainer.labels.create("CORE", "bug", colour="red", description="Broken")
    issue = label_issue(team, 1, label.id)
    changed = await team.maintainer.labels.edit("CORE", "BUG", new_name="Defect", colour="red")
    assert (changed.id, changed.name, changed.colour) == (label.id, "Defect", "red")
    assert changed.description == "Broken"
    assert changed.issue_count == Total(count=1)
    assert history(team.instance)[-1] == (
        "label.edited",
        {"id": label.id, "name": "bug"},
        {"id": label.id, "name": "Defect"},
    )
    await team.maintainer.labels.edit("CORE", "defect", description="Broken")
    assert len(history(team.instance)) == 2
    assert team.instance.value("SELECT label_id FROM issue_labels WHERE issue_id = %s", issue) == label.id


async def test_an_edit_that_is_sent_again_under_the_old_name_happened_once(team: Team) -> None:
    await team.maintainer.labels.create("CORE", "bug")
    operation = uuid4()
    await team.maintainer.labels.edit("CORE", "bug", new_name="defect", operation=operation)
    again = await team.maintainer.labels.edit("CORE", "bug", new_name="defect", operation=operation)
    assert again.name == "defect"
    assert len(history(team.instance)) == 2


async def test_a_label_is_not_renamed_to_another(team: Team) -> None:
    await team.maintainer.labels.create("CORE", "bug")
    await team.maintainer.labels.create("CORE", "defect")
    with pytest.raises(AlreadyExists, match="already a label of that name"):
        await team.maintainer.labels.edit("CORE", "defect", new_name="Bug")
    assert (await team.maintainer.labels.edit("CORE", "bug", new_name="Bug")).name == "Bug"


async def test_a_deleted_label_leaves_its_issues_and_history_remembers_them(team: Team) -> None:
    label = await team.maintainer.labels.create("CORE", "bug", colour="red")
    ids = [label_issue(team, number, label.id) for number in (1, 2)]
    operation = uuid4()
    await team.maintainer.labels.delete("CORE", "Bug", operation=operation)
    await team.maintainer.labels.delete("CORE", "Bug", operation=operation)
    assert team.instance.value("SELECT count(*) FROM issue_labels") == 0
    assert await team.viewer.labels.list("CORE") == ()
    assert history(team.instance)[1:] == [
        (
            "label.deleted",
            {"id": label.id, "name": "bug", "colour": "red", "description": "", "issues": ids[::-1]},
            {"id": label.id},
        )
    ]


async def test_an_unknown_label_is_refused_with_the_nearest(team: Team) -> None:
    await team.maintainer.labels.create("CORE", "needs review")
    with pytest.raises(NotFound, match="no label 'need review'") as refused:
        await team.maintainer.labels.delete("CORE", "need review")
    assert refused.value.hint == "Did you mean needs review?"


# By name


async def found(session: Session, names: Sequence[str], *, create: bool = False) -> dict[str, int]:
    """What some names stand for, as issues ask for it."""
    async with session._guard.project(Permission.LABEL_MANAGE, "CORE") as tx:
        ids = await labels.ids_by_name(tx, names, create=create)
        if not create:
            tx.unchanged()
        return ids


async def test_labels_are_found_by_name_as_it_was_given(team: Team) -> None:
    label = await team.maintainer.labels.create("CORE", "Bug")
    assert await found(team.maintainer, ["bug", " Büg "]) == {"bug": label.id, " Büg ": label.id}
    assert await found(team.maintainer, []) == {}


async def test_names_that_are_not_there_are_refused_with_the_nearest(team: Team) -> None:
    await team.maintainer.labels.create("CORE", "Bug")
    team.instance.project("WEB", owner=team.owner)
    await team.owner.labels.create("WEB", "bugs")
    with pytest.raises(Invalid, match="no label 'bugs'") as refused:
        await found(team.maintainer, ["Bug", "bugs"])
    assert (refused.value.field, refused.value.hint) == ("label", "Did you mean Bug?")


async def test_names_that_are_not_there_are_made_once_when_asked_for(team: Team) -> None:
    label = await team.maintainer.labels.create("CORE", "Bug")
    ids = await found(team.maintainer, ["bug", "New", "NEW", "newer"], create=True)
    assert ids["bug"] == label.id
    assert ids["New"] == ids["NEW"] != ids["newer"]
    assert [after["name"] for _, _, after in history(team.instance)] == ["Bug", "NEW", "newer"]


async def test_two_who_make_the_same_label_at_once_get_one(team: Team) -> None:
    async def make(name: str) -> dict[str, int]:
        async with team.maintainer._guard.project(Permission.LABEL_MANAGE, "CORE") as tx:
            tx.unchanged()
            return await labels.ids_by_name(tx, [name], create=True)

    for number in range(10):
        one, two = await asyncio.gather(make(f"bug {number}"), make(f"BUG {number}"))
        assert list(one.values()) == list(two.values())


async def named(team: Team) -> list[str]:
    return [label.name for label in await team.owner.labels.list("CORE")]


async def test_labels_are_made_in_the_step_of_the_change_and_go_with_it(team: Team) -> None:
    """On issues that are there and with a new one; undo takes both back, redo does both again."""
    me = team.maintainer
    keys = [(await me.issues.create("CORE", IssueDraft(title="one"))).key for _ in range(2)]
    edit = IssueEdit(add_labels=("on call",))
    operation = uuid4()
    for _ in range(2):  # Sent twice, it happens once.
        rows = await me.issues.edit_many(keys, edit, new_labels=["on call"], operation=operation)
        assert [[label.name for label in row.labels] for row in rows] == [["on call"]] * 2
    undone = await me.history.undo("CORE")
    assert (undone.text, undone.skipped) == ("on call is off 2 issues again", ())
    assert await named(team) == []
    redone = await me.history.redo("CORE")
    assert (redone.text, redone.skipped) == ("on call is on 2 issues again", ())
    assert [label.name for label in (await me.issues.show(keys[0])).labels] == ["on call"]

    draft = IssueDraft(title="new", labels=("ON CALL", "fresh"))
    made = await me.issues.create("CORE", draft, new_labels=["fresh"])
    assert [label.name for label in made.labels] == ["fresh", "on call"]
    undone = await me.history.undo("CORE")
    assert (undone.text, undone.skipped) == (f"{made.key} is in the trash", ())
    assert await named(team) == ["on call"]
    redone = await me.history.redo("CORE")
    assert (redone.text, redone.skipped) == (f"{made.key} is out of the trash", ())
    assert {label.name for label in (await me.issues.show(made.key)).labels} == {"fresh", "on call"}


async def test_a_change_that_is_refused_leaves_no_label(team: Team) -> None:
    """Nor do those make one who may not."""
    key = (await team.member.issues.create("CORE", IssueDraft(title="one"))).key
    for person, fields in ((team.maintainer, {"assignee": "otto"}), (team.member, {})):
        edit = IssueEdit.model_validate({"add_labels": ("new",), **fields})
        with pytest.raises(Invalid):
            await person.issues.edit_many([key], edit, new_labels=["new"])
        draft = IssueDraft.model_validate({"title": "two", "labels": ("new",), **fields})
        with pytest.raises(Invalid):
            await person.issues.create("CORE", draft, new_labels=["new"])
    assert await named(team) == []
    assert (await team.member.search.total("", project="CORE")).count == 1


async def test_who_may_make_labels_no_more_leaves_them_there(team: Team) -> None:
    """Undo takes them off, and says that they stay."""
    key = (await team.maintainer.issues.create("CORE", IssueDraft(title="one"))).key
    await team.maintainer.issues.edit_many([key], IssueEdit(add_labels=("new",)), new_labels=["new"])
    await team.owner.members.set_role("CORE", "max", Role.MEMBER)
    undone = await team.maintainer.history.undo("CORE")
    assert (undone.text, undone.skipped) == ("new is off CORE-1 again", ("new",))
    assert await named(team) == ["new"]


async def test_issues_say_what_labels_they_have_and_what_blocks_them(team: Team) -> None:
    """However that came, and wherever it is looked at: they may say too much, never too little."""
    lacking = (
        "SELECT count(*) FROM issues i JOIN issue_index x USING (id)"
        " JOIN issue_facets f ON f.issue_id = i.id,"
        " linked_facets(i.id, i.project_id, i.number) AS linked, marks_of(i.id) AS mark"
        " WHERE NOT i.facets @> linked OR NOT f.facets @> linked OR (i.marks & x.marks & mark) <> mark"
    )
    me = team.member
    bug, _ = [await team.maintainer.labels.create("CORE", name) for name in ("bug", "ui")]
    one = await me.issues.create("CORE", IssueDraft(title="one", labels=("bug",)))
    two = await me.issues.create("CORE", IssueDraft(title="two"))
    await me.issues.edit(two.key, IssueEdit(add_labels=("ui",)))
    await me.issues.link(one.key, LinkKind.BLOCKS, two.key)
    assert team.instance.value("SELECT array_agg(cardinality(facets) ORDER BY id) FROM issues") == [1, 2]
    await me.issues.edit(one.key, IssueEdit(remove_labels=("bug",)))
    await team.maintainer.labels.delete("CORE", "ui")
    await team.maintainer.history.undo("CORE")
    await me.issues.edit(one.key, IssueEdit(add_labels=("ui", "bug")))
    label_issue(team, 77, bug.id)
    assert team.instance.value(lacking) == 0
    assert team.instance.value("SELECT sum(cardinality(facets)) FROM issues") == 5


async def test_labels_that_share_a_mark_are_told_apart(team: Team) -> None:
    """There are 31: a label is found by its name, whatever that was before, and no other is."""
    me, create = team.maintainer, team.maintainer.labels.create
    first, *_, last = [await create("CORE", f"l{at}") for at in range(32)]
    one, two = [
        (await me.issues.create("CORE", IssueDraft(title="x", labels=(of.name,)))).key for of in (first, last)
    ]
    await me.labels.edit("CORE", first.name, new_name="other")
    assert team.instance.value("SELECT count(DISTINCT marks) FROM issues") == 1

    async def found(query: str) -> list[str]:
        return [issue.key for issue in (await me.search.page(query, project="CORE")).items]

    for more in ("", " x", " sort:updated", " x sort:updated"):
        assert await found("label:other" + more) == [one]
        assert await found(f"label:{last.name}{more}") == [two]
        assert await found(f"-label:other no:label{more}") == []
        assert await found(f"-label:other{more}") == [two]


async def test_labels_of_a_name_have_the_same_mark(team: Team) -> None:
    """As projects are searched together."""
    await team.maintainer.labels.create("CORE", "Bug")
    await team.maintainer.labels.create("CORE", "ui")
    await team.outsider.projects.create("OTHER", "Other")
    await team.outsider.labels.create("OTHER", "bug")
    assert team.instance.value("SELECT count(DISTINCT mark) FROM labels WHERE folded = 'bug'") == 1
    assert team.instance.value("SELECT count(DISTINCT mark) FROM labels") == 2
