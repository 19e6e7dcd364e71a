"""Lists as they are typed: what is known of them finds what would be found without it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from random import Random
from typing import Any

import psycopg
import pytest

from rhythm_domain import guard
from rhythm_domain.connection import Params
from rhythm_domain.database import Database, Row, overheard
from rhythm_domain.errors import NotFound
from rhythm_domain.maintenance.reindex import reindex
from rhythm_domain.models import IssueRow, IssueType, Page, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.policy import Permission
from rhythm_domain.queries import Named
from rhythm_domain.query import QueryError, Sort, SortKey, parse
from rhythm_domain.repository import hints, lines, narrowing, newest, ordered, search, sources, starting
from rhythm_domain.repository.selection import select
from rhythm_domain.session import Session
from rhythm_domain.transaction import Moment
from tests.domain.search_oracle import World, random_query
from tests.instances import Instance, Team

PAGE = 6

_MAKE_URGENT = b"""
    WITH recorded AS (
      INSERT INTO events (id, operation, kind, permission, actor_id, project_id, issue_id)
      SELECT gen_random_uuid(), gen_random_uuid(), kind, permission, actor_id, project_id, issue_id
      FROM events WHERE issue_id = %s)
    UPDATE issues SET priority = 'urgent' WHERE id = %s"""
"""What a service does, in two steps: what was recorded is not committed yet."""


@pytest.fixture
async def stranger(own: World, instance: Instance) -> AsyncIterator[Session]:
    """Who asks the same, and remembers nothing."""
    db = Database(instance.db.conninfo)
    yield Session(db, own.asker.user, own.asker.id)
    await db.close()


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is at work in other databases of the server: in this one nobody is while one reads."""
    moment = guard._moment

    def seen(row: Row) -> Moment | None:
        found = moment(row)
        return found and found._replace(settled=True)

    monkeypatch.setattr(guard, "_moment", seen)


def keys(random: Random) -> list[str]:
    """A query as it is typed: a letter more with each key, or one taken back, or a qualifier in front."""
    words = random.choice(["alpha", "bet", "gamma del", '"alpha beta"', "e -zeta", "epsil"])
    text = f"{words} {random_query(random)}"
    typed = [text[:end] for end in range(1, len(text) + 1)]
    back = random.randrange(len(typed))
    typed[back:back] = typed[max(back - 3, 0) : back][::-1]
    front = random.choice(["is:open ", "label:ui ", "-type:bug ", "is:blocked "])
    return typed + [front + text[:end] for end in range(len(text), 0, -3)]


async def change(session: Session, world: World, random: Random) -> None:
    """Something that makes issues fit, or fit no more, in any project."""
    known = random.choice([issue for issue in world.issues if not issue.deleted])
    with suppress(NotFound):  # It was deleted before.
        issue = await session.issues.show(known.id)
        match random.randrange(4):
            case 0:
                title = f"alpha beta {random.choice(['gamma', 'zeta'])}"
                await session.issues.edit(issue.id, IssueEdit(title=title, base_version=issue.version))
            case 1:
                await session.issues.move(issue.id, random.choice(list(Status)))
            case 2:
                await session.issues.edit(issue.id, IssueEdit(type=random.choice(list(IssueType))))
            case _:
                await session.issues.delete([issue.id])


async def listed(session: Session, text: str, project: str | None) -> Page[IssueRow] | None:
    try:
        parse(text)
    except QueryError:
        return None
    return await session.search.page(text, project=project, limit=PAGE)


