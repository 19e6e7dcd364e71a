"""Attacks that once worked, one a test: work, answers and texts without an end."""

from __future__ import annotations

import io
import json
import time
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rhythm_domain import ssh_keys
from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.formats import wiki
from rhythm_domain.models import Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from tests.instances import Instance, Team


async def test_no_chain_of_parents_is_long_enough_to_close_a_circle(team: Team, instance: Instance) -> None:
    """Who puts an issue below itself was found out within 50 parents. In a longer chain a member could close
    a circle, and the next import into the project followed it for ever."""
    chain = [await team.member.issues.create("CORE", IssueDraft(title="The top"))]
    for _ in range(60):
        below = IssueDraft(title="Below", parent=chain[-1].key)
        chain.append(await team.member.issues.create("CORE", below))
    with pytest.raises(Invalid, match="below itself"):
        await team.member.issues.edit(chain[0].key, IssueEdit(parent=chain[-1].key))


async def test_a_cursor_nested_without_end_is_no_cursor(team: Team) -> None:
    """It ran Python out of its stack."""
    nested = urlsafe_b64encode(b"[" * 100_000).decode()
    with pytest.raises(Invalid, match="no cursor"):
        await team.viewer.history.of_project("CORE", cursor=nested)


Listing = Callable[[str | None, int], Awaitable[object]]


ORDERS = ("created", "updated", "priority", "due", "rank", "closed", "relevance", "created-asc", "due-asc")


def listings(team: Team) -> dict[str, Listing]:
    """Every list that goes on from a cursor, by the session of somebody who may read it."""
    admin, search, boards = team.admin, team.viewer.search, team.viewer.boards

    def found(order: str, project: str | None, *, back: bool) -> Listing:
        query = f"login sort:{order}"
        if back:
            return lambda cursor, limit: search.page(query, project=project, before=cursor, limit=limit)
        return lambda cursor, limit: search.page(query, project=project, cursor=cursor, limit=limit)

    return {
        "project": lambda cursor, limit: admin.history.of_project("CORE", cursor=cursor, limit=limit),
        "all": lambda cursor, limit: admin.history.of_all(cursor=cursor, limit=limit),
        "issue": lambda cursor, limit: admin.history.of_issue("CORE-1", cursor=cursor, limit=limit),
        "comments": lambda cursor, limit: admin.comments.list("CORE-1", cursor=cursor, limit=limit),
        "trash": lambda cursor, limit: admin.issues.trash("CORE", cursor=cursor, limit=limit),
        "accounts": lambda cursor, limit: admin.people.list(cursor=cursor, limit=limit),
        "backlog": lambda cursor, limit: boards.backlog("CORE", cursor=cursor, limit=limit),
        "sprint": lambda cursor, limit: boards.sprint_cards("CORE", 1, cursor=cursor, limit=limit),
        "todo": lambda cursor, limit: boards.column("CORE", Status.TODO, cursor=cursor, limit=limit),
        "done": lambda cursor, limit: boards.column("CORE", Status.DONE, cursor=cursor, limit=limit),
        "board": lambda _, limit: boards.show("CORE", limit=limit),
        **{
            f"{order} {project} {back}": found(order, project, back=back)
            for order in ORDERS
            for project in ("CORE", None)
            for back in (False, True)
        },
    }


@pytest.fixture
async def lists(team: Team) -> dict[str, Listing]:
    """All lists, with something in each."""
    for number in range(4):
        draft = IssueDraft(title=f"Login {number}", status=Status.DONE if number % 2 else Status.TODO)
        await team.owner.issues.create("CORE", draft)
        await team.member.comments.add("CORE-1", f"{number}")
    await team.owner.issues.create("CORE", IssueDraft(title="Login, planned"))
    await team.owner.issues.delete(["CORE-4"])
    await team.owner.sprints.create("CORE", "One")
    return listings(team)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**400])
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.datetimes().map(str)
    | st.dates().map(str)
    | st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "infinity", "\0", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.just("1"), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=json_values, position=json_values, place=st.tuples(st.integers(-9, 9), json_values, json_values))
