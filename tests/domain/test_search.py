"""Search: what is found, in which order, page by page in both directions, and who finds what."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from rhythm_domain.connection import Params
from rhythm_domain.database import overheard
from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.models import IssueType, Total
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.queries import Named
from rhythm_domain.query import QueryError, Sort, SortKey, parse
from rhythm_domain.repository import hints, narrowing, newest, ordered, sources, starting
from rhythm_domain.session import Session
from tests.domain.search_oracle import World, random_query
from tests.instances import Instance, Team


async def walk(
    session: Session, query: str, project: str | None, limit: int, *, sideways: bool = True
) -> list[int]:
    """All ids of a list, page by page; each page is also what going back from the next one gives."""
    ids: list[int] = []
    page = await session.search.page(query, project=project, limit=limit)
    assert page.previous is None
    while True:
        assert len(page.items) == limit or page.next is None
        ids += [issue.id for issue in page.items]
        if page.next is None:
            if sideways:
                await check_end(session, query, project, limit, ids)
            return ids
        following = await session.search.page(query, project=project, cursor=page.next, limit=limit)
        assert following.items, "a cursor promised more"
        if sideways:
            back = await session.search.page(query, project=project, before=following.previous, limit=limit)
            assert back.items == page.items
            assert (back.previous is None) == (len(ids) == len(page.items))
        page = following


async def check_end(session: Session, query: str, project: str | None, limit: int, ids: list[int]) -> None:
    """The last page, and the one before it, of a list whose ids are known."""
    last = await session.search.page(query, project=project, last=True, limit=limit)
    assert [issue.id for issue in last.items] == ids[-limit:]
    assert last.next is None
    assert (last.previous is None) == (len(ids) <= limit)
    if last.previous is not None:
        before = await session.search.page(query, project=project, before=last.previous, limit=limit)
        assert [issue.id for issue in before.items] == ids[-2 * limit : -limit]


@pytest.mark.parametrize(
    ("few", "window", "found"),
    [(20_000, 1000, 5), (0, 10, 5), (30, 1, 1e9), (0, 20, 0)],
    ids=["as it is", "walking", "mixed", "looked up"],
)
@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
async def test_random_queries_find_what_a_plain_filter_and_sort_find(
    world: World, monkeypatch: pytest.MonkeyPatch, project: str | None, few: int, window: int, found: float
) -> None:
    """Whatever a statement starts from, the result is the same, in any order, at any size of page."""
    monkeypatch.setattr(starting, "FEW", few)
    monkeypatch.setattr(starting, "RARE", min(few, 2000))
    monkeypatch.setattr(sources, "WINDOW", window)
    monkeypatch.setattr(ordered, "FIRST", window)
    monkeypatch.setattr(ordered, "SOON", 0)
    monkeypatch.setattr(ordered, "FOUND", found)
    random = Random(f"{project} {few} {found}")  # noqa: S311 - the same queries on every run
    for _ in range(25):
        text = random_query(random)
        expected = world.find(parse(text), project)
        monkeypatch.setattr(narrowing, "KEPT", random.choice([0, 8]))
        assert await walk(world.asker, text, project, random.choice([7, 23, 100])) == expected, text
        assert await world.asker.search.total(text, project=project) == Total(count=len(expected)), text
        assert list(await world.asker.search.ids(text, project=project)) == expected, text
        some = frozenset(Random(text).sample([issue.id for issue in world.issues], 60))  # noqa: S311
        assert await world.asker.search.among(some, text, project=project) == some & set(expected), text


@pytest.mark.parametrize("few", [0, 20_000], ids=["walking", "as it is"])
@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
async def test_nothing_is_missing_among_what_is_found_beyond_a_page(
    world: World, monkeypatch: pytest.MonkeyPatch, project: str | None, few: int
) -> None:
    """However far each project was read."""
    monkeypatch.setattr(starting, "FEW", few)
    monkeypatch.setattr(sources, "WINDOW", 2)
    monkeypatch.setattr(newest, "MOST", 6)
    found: list[int] = []
    seek = newest.newest

    async def seeking(*given: Any, **named: Any) -> list[newest.Place]:
        places = await seek(*given, **named)
        found[:] = [place.id for place in places]
        return places

    monkeypatch.setattr(newest, "newest", seeking)
    random = Random(f"beyond {project} {few}")  # noqa: S311 - the same queries on every run
    beyond = 0
    for _ in range(150):
        query = parse(random_query(random)).with_sort(None)
        world.asker._guard._db.hints.clear()
        found.clear()
        await world.asker.search.page(str(query), project=project, limit=3)
        expected = world.find(query, project)
        assert found == expected[: len(found)], query
        assert len(found) >= min(len(expected), 4), query
        beyond += 4 < len(found) < len(expected)
    assert beyond > (5 if project is None else 0)


@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
async def test_the_index_of_facets_finds_what_a_plain_filter_and_sort_find(
    world: World, monkeypatch: pytest.MonkeyPatch, project: str | None
) -> None:
    """Wherever it knows one of the conditions it is asked, in the order of numbers and in others."""
    for name in ("_ASKED", "_VALUE", "_LOOKED_UP", "_ELSEWHERE", "_SOUGHT"):
        monkeypatch.setattr(starting, name, 0.0)
    for name in ("_WALKED", "_WALKED_COMPARED", "_OWN", "_READ", "_NAMED", "_FOUND"):
        monkeypatch.setattr(starting, name, 1000.0)
    monkeypatch.setattr(sources, "WINDOW", 1)
    monkeypatch.setattr(narrowing, "KEPT", 0)
    queries: list[tuple[Named, Params]] = []
    heard = overheard.set(queries)
    try:
        for text in (
            "is:open",
            "assignee:none,ann",
            "priority:high type:bug,task",
            "is:closed -beta",
            "label:ui status:done",
            "label:ui,docs",
            "is:blocked",
            "sprint:current type:bug",
            "no:sprint is:open",
        ):
            for more in ("", " alpha", " bet", " sort:updated", " alpha sort:rank"):
                asked = f"{text}{more}"
                expected = world.find(parse(asked), project)
                assert await walk(world.asker, asked, project, 13) == expected, asked
    finally:
        overheard.reset(heard)
    faceted = {query.name for query, _ in queries if "issue_facets" in str(query.text)}
    assert {"search_faceted", "search_ordered"} <= faceted


@pytest.mark.parametrize(
    "text", ["status:done label:ui", "type:bug is:open label:ui", "label:ui no:assignee"]
)
async def test_the_index_of_facets_is_asked_for_what_is_rare_first(world: World, text: str) -> None:
    queries: list[tuple[Named, Params]] = []
    heard = overheard.set(queries)
    await world.asker.search.total(text, project="CORE")
    overheard.reset(heard)
    asked = next(str(query.text) for query, _ in queries if b"issue_facets" in query.text)
    first, *others = re.findall(r"f\.facets && ARRAY\[.*?\]", asked)
    assert re.search(r", *-\d+\)\]$", first), asked
    assert others


@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("priority:low sort:priority", "urgent"),
        ("priority:<=low al sort:priority-asc", "high"),
        ("-is:open al sort:due", "i.closed_at IS NULL AND i.due"),
        ("-is:closed sort:closed", "i.closed_at IS NOT NULL"),
        ("closed:>3d al sort:due", "i.closed_at IS NULL AND i.due"),
    ],
)
async def test_no_stretch_is_read_whose_issues_can_not_fulfil_a_condition(
    world: World, project: str | None, text: str, never: str
) -> None:
    """Of a million issues that is a second and more."""
    queries: list[tuple[Named, Params]] = []
    heard = overheard.set(queries)
    try:
        assert await walk(world.asker, text, project, 13) == world.find(parse(text), project)
    finally:
        overheard.reset(heard)
    assert not [query.name for query, _ in queries if never in str(query.text)]


@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
@pytest.mark.parametrize("descending", [True, False], ids=["falling", "rising"])
@pytest.mark.parametrize("key", [key for key in SortKey if key is not SortKey.RELEVANCE])
async def test_every_order_is_walked_without_loss_or_repetition(
    world: World, key: SortKey, descending: bool, project: str | None
) -> None:
    """In pages of 17 with ties and empty values, with and without words and conditions."""
    sort = Sort(key=key, descending=descending)
    for text in (f"{sort}", f"alpha {sort}", f"-beta is:open {sort}"):
        assert await walk(world.asker, text, project, 17) == world.find(parse(text), project)


@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
async def test_relevance_shows_every_match_once(world: World, project: str | None) -> None:
    """Either way round, and the other way round is the same list from its end."""
    found = await walk(world.asker, "alpha beta sort:relevance", project, 8)
    assert sorted(found) == sorted(world.find(parse("alpha beta"), project))
    assert found[::-1] == await walk(world.asker, "alpha beta sort:relevance-asc", project, 8)


async def test_a_word_in_the_title_is_more_relevant_than_one_in_the_description(world: World) -> None:
    """Titles weigh ten times as much, whatever is newer."""
    core = [issue for issue in world.issues if issue.project == "CORE" and not issue.deleted]
    titled = {issue.id for issue in core if "gamma" in issue.title.split()}
    found = await walk(world.asker, '"gamma" sort:relevance', "CORE", 50)
    assert set(found[: len(titled)]) == titled
    assert len(found) > len(titled)


async def test_what_is_remembered_of_the_data_does_not_grow_for_ever(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "MOST", 4)
    for kind in IssueType:
        for more in ("", " no:sprint"):
            await team.member.search.total(f"type:{kind}{more}", project="CORE")
    assert 0 < len(team.instance.db.hints) <= 4


async def asked(call: Awaitable[object]) -> dict[str, str]:
    """The statements of a call, by name and in order."""
    queries: list[tuple[Named, Params]] = []
    heard = overheard.set(queries)
    try:
        await call
    finally:
        overheard.reset(heard)
    return {query.name: str(query.text) for query, _ in queries}


async def test_how_far_one_had_to_read_for_all_is_not_taken_for_a_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every page would be sought as all were, for as long as the process lives."""
    monkeypatch.setattr(sources, "WINDOW", 1000)
    monkeypatch.setattr(narrowing, "KEPT", 0)
    search = world.asker.search
    await search.page("is:open alp", project="CORE", limit=2)
    before = await asked(search.page("is:open alp", project="CORE", limit=2))
    await search.ids("is:open alp", project="CORE")
    assert await asked(search.page("is:open alp", project="CORE", limit=2)) == before