async def turned(session: Session, text: str, project: str | None, *, afresh: bool) -> list[Page[IssueRow]]:
    """A few pages on, each and the one before it, and the last: `afresh` as by who remembers nothing."""
    search = partial(session.search.page, text, project=project, limit=PAGE)

    async def page(**where: Any) -> Page[IssueRow]:
        if afresh:
            session._guard._db.hints.clear()
        return await search(**where)

    pages = [await page()]
    while pages[-1].next is not None and len(pages) < 12:
        following = await page(cursor=pages[-1].next)
        pages += [await page(before=following.previous), following]
    return [*pages, await page(last=True)]


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
async def test_who_types_finds_what_others_find_whatever_happens_meanwhile(
    own: World, stranger: Session, monkeypatch: pytest.MonkeyPatch, project: str | None
) -> None:
    """The same issues, the same place to go on from."""
    monkeypatch.setattr(sources, "WINDOW", 3)
    monkeypatch.setattr(ordered, "FIRST", 4)
    random = Random(f"typing {project}")  # noqa: S311 - the same keys on every run
    narrower = 0
    for _ in range(8):
        for text in keys(random):
            if random.random() < 0.1:
                await change(own.asker, own, random)
            with noted() as heard:
                found = await listed(own.asker, text, project)
            narrower += any(query.name == "search_among" for query, _ in heard)
            stranger._guard._db.hints.clear()
            assert found == await listed(stranger, text, project), text
            if found is not None and found.next is not None:
                on = await own.asker.search.page(text, project=project, cursor=found.next, limit=PAGE)
                stranger._guard._db.hints.clear()
                assert on == await stranger.search.page(text, project=project, cursor=found.next, limit=PAGE)
    assert narrower > 20


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
@pytest.mark.parametrize("most", [20, 601])
async def test_who_turns_pages_finds_what_others_find_whatever_happens_meanwhile(
    own: World, stranger: Session, monkeypatch: pytest.MonkeyPatch, project: str | None, most: int
) -> None:
    """In any order, one after the other; whether what is kept is all, or a part of it."""
    monkeypatch.setattr(sources, "WINDOW", 3)
    monkeypatch.setattr(ordered, "FIRST", 4)
    monkeypatch.setattr(narrowing, "MOST", most)
    random = Random(f"turning {project} {most}")  # noqa: S311 - the same pages on every run
    sought: dict[bool, list[tuple[Named, Params]]] = {False: [], True: []}
    for _ in range(6):
        query = parse(random_query(random)).with_sort(None)
        for key in random.sample([key for key in SortKey if key is not SortKey.RELEVANCE], 4):
            text = str(query.with_sort(Sort(key=key, descending=random.random() < 0.5)))
            if random.random() < 0.3:
                await change(own.asker, own, random)
            pages = []
            for session, afresh in ((own.asker, False), (stranger, True)):
                noting = overheard.set(sought[afresh])
                pages.append(await turned(session, text, project, afresh=afresh))
                overheard.reset(noting)
            assert pages[0] == pages[1], text
    assert len(sought[False]) < len(sought[True])


@contextmanager
def noted() -> Iterator[list[tuple[Named, Params]]]:
    """The statements that are sent meanwhile."""
    heard: list[tuple[Named, Params]] = []
    noting = overheard.set(heard)
    try:
        yield heard
    finally:
        overheard.reset(noting)


async def statements(session: Session, text: str, project: str | None = "CORE", limit: int = 50) -> list[str]:
    with noted() as heard:
        await session.search.page(text, project=project, limit=limit)
    return [query.name for query, _ in heard if query.name.startswith("search_")]


async def found(session: Session, text: str) -> list[int]:
    return [row.id for row in (await session.search.page(text, project="CORE")).items]


async def kept(session: Session, text: str, project: str | None = "CORE", limit: int = 50) -> None:
    """Lists until it is kept: that it is not while somebody is at work, in any of the server's databases."""
    while await statements(session, text, project, limit) not in ([], ["search_among"]):
        pass