async def test_no_forged_cursor_is_a_defect_of_rhythm(
    lists: dict[str, Listing], first: object, position: object, place: tuple[object, ...]
) -> None:
    """A cursor is only base64: whoever packed another one was told of a defect, and the log was full of them.
    It is a place in the list, or it is refused."""
    for listing in lists.values():
        page = await listing(None, 1)
        cursor = getattr(page, "next", None) or getattr(page, "previous", None)
        tag = json.loads(urlsafe_b64decode(cursor + "=="))[0] if cursor else first
        for forged in ([tag, position], [tag, place], [tag, {"1": position}], [first, position], position):
            word = urlsafe_b64encode(json.dumps(forged).encode("ascii")).decode().rstrip("=")
            with suppress(Invalid):
                await listing(word, 1)


@pytest.mark.parametrize("limit", [-(2**63), -1, 0, 501, 2**31, 10**30])
async def test_no_list_is_longer_than_a_page(lists: dict[str, Listing], limit: int) -> None:
    """A negative limit was a defect of Rhythm, and a huge one read a whole project at once."""
    for listing in lists.values():
        with pytest.raises(Invalid, match="limit is a number from 1"):
            await listing(None, limit)


def test_a_key_of_a_megabyte_is_refused_at_once() -> None:
    """Of empty parts, each of which was cut off with a copy of all that follow: many minutes."""
    start = time.process_time()
    with pytest.raises(Invalid, match="too long"):
        ssh_keys.parse(f"ssh-ed25519 {b64encode(bytes(4_000_000)).decode()}")
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "fields",
    [
        {"body": 1.5},
        {"comments": [{"body": 7, "createdAt": "2020-01-01T00:00:00Z"}]},
        {"labels": [{"name": 3}]},
        {"milestone": {"title": ["x"]}},
        {"createdAt": "9999-12-31T23:59:59-14:00"},
        {"author": {"login": True}},
        {"url": 5},
    ],
    ids=str,
)
async def test_a_field_of_another_kind_is_a_row_that_cannot_be_read(
    team: Team, fields: dict[str, object]
) -> None:
    """It ended the import with a defect of Rhythm, and nobody knew which row it was."""
    good = {"number": 1, "title": "Good", "state": "OPEN"}
    bad = {"number": 2, "title": "Bad", "state": "OPEN", **fields}
    file = io.BytesIO(json.dumps([bad, good]).encode())
    report = await team.maintainer.exchange.import_file("CORE", "github", file)
    assert report.created == 1
    assert [problem.source for problem in report.problems] == ["#2"]


async def test_no_issue_brings_more_labels_than_it_can_have(team: Team) -> None:
    """An issue has at most 50, but all that the file gave it were made: enough of them to reach the deadline,
    and to fill the project for ever."""
    labels = [{"name": f"l{number}", "color": "ffffff"} for number in range(5_000)]
    file = io.BytesIO(json.dumps([{"number": 1, "title": "x", "state": "OPEN", "labels": labels}]).encode())
    report = await team.maintainer.exchange.import_file("CORE", "github", file)
    assert (len(report.labels), len(await team.viewer.labels.list("CORE"))) == (50, 50)
    assert [len(note.note) for note in report.notes] == [300]


async def test_an_import_says_no_more_of_a_file_than_a_person_can_read(team: Team) -> None:
    """What could not be read was quoted whole, and a problem was kept for each of millions of rows."""
    bad = [{"number": 1, "title": "x", "createdAt": "x" * 1_000_000}]
    report = await team.maintainer.exchange.import_file(
        "CORE", "github", io.BytesIO(json.dumps(bad).encode())
    )
    assert [len(problem.reason) for problem in report.problems] == [300]
    with pytest.raises(Invalid, match=r"More than 10,000 rows can't be read"):
        await team.maintainer.exchange.import_file(
            "CORE", "github", io.BytesIO(b"[" + b"1," * 20_000 + b"1]")
        )


async def test_an_error_quotes_no_more_than_a_person_can_read(team: Team) -> None:
    """What was typed was said back whole, a megabyte of it too."""
    with pytest.raises(NotFound) as refused:
        await team.viewer.projects.show("x" * 1_000_000)
    assert len(refused.value.message) == 500


def test_wiki_markup_takes_no_longer_than_its_length() -> None:
    """A line of nothing but code took time with the square of its length: hours for a cell of some megabytes,
    on a thread that nobody can end."""
    start = time.process_time()
    wiki.markdown("{code}" * 200_000)
    assert time.process_time() - start < 5