async def test_how_words_were_sought_is_remembered_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody wrote may be in many issues soon."""
    monkeypatch.setattr(sources, "WINDOW", 1)
    monkeypatch.setattr(narrowing, "KEPT", 0)

    async def first(text: str) -> str:
        return list(await asked(world.asker.search.page(text, project="CORE", limit=2)))[1]

    assert await first("is:open alp") == "search_window"
    assert await first("is:open alph") == "search_sample"
    monkeypatch.setattr(hints, "FRESH", 0)
    assert await first("is:open alph") == "search_window"


async def test_words_beside_a_filter_are_judged_for_totals_and_boards(world: World) -> None:
    """Else all issues would be read for a word that few of them have."""
    search, boards = world.asker.search, world.asker.boards
    assert "search_sample" in await asked(search.total("no:sprint omicron", project="CORE"))
    assert "search_sample" in await asked(boards.show("CORE", "no:sprint omicron"))


async def test_how_far_one_would_count_is_judged_by_how_rare_is_what_is_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all issues would be read to find as many as are counted of what few of them have."""
    monkeypatch.setattr("rhythm_domain.services.search.COUNTED", 50)
    found = await asked(world.asker.search.total("type:bug no:sprint", project="CORE"))
    assert "issue_facets" in found["search_total"]