async def test_a_part_of_what_is_known_is_not_sought_again(team: Team) -> None:
    for title in ("database migration", "database pool", "data"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    me = team.viewer
    await kept(me, "data")
    assert await statements(me, "datab") == ["search_among"]
    assert await statements(me, "datab pool") == ["search_among"]
    assert await statements(me, "type:task datab") == ["search_among"]
    assert await statements(me, "datan") == ["search_among"]
    assert await statements(me, "datan type:bug") == []
    assert await statements(me, "dat") != ["search_among"]
    assert await statements(me, "datab", None) != ["search_among"]


@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
async def test_the_same_is_asked_however_many_are_missing(team: Team, project: str | None) -> None:
    for title in ("database migration", "database pool", "data"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    texts = set()
    for limit in (1, 2, 5):
        with noted() as heard:
            await team.viewer.search.page("is:open data", project=project, limit=limit)
        team.viewer._guard._db.hints.clear()
        texts |= {query.text for query, _ in heard if query.name == "search_window"}
    assert len(texts) == 1


@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
async def test_what_a_page_had_no_place_for_is_compared_before_others_are_sought(
    team: Team, monkeypatch: pytest.MonkeyPatch, project: str | None
) -> None:
    """As far as enough of it fits."""
    for title in ("database", "database", "data", "database", "database", "data", "data"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    monkeypatch.setattr(sources, "WINDOW", 1)
    me = team.viewer
    await kept(me, "data", project, 5)
    for limit, expected in ((1, [5]), (2, [5, 4])):
        with noted() as heard:
            page = await me.search.page("datab", project=project, limit=limit)
        assert [row.number for row in page.items] == expected
        assert {query.name for query, _ in heard if query.name.startswith("search_")} <= {"search_among"}
    assert [row.number for row in (await me.search.page("datab", project=project)).items] == [5, 4, 2, 1]


async def test_the_next_pages_of_what_was_sorted_are_not_sought(team: Team) -> None:
    for number in range(5):
        await team.member.issues.create("CORE", IssueDraft(title=f"database {number}"))
    me, text = team.viewer, "database sort:updated"
    await kept(me, text)
    with noted() as heard:
        pages = [await me.search.page(text, project="CORE", limit=2)]
        pages.append(await me.search.page(text, project="CORE", limit=2, cursor=pages[0].next))
        pages.append(await me.search.page(text, project="CORE", limit=2, cursor=pages[1].next))
        assert await me.search.page(text, project="CORE", limit=2, before=pages[1].previous) == pages[0]
        assert (await me.search.page(text, project="CORE", limit=2, last=True)).items[-1:] == pages[2].items
    assert not [query.name for query, _ in heard if query.name.startswith("search_")]
    assert [row.number for page in pages for row in page.items] == [5, 4, 3, 2, 1]
    await team.member.issues.move("CORE-1", Status.TODO)
    on = await me.search.page(text, project="CORE", limit=3, before=pages[1].previous)
    assert [row.number for row in on.items] == [1, 5, 4]


async def test_what_reads_on_is_prepared_at_once(team: Team) -> None:
    """As the page behind the next will be asked for in the same way."""
    for number in range(3):
        await team.member.issues.create("CORE", IssueDraft(title=str(number)))
    with noted() as heard:
        cursor = None
        for _ in range(2):
            cursor = (
                await team.viewer.search.page("sort:updated", project="CORE", limit=1, cursor=cursor)
            ).next
    assert [query.lasts for query, _ in heard if query.name == "search_ordered"] == [False, True]


async def test_what_a_label_leads_to_is_read_once_for_all_pages(team: Team) -> None:
    await team.maintainer.labels.create("CORE", "ui")
    for number in range(5):
        await team.member.issues.create("CORE", IssueDraft(title=str(number), labels=("ui",)))
    me, text = team.viewer, "label:ui sort:updated"
    assert await statements(me, text, limit=2) == ["search_names", "search_probe", "search_ordered"]
    await kept(me, text, limit=2)
    first = await me.search.page(text, project="CORE", limit=2)
    with noted() as heard:
        on = await me.search.page(text, project="CORE", limit=2, cursor=first.next)
    assert [row.number for row in (*first.items, *on.items)] == [5, 4, 3, 2]
    assert "search_ordered" not in [query.name for query, _ in heard]


async def test_what_is_known_whole_is_only_sorted_in_other_orders(team: Team) -> None:
    for title in ("database migration", "database pool", "data"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    await kept(team.viewer, "data sort:updated")
    for text in ("data sort:priority", "datab sort:rank-asc", "data"):
        with noted() as heard:
            await team.viewer.search.page(text, project="CORE")
        (asked,) = [query for query, _ in heard if query.name.startswith("search_")]
        assert b"%(ids)s" in asked.text


async def test_only_what_happens_in_the_projects_searched_counts(team: Team) -> None:
    await team.member.issues.create("CORE", IssueDraft(title="database"))
    await kept(team.viewer, "data")
    await kept(team.viewer, "data", None)
    await team.outsider.projects.create("ELSE", "Elsewhere")
    await team.outsider.issues.create("ELSE", IssueDraft(title="database"))
    assert await statements(team.viewer, "datab") == ["search_among"]
    assert await statements(team.viewer, "datab", None) == ["search_happened", "search_among"]
    await team.member.issues.create("CORE", IssueDraft(title="database too"))
    for project in ("CORE", None):
        assert len((await team.viewer.search.page("datab", project=project)).items) == 2


async def test_what_was_at_work_when_a_list_was_read_is_not_missed(team: Team, instance: Instance) -> None:
    """Its row of history can have a lower number than the last one that was seen."""
    issue = (await team.member.issues.create("CORE", IssueDraft(title="database"))).id
    with psycopg.connect(instance.db.conninfo) as slow:
        slow.execute(_MAKE_URGENT, [issue, issue])
        await team.member.issues.create("CORE", IssueDraft(title="databank"))
        assert await found(team.viewer, "priority:urgent") == []
        slow.commit()
    assert await found(team.viewer, "priority:urgent data") == [issue]


async def test_how_words_were_sought_is_known_when_there_are_not_enough_any_more(
    own: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "WINDOW", 1)
    me = own.asker
    await me.issues.create("CORE", IssueDraft(title="omicron"))  # Else there is no history.
    await kept(me, "is:open e", limit=2)
    assert await statements(me, "is:open ep", limit=2) == ["search_among"]
    assert (await statements(me, "is:open ep a", limit=2))[:2] == ["search_among", "search_sample"]


async def test_how_a_page_was_sought_is_known_for_the_next(
    own: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a window is read first where too few are in it."""
    monkeypatch.setattr(sources, "WINDOW", 1)
    monkeypatch.setattr(newest, "PROMISING", 0)
    monkeypatch.setattr(starting, "_WALKED", 1000.0)
    sought: list[list[str]] = []
    cursor = None
    for _ in range(2):
        with noted() as heard:
            found = await own.asker.search.page(
                "assignee:@me type:bug", project="CORE", limit=1, cursor=cursor
            )
        cursor = found.next
        sought.append([query.name for query, _ in heard if query.name.startswith("search_")])
    first, second = sought
    assert first[0] == "search_window"
    assert second == first[-1:] != ["search_window"]


async def test_what_is_old_is_compared_but_once(team: Team, instance: Instance) -> None:
    """Also where nothing new can be kept, as somebody is at work."""
    await team.member.issues.create("CORE", IssueDraft(title="database"))
    await kept(team.viewer, "d", None)
    await kept(team.viewer, "data", None)
    await team.member.issues.create("CORE", IssueDraft(title="databank"))
    with psycopg.connect(instance.db.conninfo) as slow:
        slow.execute("SELECT FROM issues FOR SHARE")
        assert "search_among" in await statements(team.viewer, "datab", None)
        assert "search_among" not in await statements(team.viewer, "databa", None)


async def test_who_sees_an_earlier_moment_does_not_narrow_what_was_listed_since(
    team: Team, instance: Instance
) -> None:
    """An issue that does not fit yet would be missing from then on."""
    issue = (await team.member.issues.create("CORE", IssueDraft(title="database"))).id
    me = team.viewer
    with psycopg.connect(instance.db.conninfo) as slow:
        slow.execute(_MAKE_URGENT, [issue, issue])
        await team.member.issues.create("CORE", IssueDraft(title="databank"))
        async with me._guard.project(Permission.PROJECT_READ, "CORE") as earlier:
            slow.commit()
            await kept(me, "priority:urgent data")
            asked = await select(earlier, parse("priority:urgent datab"))
            assert (await search.page(earlier, asked, limit=50)).ids == ()
    assert await found(me, "priority:urgent databa") == [issue]


async def test_a_database_that_went_another_way_is_asked_anew(team: Team, instance: Instance) -> None:
    """One from a backup, in which others wrote what has the same sequence numbers."""
    issue = (await team.member.issues.create("CORE", IssueDraft(title="database"))).id
    await kept(team.viewer, "priority:urgent data")
    with instance.sql.transaction():
        instance.sql.execute("ALTER TABLE events DISABLE TRIGGER USER")
        instance.sql.execute("UPDATE events SET id = gen_random_uuid()")
        instance.sql.execute("ALTER TABLE events ENABLE TRIGGER USER")
        instance.sql.execute("UPDATE issues SET priority = 'urgent' WHERE id = %s", [issue])
    assert await found(team.viewer, "priority:urgent datab") == [issue]


async def test_a_list_is_not_used_for_ever(
    team: Team, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often: what mends the index of words is no part of the history."""
    issue = (await team.member.issues.create("CORE", IssueDraft(title="database"))).id
    time = hints.now()
    monkeypatch.setattr(hints, "monotonic", lambda: time)
    instance.sql.execute("DELETE FROM issue_search")
    await kept(team.viewer, "data")
    await reindex(instance.db.conninfo, lambda _: None)
    for _ in range(3):
        assert await found(team.viewer, "data") == []
        time += 0.4 * hints.FRESH
    assert await found(team.viewer, "data") == [issue]


async def test_a_phrase_is_found_where_a_longer_word_has_no_place(team: Team) -> None:
    """Far behind in a long text: as long as it could be meant, the phrase fits nothing there."""
    text = f"{'x ' * 17_000} one/fob"
    issue = (await team.member.issues.create("CORE", IssueDraft(title="a/one/foo", description=text))).id
    await kept(team.viewer, "a/one/fo")
    assert await found(team.viewer, "a/one/fo") == []
    assert await found(team.viewer, "a/one/foo") == [issue]


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
async def test_what_was_sorted_once_is_not_sought_in_other_orders(
    own: World, stranger: Session, monkeypatch: pytest.MonkeyPatch, project: str | None
) -> None:
    """Even if the list is too long to be kept whole; but no words of so many are compared."""
    monkeypatch.setattr(narrowing, "MOST", 3)
    monkeypatch.setattr(ordered, "FIRST", 1)
    for name in ("_ASKED", "_VALUE", "_LOOKED_UP", "_ELSEWHERE"):
        monkeypatch.setattr(starting, name, 0.0)
    for name in ("_WALKED_ELSEWHERE", "_OWN", "_READ", "_NAMED"):
        monkeypatch.setattr(starting, name, 1000.0)
    await change(own.asker, own, Random(1))  # noqa: S311 - without a history nothing is kept
    assert len(await stranger.search.ids("label:ui", project=project)) > 3
    await own.asker.search.page("label:ui sort:updated", project=project, limit=1)
    for text, known in (("label:ui sort:rank", True), ("label:ui alpha sort:rank", False)):
        with noted() as heard:
            page = await own.asker.search.page(text, project=project, limit=2)
        stranger._guard._db.hints.clear()
        assert page == await stranger.search.page(text, project=project, limit=2)
        assert any(b"%(ids)s" in query.text for query, _ in heard if query.name == "search_ordered") is known


@pytest.mark.usefixtures("settled")
async def test_what_is_known_is_looked_up_once_however_many_projects_there_are(
    own: World, instance: Instance
) -> None:
    await change(own.asker, own, Random(1))  # noqa: S311 - without a history nothing is kept
    with noted() as heard:
        for order in ("updated", "created", "rank"):
            await own.asker.search.page(f"label:ui is:open sort:{order}")
    known = [(query, params) for query, params in heard if b"%(ids)s::bigint[])) SELECT" in query.text]
    assert {query.name for query, _ in known} == {"search_newest", "search_ordered"}
    for query, params in known:
        plan = instance.sql.execute(b"EXPLAIN (ANALYZE, TIMING OFF) " + query.text, params).fetchall()
        lines = "\n".join(str(row["QUERY PLAN"]) for row in plan)
        assert re.findall(r"on issue_index .*loops=(\d+)", lines) == ["1"], lines


async def test_no_more_is_kept_than_a_few_lists(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrowing, "KEPT", 2)
    await team.member.issues.create("CORE", IssueDraft(title="a b c"))
    for text in ("a", "b", "c"):
        await kept(team.viewer, text)
    assert await statements(team.viewer, "c") == []
    assert await statements(team.viewer, "a") != ["search_among"]


async def test_names_are_not_looked_up_again_unless_something_happened(team: Team) -> None:
    await team.maintainer.labels.create("CORE", "ui")
    while "search_names" in await statements(team.viewer, "label:ui"):
        pass
    assert "search_names" not in await statements(team.viewer, "label:ui data")
    await kept(team.viewer, "label:api")
    await team.maintainer.labels.create("CORE", "api")
    await team.member.issues.create("CORE", IssueDraft(title="data", labels=("api",)))
    assert len((await team.viewer.search.page("label:api", project="CORE")).items) == 1
    assert "search_names" in await statements(team.viewer, "label:ui data")


async def test_no_line_is_missing_where_only_few_are_kept(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "KNOWN", 1)
    for title in ("data", "database", "datum"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    for text, many in (("data", 2), ("", 3), ("datum", 1), ("", 3), ("", 3)):
        await kept(team.viewer, text)
        assert len((await team.viewer.search.page(text, project="CORE")).items) == many


async def test_lines_are_read_again_only_if_something_happened(team: Team) -> None:
    first = await team.member.issues.create("CORE", IssueDraft(title="data"))
    await team.member.issues.create("CORE", IssueDraft(title="datum"))

    async def read(text: str) -> tuple[list[str], list[int]]:
        """The titles of a list, and of which issues the lines were read for it."""
        with noted() as heard:
            page = await team.viewer.search.page(text, project="CORE")
        asked = [params for query, params in heard if query.name in ("issue_rows", "many_issue_rows")]
        ids = [int(id_) for params in asked if params for id_ in params["ids"].strip("{}").split(",")]
        return [row.title for row in page.items], ids

    while (await read("data"))[1]:
        pass
    assert (await read("data"))[0] == ["data"]
    titles, ids = await read("")
    assert titles == ["datum", "data"]
    assert len(ids) == 1
    assert first.id not in ids
    await team.member.issues.edit(first.id, IssueEdit(title="data, too", base_version=first.version))
    assert (await read("data"))[0] == ["data, too"]


async def test_of_what_is_known_whole_the_total_is_known(team: Team) -> None:
    for title in ("data", "database", "datum"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    await kept(team.viewer, "data")
    with noted() as heard:
        assert (await team.viewer.search.total("data", project="CORE")).count == 2
    assert "search_total" not in [query.name for query, _ in heard]
    await team.member.issues.create("CORE", IssueDraft(title="data, too"))
    assert (await team.viewer.search.total("data", project="CORE")).count == 3


async def test_what_was_changed_in_sql_is_shown_once_all_is_forgotten(team: Team, instance: Instance) -> None:
    await team.member.issues.create("CORE", IssueDraft(title="data"))
    await kept(team.viewer, "data")
    instance.sql.execute("UPDATE issues SET title = 'datum'")

    async def title() -> str:
        (row,) = (await team.viewer.search.page("data", project="CORE")).items
        return row.title

    assert await title() == "data"
    team.viewer.forget()
    assert await title() == "datum"
