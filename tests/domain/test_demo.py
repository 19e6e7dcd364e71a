"""The demo: what it loads obeys every rule that the tracker keeps, whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from rhythm_domain import lexemes, rank
from rhythm_domain.demo import filler, stories, vocabulary, working_time, workspace
from rhythm_domain.models import IssueType, Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.query import parse
from rhythm_domain.repository import bulk
from tests.instances import Instance


@contextmanager
def quiet(_total: int, _label: str) -> Iterator[Callable[[int], None]]:
    yield lambda _: None


@pytest.fixture
def me(instance: Instance) -> int:
    """The person who runs the demo."""
    return instance.person("robin", admin=True).user.id


NOW = datetime(2026, 5, 4, tzinfo=UTC)
TABLES = [*bulk.COLUMNS, "issue_counts"]

BROKEN = {
    "a column's total is wrong": """
        SELECT FROM (SELECT project_id, status, sum(total) AS n FROM issue_counts GROUP BY 1, 2) a
        FULL JOIN (SELECT project_id, status, count(*) AS n FROM issues GROUP BY 1, 2) b
        USING (project_id, status) WHERE a.n IS DISTINCT FROM b.n""",
    "a number would be given twice": """
        SELECT FROM issue_numbers n
        WHERE last <> (SELECT max(number) FROM issues i WHERE i.project_id = n.project_id)""",
    "not one active sprint": """
        SELECT FROM projects p WHERE EXISTS (SELECT FROM sprints s WHERE s.project_id = p.id)
        AND 1 <> (SELECT count(*) FROM sprints s WHERE s.project_id = p.id AND state = 'active')""",
    "a sprint's scope differs from its issues": """
        SELECT FROM issues i FULL JOIN (SELECT * FROM sprint_scope WHERE removed_at IS NULL) s
        ON s.issue_id = i.id WHERE s.sprint_id IS DISTINCT FROM i.sprint_id""",
    "an open issue is in a finished sprint": """
        SELECT FROM issues i JOIN sprints s ON s.id = i.sprint_id
        WHERE s.state = 'finished' AND closed_at IS NULL""",
    "an issue can't be found": """
        SELECT FROM issues i LEFT JOIN issue_search s ON s.issue_id = i.id AND s.number = i.number
        AND s.project_id = i.project_id WHERE s.issue_id IS NULL""",
    "an issue has no text": """
        SELECT FROM issues LEFT JOIN issue_texts ON issue_id = id WHERE issue_id IS NULL""",
    "something is assigned to somebody who left": """
        SELECT FROM issues i JOIN project_members m USING (project_id)
        WHERE m.user_id = i.assignee_id AND i.closed_at IS NULL AND m.ended_at IS NOT NULL""",
    "times are not in order": """
        SELECT FROM issues WHERE created_at > updated_at OR closed_at NOT BETWEEN created_at AND updated_at
        OR updated_at > now()""",
    "a comment is from before its issue": """
        SELECT FROM comments c JOIN issues i ON i.id = c.issue_id
        WHERE c.created_at NOT BETWEEN i.created_at AND i.updated_at""",
    "an issue has no beginning": """
        SELECT FROM issues i WHERE created_at IS DISTINCT FROM
        (SELECT at FROM events e WHERE e.issue_id = i.id AND kind = 'issue.created')""",
    "the last that is known of a status is not the status": """
        SELECT FROM issues i CROSS JOIN LATERAL (
          SELECT after FROM events e WHERE e.issue_id = i.id AND e.after ? 'status'
          ORDER BY seq DESC LIMIT 1) e
        WHERE e.after->>'status' <> i.status::text""",
    "history is not in the order of time": """
        SELECT FROM (SELECT at, lag(at) OVER (PARTITION BY project_id ORDER BY seq) AS before FROM events
        WHERE project_id IS NOT NULL) e WHERE before > at""",
    "something was planned into a sprint that was not made": """
        SELECT FROM sprint_scope c JOIN sprints s ON s.id = c.sprint_id JOIN issues i ON i.id = c.issue_id
        WHERE c.added_at NOT BETWEEN greatest(s.created_at, i.created_at) AND now()
        OR c.removed_at < c.added_at""",
    "a sprint was not made before it started": """
        SELECT FROM sprints
        WHERE created_at >= started_at OR started_at >= finished_at OR created_at > now()""",
    "a parent is no epic": """
        SELECT FROM issues i JOIN issues p ON p.id = i.parent_id
        WHERE p.type <> 'epic' OR p.number >= i.number""",
}


AT_NIGHT = """
    SELECT FROM (SELECT at FROM events UNION ALL SELECT created_at FROM comments UNION ALL
                 SELECT added_at FROM sprint_scope) AS e
    WHERE extract(isodow FROM at AT TIME ZONE 'UTC') > 5
       OR (at AT TIME ZONE 'UTC')::time NOT BETWEEN '08:00' AND '18:00'"""
"""What happened while nobody works."""


def assert_sound(instance: Instance) -> None:
    """Every rule holds for every row, and all that a load takes down is up again."""
    broken = [rule for rule, query in BROKEN.items() if instance.sql.execute(query.encode()).rowcount]
    assert not broken
    for issue in instance.sql.execute(
        "SELECT i.number, i.rank, i.project_id, i.title, t.description, s.tsv::text AS tsv"
        " FROM issues i JOIN issue_texts t ON t.issue_id = i.id JOIN issue_search s ON s.issue_id = i.id"
        " ORDER BY i.number % 7, i.id LIMIT 50"
    ):
        assert rank.is_rank(issue["rank"])
        expected = lexemes.document(
            issue["title"], issue["description"], project_id=issue["project_id"], number=issue["number"]
        )
        assert issue["tsv"] == instance.value("SELECT %s::tsvector::text", expected)


def structure(instance: Instance) -> list[Any]:
    """All indexes, constraints and triggers."""
    return instance.sql.execute(
        "SELECT pg_get_indexdef(indexrelid), indisvalid::text FROM pg_index WHERE indrelid > 16000"
        " UNION ALL SELECT conrelid::regclass || conname || pg_get_constraintdef(oid), convalidated::text"
        " FROM pg_constraint WHERE conrelid > 16000"
        " UNION ALL SELECT pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
        " ORDER BY 1"
    ).fetchall()


def rows(instance: Instance) -> dict[str, Any]:
    """What stands in every table, hashed."""
    return {
        table: instance.value(f"SELECT sum(hashtextextended(t::text, 0)) FROM {table} t") for table in TABLES
    }


# The three projects -------------------------------------------------------------------------------------


def test_the_workspace_obeys_every_rule(instance: Instance, conninfo: str, me: int) -> None:
    before = structure(instance)
    assert workspace.create(conninfo, owner=me)
    assert_sound(instance)
    assert instance.sql.execute(AT_NIGHT.encode()).rowcount == 0
    assert structure(instance) == before


def test_the_workspace_has_something_of_everything(instance: Instance, conninfo: str, me: int) -> None:
    workspace.create(conninfo, owner=me)
    assert instance.value("SELECT count(*) FROM issues") > 250
    assert instance.value("SELECT count(DISTINCT (project_id, status)) FROM issues") == 18
    roles = "SELECT count(DISTINCT role) FROM project_members WHERE ended_at IS NULL"
    assert instance.value(roles) == 4
    for table in ("comments", "issue_links", "issue_labels", "saved_views"):
        assert instance.value(f"SELECT count(*) FROM {table}") > 3
    states = "SELECT string_agg(DISTINCT state::text, ' ') FROM sprints"
    assert instance.value(states) == "active finished planned"
    assert instance.value("SELECT count(*) FROM issues WHERE due < now() AND closed_at IS NULL") > 0
    assert instance.value("SELECT count(*) FROM sprint_scope WHERE removed_at IS NOT NULL") > 0
    mine = (
        "SELECT role::text FROM project_members"
        " JOIN project_keys USING (project_id) WHERE user_id = %s AND key = %s"
    )
    assert instance.value(mine, me, workspace.MAIN) == "owner"


@pytest.mark.parametrize("day", range(4, 11))
def test_sprints_follow_each_other_on_working_days(day: int) -> None:
    """Whatever day of the week it is: one is half over, and each is made before the one before it ends."""
    now = datetime(2026, 5, day, 12, tzinfo=UTC)
    *finished, active, planned = working_time.sprints(now, 3)
    assert len(finished) == 3
    assert timedelta(days=6) < now - active.starts < timedelta(days=10)
    for before, after in pairwise((*finished, active, planned)):
        assert before.starts < before.ends < after.starts == before.starts + working_time.SPRINT
        assert after.made < before.ends
        assert before.made < before.starts
    assert planned.made < now
    assert all(each.weekday() < 5 for one in finished for each in (one.made, one.starts, one.ends))


def test_time_passes_only_while_people_work() -> None:
    friday, monday = datetime(2026, 5, 8, 16, tzinfo=UTC), datetime(2026, 5, 11, 10, tzinfo=UTC)
    assert working_time.moment(friday, monday, 0) == friday
    assert working_time.moment(friday, monday, 0.75) == monday.replace(hour=9)
    sunday = friday + timedelta(days=2)
    assert working_time.moment(sunday, sunday + timedelta(hours=3), 0.5) == sunday
    assert working_time.moment(monday, friday, 0.5) == monday


def test_a_second_time_nothing_changes(instance: Instance, conninfo: str, me: int) -> None:
    workspace.create(conninfo, owner=me)
    before = rows(instance)
    assert not workspace.create(conninfo, owner=me)
    assert rows(instance) == before


async def test_people_can_go_on_from_there(instance: Instance, conninfo: str) -> None:
    robin = instance.person("robin", admin=True)
    workspace.create(conninfo, owner=robin.user.id)
    made = await robin.issues.create("STN", IssueDraft(title="One more"))
    assert made.number == instance.value(
        "SELECT max(number) FROM issues WHERE project_id = %s", made.project_id
    )
    await robin.comments.add(made.key, "The ids go on too.")
    await robin.issues.move(made.key, Status.DONE)
    assert_sound(instance)
    report = await robin.sprints.report("STN", "current")
    assert report.committed
    assert report.done
    assert (await robin.history.of_issue("STN-3")).items[-1].text == "created it"


def test_the_saved_views_can_be_asked(instance: Instance, conninfo: str, me: int) -> None:
    workspace.create(conninfo, owner=me)
    for view in instance.sql.execute("SELECT query FROM saved_views"):
        assert str(parse(view["query"])) == view["query"]


@pytest.mark.parametrize("name", ["station", "dashboard", "app"])
def test_stories_are_read_whole(name: str) -> None:
    """No line of the files is lost, and no title is there twice."""
    told = stories.read(name)
    assert len({story.title for story in told}) == len(told)
    assert all(story.component and story.observed for story in told)
    assert {story.type for story in told} == set(IssueType)
    assert all(story.epic is None or story.epic.type is IssueType.EPIC for story in told)


# Many issues --------------------------------------------------------------------------------------------


def test_what_is_filled_in_obeys_every_rule(instance: Instance, conninfo: str, me: int) -> None:
    workspace.create(conninfo, owner=me)
    before, structured = instance.value("SELECT count(*) FROM issues"), structure(instance)
    assert filler.fill(conninfo, 2000, owner=me, progress=quiet)
    assert_sound(instance)
    assert structure(instance) == structured
    assert instance.value("SELECT count(*) FROM issues") == before + 2000
    largest = "SELECT count(*) FROM issues i JOIN projects p ON p.id = i.project_id WHERE key = %s"
    assert 1200 <= instance.value(largest, filler.FIRST_KEY) <= 1220
    closed = instance.value("SELECT avg((closed_at IS NOT NULL)::int) FROM issues WHERE id > %s", before)
    assert 0.75 < closed < 0.85
    filled = rows(instance)
    assert not filler.fill(conninfo, 2000, owner=me, progress=quiet)
    assert rows(instance) == filled


def test_the_same_number_and_day_give_the_same_issues() -> None:
    project = filler._projects(bulk.Rows(), 600, 1, dict.fromkeys(bulk.COLUMNS, 1), NOW)[0]
    chunk = filler._Chunk(project, 101, 50)
    assert filler._issues(chunk) == filler._issues(chunk)


def test_several_processes_make_the_same_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    project = filler._projects(bulk.Rows(), 300, 1, dict.fromkeys(bulk.COLUMNS, 1), NOW)[0]
    chunks = [filler._Chunk(project, first, 4) for first in range(1, 80, 4)]
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(filler, "_BY_ONE", 40)
    together = list(filler._made(chunks))
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert together == list(filler._made(chunks))


@pytest.mark.parametrize("count", [1, 199, 400, 2000, 20_000, 1_000_000])
def test_sizes_add_up(count: int) -> None:
    sizes = filler.sizes(count)
    assert sum(sizes) == count
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == min(50, max(1, count // 200))


def test_words_come_as_often_as_words_do() -> None:
    words = vocabulary.words()
    assert len(words) == len(set(words)) > 3000
    assert len(vocabulary.weights()) == len(words)
    assert len({name for name, _ in vocabulary.people(300)}) == 300


def test_a_load_that_is_killed_leaves_nothing_and_can_be_done_again(
    instance: Instance, conninfo: str, me: int
) -> None:
    before, structured = rows(instance), structure(instance)
    program = (
        "import sys\nfrom contextlib import contextmanager\nfrom rhythm_domain.demo import filler\n"
        "@contextmanager\ndef told(total, label):\n    yield lambda _: print(label, flush=True)\n"
        "filler._BY_ONE = 1000\n"
        "filler.fill(sys.argv[1], 6000, owner=int(sys.argv[2]), progress=told)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, conninfo, str(me)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    with psycopg.connect(
        conninfo
    ) as sql:  # The server notices that nobody is there, and lets go of the lock.
        sql.execute("SELECT pg_advisory_xact_lock(%s)", (bulk.LOCK,))
    assert rows(instance) == before
    assert structure(instance) == structured
    assert filler.fill(conninfo, 300, owner=me, progress=quiet)
    assert_sound(instance)