async def test_across_projects_nothing_is_lost_where_numbers_are_not_in_the_order_of_time(
    own: World, instance: Instance
) -> None:
    """An import may give old issues high numbers; the list still shows each issue once."""
    instance.sql.execute(
        "UPDATE issues SET created_at = now() - (hashint8(id) %% 1000) * interval '1 hour'", ()
    )
    for text in ("", "alpha", "sort:created-asc"):
        found = await walk(own.asker, text, None, 11, sideways=False)
        assert sorted(found) == sorted(own.find(parse(text), None))


@pytest.mark.parametrize("project", ["CORE", None], ids=["one project", "across"])
async def test_a_list_is_read_around_an_issue(world: World, project: str | None) -> None:
    """What is before the issue's place and behind it are the stretches of the list that meet there."""
    search, ids = world.asker.search, world.find(parse(""), project)
    for at in (0, 1, len(ids) // 2, len(ids) - 1):
        place = await search.place(ids[at], project=project)
        before = await search.page(project=project, before=place, limit=5)
        behind = await search.page(project=project, cursor=place, limit=5)
        assert [row.id for row in before.items] == ids[max(0, at - 5) : at]
        assert [row.id for row in behind.items] == ids[at : at + 5]
        assert (before.previous is None) == (at <= 5)
    deleted = next(issue.id for issue in world.issues if issue.deleted)
    elsewhere = next(issue.id for issue in world.issues if issue.project == "WEB" and not issue.deleted)
    assert await search.place(deleted, project=project) is None
    assert project is None or await search.place(elsewhere, project=project) is None


async def test_a_key_or_a_number_goes_to_that_issue_alone(world: World) -> None:
    """In any case, and only where it exists, is not in the trash, and may be seen."""
    living = next(issue for issue in world.issues if issue.number > 1 and not issue.deleted)
    deleted = next(issue for issue in world.issues if issue.deleted)
    find = world.asker.search.page
    for query in (living.key, living.key.lower(), f"#{living.number}", str(living.number)):
        page = await find(query, project="CORE")
        assert ([issue.id for issue in page.items], page.next) == ([living.id], None)
        assert await world.asker.search.total(query, project="CORE") == Total(count=1)
    assert [issue.id for issue in (await find(living.key)).items] == [living.id]
    # They are known: nothing is walked through or counted to find them.
    assert not {"search_window", "search_probe"} & (await asked(find("1"))).keys()
    assert len((await find("1")).items) == len([i for i in world.issues if i.number == 1 and not i.deleted])
    for query in (deleted.key, "SECRET-98", "CORE-999999", "NONE-1"):
        assert not (await find(query)).items


async def test_a_number_that_no_issue_has_is_searched_as_text(team: Team) -> None:
    """`500` is an error before it is an issue."""
    from rhythm_domain.models.drafts import IssueDraft

    created = await team.member.issues.create("CORE", IssueDraft(title="The server answers 500"))
    page = await team.member.search.page("500", project="CORE")
    assert [issue.id for issue in page.items] == [created.id]


async def test_a_cursor_of_another_query_is_refused(world: World) -> None:
    """Also one of another order, of another project, and a word that is no cursor."""
    find = world.asker.search.page
    cursor = (await find("is:open", project="CORE", limit=5)).next
    assert cursor
    for query, project in (("is:closed", "CORE"), ("is:open sort:due", "CORE"), ("is:open", "WEB")):
        with pytest.raises(Invalid, match="no cursor of this list"):
            await find(query, project=project, cursor=cursor)
    for word in ("nonsense", "", "bnVsbA"):
        with pytest.raises(Invalid, match="no cursor of this list"):
            await find("is:open", project="CORE", cursor=word)
    with pytest.raises(Invalid, match="or at the end"):
        await find("is:open", project="CORE", cursor=cursor, before=cursor)


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_a_limit_that_makes_no_sense_is_refused(team: Team, limit: int) -> None:
    """Pages hold 1 to 500 issues."""
    with pytest.raises(Invalid, match="from 1 to 500"):
        await team.viewer.search.page(project="CORE", limit=limit)


async def test_what_is_no_query_is_refused_before_the_database_is_asked(team: Team) -> None:
    """With the position of the mistake."""
    with pytest.raises(QueryError, match="no qualifier"):
        await team.viewer.search.page("stat:todo", project="CORE")


async def test_across_projects_nobody_finds_what_they_are_no_member_of(
    own: World, instance: Instance
) -> None:
    """Not by administration either; a membership that ended ends it at once."""
    bob = Session(instance.db, own.asker.user, _session_of(instance, "bob"))
    admin = instance.person("root", admin=True)
    assert "SECRET" in {issue.project_key for issue in (await bob.search.page(limit=500)).items}
    assert (await admin.search.page()).items == ()
    assert (await admin.search.total()).count == 0
    assert (await admin.search.page(project="SECRET")).items
    with pytest.raises(NotFound):
        await own.asker.search.page(project="SECRET")
    instance.sql.execute(
        "UPDATE project_members SET ended_at = now() FROM projects p"
        " WHERE p.id = project_id AND p.key = 'SECRET' AND role = 'member'"
    )
    cid = Session(instance.db, own.asker.user, _session_of(instance, "cid"))
    assert "SECRET" not in {issue.project_key for issue in (await cid.search.page(limit=500)).items}


def _session_of(instance: Instance, name: str) -> int:
    return int(
        instance.value("SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.name = %s", name)
    )


async def test_archived_projects_are_found_only_by_name(own: World, instance: Instance) -> None:
    """By `project:`, by an issue's key, or as the project that is searched."""
    instance.sql.execute("UPDATE projects SET archived_at = now() WHERE key = 'WEB'")
    find = own.asker.search.page
    assert {issue.project_key for issue in (await find(limit=500)).items} == {"CORE"}
    assert {issue.project_key for issue in (await find("-project:CORE", limit=500)).items} == set()
    assert {issue.project_key for issue in (await find("project:WEB", limit=500)).items} == {"WEB"}
    assert (await find(project="WEB")).items
    living = next(issue for issue in own.issues if issue.project == "WEB" and not issue.deleted)
    assert [issue.id for issue in (await find(living.key)).items] == [living.id]


async def test_a_deleted_project_is_never_found(own: World, instance: Instance) -> None:
    """Neither its issues nor its names."""
    instance.sql.execute("UPDATE projects SET deleted_at = now() WHERE key = 'WEB'")
    assert (await own.asker.search.page("project:WEB")).items == ()
    assert {issue.project_key for issue in (await own.asker.search.page(limit=500)).items} == {"CORE"}


async def test_a_project_is_found_under_the_key_that_it_had(own: World, instance: Instance) -> None:
    """As a qualifier and in a key."""
    instance.sql.execute("INSERT INTO project_keys SELECT 'OLD', id FROM projects WHERE key = 'CORE'")
    core = [issue for issue in own.issues if issue.project == "CORE" and not issue.deleted]
    assert (await own.asker.search.total("project:OLD")).count == len(core)
    page = await own.asker.search.page(f"OLD-{core[0].number}")
    assert [issue.id for issue in page.items] == [core[0].id]


async def test_totals_of_statuses_come_from_the_counters(world: World) -> None:
    """So they are exact at any size; the trash does not count."""
    living = [issue for issue in world.issues if not issue.deleted and issue.project == "CORE"]
    for query, wanted in (
        ("", living),
        ("is:open", [issue for issue in living if issue.closed_at is None]),
        ("-is:open -status:done", [issue for issue in living if issue.status == "cancelled"]),
        ("is:open,closed", living),
    ):
        assert await world.asker.search.total(query, project="CORE") == Total(count=len(wanted))


async def test_a_condition_is_not_counted_again_for_the_next_page_or_key(world: World) -> None:
    """How many issues it names decides only where to start from."""
    queries: list[tuple[Named, Params]] = []
    heard = overheard.set(queries)
    try:
        for query in ("label:ui sort:updated", "label:ui sort:due", "label:ui sort:updated"):
            page = await world.asker.search.page(query, project="CORE", limit=5)
            assert [issue.id for issue in page.items] == world.find(parse(query), "CORE")[:5]
    finally:
        overheard.reset(heard)
    assert [query.name for query, _ in queries].count("search_probe") == 1


async def test_what_is_newest_is_found_at_once_though_much_of_it_went_into_the_trash(
    own: World, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Across projects: as many living issues are compared at first, not as many numbers."""
    monkeypatch.setattr(sources, "WINDOW", 30)
    core = sorted((one for one in own.issues if one.project == "CORE"), key=lambda one: one.number)
    for issue in core[-80:-1]:
        issue.deleted = True
    gone = [issue.id for issue in core if issue.deleted]
    instance.sql.execute(
        "UPDATE issues SET deleted_at = coalesce(deleted_at, now()) WHERE id = ANY(%s)", (gone,)
    )
    instance.sql.execute("DELETE FROM issue_search WHERE issue_id = ANY(%s)", (gone,))
    queries: list[tuple[Named, Params]] = []
    heard = overheard.set(queries)
    try:
        page = await own.asker.search.page("alpha", limit=3)
    finally:
        overheard.reset(heard)
    assert [issue.id for issue in page.items] == own.find(parse("alpha"), None)[:3]
    assert [query.name for query, _ in queries].count("search_window") == 1
    assert "search_words" not in {query.name for query, _ in queries}


async def test_a_large_total_stops_where_it_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so; the exact one counts all."""
    monkeypatch.setattr("rhythm_domain.services.search.COUNTED", 20)
    for query in ("alpha", "has:due", "beta type:bug,task"):
        found = len(world.find(parse(query), None))
        assert found > 20
        assert await world.asker.search.total(query) == Total(count=20, exact=False)
        assert await world.asker.search.exact_total(query) == Total(count=found)


async def test_days_are_the_askers_own(team: Team) -> None:
    """An issue of eleven at night UTC is one of the next day in Tokyo."""
    from rhythm_domain.models.drafts import IssueDraft

    issue = await team.member.issues.create("CORE", IssueDraft(title="Late"))
    night = (datetime.now(UTC) - timedelta(days=3)).replace(hour=23, minute=0)
    team.instance.sql.execute("UPDATE issues SET created_at = %s WHERE id = %s", (night, issue.id))
    query = f"created:{night.date()}"
    assert (await team.member.search.page(query, project="CORE")).items
    team.instance.sql.execute("UPDATE users SET time_zone = 'Asia/Tokyo'")
    assert not (await team.member.search.page(query, project="CORE")).items
    query = f"created:{night.date() + timedelta(days=1)}"
    assert (await team.member.search.page(query, project="CORE")).items


async def test_a_change_is_found_at_once(team: Team) -> None:
    """By its new title, no longer by the old one, and not in the trash."""
    from rhythm_domain.models.drafts import IssueDraft, IssueEdit

    issue = await team.member.issues.create("CORE", IssueDraft(title="Login crashes", description="On Mars"))
    find = team.viewer.search.page
    assert [each.id for each in (await find("mars log", project="CORE")).items] == [issue.id]
    await team.member.issues.edit(issue.key, IssueEdit(title="Logout hangs", base_version=issue.version))
    assert not (await find("crash", project="CORE")).items
    assert (await find("hangs", project="CORE")).items
    await team.owner.issues.delete([issue.key])
    assert not (await find("hangs", project="CORE")).items


async def test_completion_offers_the_names_of_ones_projects(own: World, instance: Instance) -> None:
    """People, labels, sprints and projects; nothing of a project that the person can't see."""
    instance.sql.execute(
        "INSERT INTO labels (project_id, name, folded) SELECT id, 'hidden', 'hidden'"
        " FROM projects WHERE key = 'SECRET'"
    )

    async def offered(text: str, project: str | None = None) -> list[str]:
        return [each.label for each in await own.asker.search.suggest(text, len(text), project=project)]

    assert await offered("assignee:b") == ["bob"]
    assert await offered("label:nee", "CORE") == ["needs review"]
    assert await offered("label:hid") == []
    assert await offered("project:") == ["CORE", "WEB"]
    assert (await offered("sprint:S", "CORE"))[0] == "S2", "the active sprint first"
    assert "status:" in await offered("sta")


async def test_what_is_shown_is_read_again_as_far_as_it_may_be_seen(team: Team) -> None:
    """Issues of other projects and those in the trash are left out, and the order is the one given."""
    draft = IssueDraft(title="one")
    ids = [(await team.member.issues.create("CORE", draft)).id for _ in range(3)]
    await team.member.issues.delete([ids[1]])
    asked = [ids[2], ids[1], ids[0], 10**9]
    assert [row.id for row in await team.viewer.search.again(asked)] == [ids[2], ids[0]]
    assert [row.id for row in await team.admin.search.again(asked)] == [ids[2], ids[0]]
    assert await team.outsider.search.again(asked) == ()


async def test_names_that_nobody_has_are_told_with_the_nearest(team: Team) -> None:
    """Of one's own projects; what one may not see is as if it were not there."""
    await team.maintainer.labels.create("CORE", "Backend")
    await team.outsider.projects.create("ELSE", "Elsewhere")
    unknown = team.member.search.unknown
    assert await unknown("assignee:@me,mia,none label:backend project:CORE reporter:olga") == ()
    assert await unknown("crash is:open") == ()
    assert await unknown("assignee:miaa -label:backedn sprint:current", project="CORE") == (
        "Nobody is called miaa. Did you mean mia?",
        "There is no label backedn. Did you mean Backend?",
        "No sprint is active.",
    )
    assert await unknown("project:ELSE parent:CORE-7 label:zzz") == (
        "There is no project ELSE.",
        "There is no issue CORE-7.",
        "There is no label zzz.",
    )


async def test_mentioned_issues_are_found_by_their_keys_where_one_may_see_them(team: Team) -> None:
    """Also by a key of before; nothing of others' projects, of the trash, of what is no key."""
    for title in ("one", "two"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    await team.outsider.projects.create("ELSE", "Elsewhere")
    await team.outsider.issues.create("ELSE", IssueDraft(title="hidden"))
    await team.owner.projects.rekey("CORE", "HEART")
    await team.maintainer.issues.delete(["HEART-2"])
    found = await team.viewer.search.mentioned(["CORE-1", "HEART-1", "CORE-2", "CORE-9", "ELSE-1", "X", "-1"])
    assert {key: row.key for key, row in found.items()} == {"CORE-1": "HEART-1", "HEART-1": "HEART-1"}
    assert await team.viewer.search.mentioned([]) == {}


async def test_a_list_across_projects_shows_what_an_index_lacks(team: Team) -> None:
    """As after a table was restored by itself; `rhythm doctor` says it."""
    await team.owner.projects.create("ELSE", "Elsewhere")
    for project in ("CORE", "ELSE"):
        await team.owner.issues.create(project, IssueDraft(title="one"))
    team.instance.sql.execute("DELETE FROM issue_index")
    assert [row.key for row in (await team.owner.search.page()).items] == ["ELSE-1", "CORE-1"]


async def test_a_list_across_projects_stays_true_while_issues_come_and_go(team: Team) -> None:
    """How far the newest issues of each project go back is remembered for a while."""
    me = team.owner
    await me.projects.create("ELSE", "Elsewhere")
    keys: list[str] = []

    async def made(count: int) -> None:
        for at in range(count):
            project = ("CORE", "ELSE")[at % 2]
            keys.append((await me.issues.create(project, IssueDraft(title="one"))).key)

    async def listed() -> list[str]:
        page = await me.search.page(limit=1)
        found = [row.key for row in page.items]
        while page.next:
            page = await me.search.page(limit=1, cursor=page.next)
            found += [row.key for row in page.items]
        return found

    await made(20)
    assert await listed() == keys[::-1]
    gone = [key for key in keys[4:18] if key not in {keys[6], keys[11]}]
    for project in ("CORE", "ELSE"):
        theirs = [key for key in gone if key.startswith(project)]
        await me.issues.delete(theirs)
        await me.issues.purge(theirs[::2])
    for key in gone:
        keys.remove(key)
    assert await listed() == keys[::-1]
    await made(5)
    assert await listed() == keys[::-1]
    assert any("reach" in hint for hint in me.search._guard._db.hints)
