"""Any number of made-up issues, in a second or in minutes: the same for the same number and day.

50 projects, fewer for small numbers; one has 60 % of all issues, the others follow Zipf's law. 300 people,
four of five issues are closed; three years of sprints. Words are as frequent as `vocabulary` says. The
history has each creation and closing. Rows are made on all cores, while the database reads them.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from random import Random
from typing import TypeAlias

from rhythm_domain import lexemes, rank
from rhythm_domain.demo import vocabulary
from rhythm_domain.models import COLOURS, IssueType, Priority, Role, SprintState, Status
from rhythm_domain.policy import Permission
from rhythm_domain.repository.bulk import Rows, loading

Progress: TypeAlias = Callable[[int, str], AbstractContextManager[Callable[[int], None]]]
"""Shows how long work goes on: called with a total and a label, it gives what counts."""

FIRST_KEY = "ATLAS"
"""The largest project; an instance that has it was filled already."""

_PEOPLE = 300
_MOST_PROJECTS = 50
_LARGEST = 0.6
_LEAST = 200
"""Issues for which there is one project more."""

_BY_ONE = 4000
"""Issues that a process makes at least: to begin another takes as long as hundreds."""

_SPAN = timedelta(days=3 * 365)
_SPRINT = timedelta(weeks=2)
_IN_SPRINT = 150
"""About how many issues a finished sprint has at most."""

_CHUNK = 2500
_COMMENTS = 4
_EPIC_EVERY = 50


@dataclass(frozen=True)
class _Sprint:
    id: int
    filled: datetime
    """From when on it has issues: from its start, or from when it was made if it is only planned."""
    starts: datetime
    ends: datetime
    state: SprintState


@dataclass(frozen=True)
class _Project:
    """What is known of a project before its issues: `first_issue` and `first_comment` are ids."""

    id: int
    size: int
    first_issue: int
    first_comment: int
    people: Sequence[int]
    labels: Sequence[int]
    sprints: Sequence[_Sprint]
    now: datetime


@dataclass(frozen=True)
class _Chunk:
    project: _Project
    first: int
    count: int


def fill(conninfo: str, count: int, *, owner: int, progress: Progress, now: datetime | None = None) -> bool:
    """Adds `count` issues to an instance, in projects that the person `owner` owns too.

    All or nothing, whenever it is stopped. False if the instance was filled already: then nothing is done.
    """
    now = (now or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
    with loading(conninfo, unless=FIRST_KEY) as load:
        if load is None:
            return False
        rows = Rows()
        projects = _projects(rows, count, owner, load.next_ids, now)
        load.copy(rows.encoded())
        chunks = [
            _Chunk(project, first, min(_CHUNK, project.size - first + 1))
            for project in projects
            for first in range(1, project.size + 1, _CHUNK)
        ]
        with progress(count, "Issues") as done:
            for chunk, encoded in zip(chunks, _made(chunks), strict=True):
                load.copy(encoded)
                done(chunk.count)
        with progress(load.steps, "Indexes and counts") as done:
            load.finish(done)
    return True


def sizes(count: int) -> list[int]:
    """How many issues each project has, the largest first."""
    others = min(_MOST_PROJECTS, max(1, count // _LEAST)) - 1
    if not others:
        return [count]
    shares = [1 / at for at in range(2, others + 2)]
    rest = count - int(count * _LARGEST)
    smaller = [max(1, int(rest * share / sum(shares))) for share in shares]
    return [count - sum(smaller), *smaller]


# Projects and people ------------------------------------------------------------------------------------


def _projects(rows: Rows, count: int, owner: int, next_ids: dict[str, int], now: datetime) -> list[_Project]:
    """Writes everything but the issues."""
    dice = Random(f"projects {count}")  # noqa: S311 - the same rows every time
    begin = now - _SPAN
    first_person = next_ids["users"]
    for at, (name, display_name) in enumerate(vocabulary.people(_PEOPLE)):
        rows.add("users", first_person + at, name, display_name, True, True, begin)
    everybody = range(first_person, first_person + _PEOPLE)
    next_label, next_sprint = next_ids["labels"], next_ids["sprints"]
    first_issue, first_comment = next_ids["issues"], next_ids["comments"]
    projects = []
    for at, size in enumerate(sizes(count)):
        id_ = next_ids["projects"] + at
        name = vocabulary.section("projects")[at]
        key = name.upper()
        rows.add("projects", id_, key, name, f"Everything about {name}.", "{}", begin, begin)
        rows.add("project_keys", key, id_)
        rows.add("issue_numbers", id_, size)
        members = dice.sample(everybody, min(_PEOPLE, 6 + size // 50))
        rows.add("project_members", id_, owner, Role.OWNER, begin, None)
        for place, member in enumerate(members):
            rows.add("project_members", id_, member, _role(place), begin, None)
        labels = range(next_label, next_label + len(vocabulary.section("labels")))
        for label, label_name in zip(labels, vocabulary.section("labels"), strict=True):
            rows.add("labels", label, id_, label_name, label_name, COLOURS[label % len(COLOURS)], "")
        sprints = _sprints(rows, id_, next_sprint, min(_SPAN // _SPRINT, size // 30), now)
        next_label, next_sprint = labels.stop, next_sprint + len(sprints)
        working = [member for place, member in enumerate(members) if _role(place) is not Role.VIEWER]
        projects.append(_Project(id_, size, first_issue, first_comment, working, labels, sprints, now))
        first_issue += size
        first_comment += size * _COMMENTS
    return projects


def _role(place: int) -> Role:
    """The role of a project's n-th member."""
    if place == 0:
        return Role.OWNER
    if place <= 2:
        return Role.MAINTAINER
    return Role.VIEWER if place % 9 == 5 else Role.MEMBER


def _sprints(rows: Rows, project: int, first: int, finished: int, now: datetime) -> list[_Sprint]:
    """Finished sprints, an active one half way, and one that is planned."""
    sprints = []
    for at in range(finished + 2):
        starts = now - _SPRINT / 2 - _SPRINT * (finished - at)
        ends = starts + _SPRINT
        state = (
            SprintState.FINISHED
            if at < finished
            else SprintState.ACTIVE
            if at == finished
            else SprintState.PLANNED
        )
        started = None if state is SprintState.PLANNED else starts
        over = ends if state is SprintState.FINISHED else None
        days = starts.date(), ends.date() - timedelta(days=1)
        made = min(starts, now) - timedelta(days=3)
        name = f"Sprint {at + 1}"
        rows.add("sprints", first + at, project, name, name.lower(), "", state, *days, started, over, made)
        sprints.append(_Sprint(first + at, started or made, starts, ends, state))
    return sprints


# Issues -------------------------------------------------------------------------------------------------


def _made(chunks: Sequence[_Chunk]) -> Iterator[dict[str, bytes]]:
    """The rows of each chunk, in order; made by several processes if there are many issues.

    Each sends through a pipe of its own: it waits while the database is busy, and ends if we do.
    """
    workers = min(os.cpu_count() or 1, sum(chunk.count for chunk in chunks) // _BY_ONE)
    if workers < 2:
        yield from map(_issues, chunks)
        return
    context = multiprocessing.get_context("spawn")
    readers = []
    for worker in range(workers):
        reader, writer = context.Pipe(duplex=False)
        context.Process(target=_work, args=(writer, chunks[worker::workers]), daemon=True).start()
        writer.close()
        readers.append(reader)
    try:
        for at in range(len(chunks)):
            yield readers[at % workers].recv()
    finally:
        for reader in readers:
            reader.close()


def _work(writer: Connection, chunks: Sequence[_Chunk]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that reads.
    try:
        for chunk in chunks:
            writer.send(_issues(chunk))
    except BrokenPipeError:
        return


def _issues(chunk: _Chunk) -> dict[str, bytes]:
    """The rows of some issues that follow each other."""
    dice = Random(f"{chunk.project.id} {chunk.first}")  # noqa: S311 - the same rows every time
    rows = Rows()
    for number in range(chunk.first, chunk.first + chunk.count):
        _issue(rows, dice, chunk.project, number)
    return rows.encoded()


def _issue(rows: Rows, dice: Random, project: _Project, number: int) -> None:
    """One issue with all that belongs to it."""
    id_ = project.first_issue + number - 1
    age = (project.size - number + dice.random()) / project.size  # 1: the oldest, 0: created just now
    created = project.now - _SPAN * age
    status = _status(dice, age)
    closed = min(created + timedelta(days=dice.expovariate(1 / 20)), project.now) if status.closed else None
    reporter, assignee = _someone(dice, project), _someone(dice, project)
    assigned = dice.random() < (0.9 if status not in (Status.BACKLOG, Status.TODO) else 0.35)
    type_, parent = _place(dice, project, number)
    sprint = _sprint(dice, project, status, closed)
    priority = dice.choices([*Priority], (3, 12, 40, 20, 25))[0]
    labels = sorted(
        {project.labels[int(len(project.labels) * dice.random() ** 2)] for _ in range(dice.randrange(4))}
    )
    title, description = _title(dice), _description(dice)
    touched = _comments(rows, dice, project, id_, created, closed or project.now)
    order = rank.initial(number)
    rows.add(
        "issues", id_, project.id, number, title, status, priority, type_, reporter,
        assignee if assigned else None, sprint and sprint.id, parent,
        dice.choice((1, 2, 3, 5, 8, 13)) if dice.random() < 0.6 else None,
        (created + timedelta(days=dice.randrange(7, 90))).date() if dice.random() < 0.12 else None,
        order, 2 if closed else 1, created, max(filter(None, (created, closed, touched))), closed,
    )  # fmt: skip
    rows.add("issue_texts", id_, description)
    tsv = lexemes.document(title, description, project_id=project.id, number=number)
    rows.add("issue_search", id_, project.id, number, tsv)
    for label in labels:
        rows.add("issue_labels", project.id, id_, label)
    if number > _EPIC_EVERY and dice.random() < 0.05:
        rows.add("issue_links", project.id, id_ - dice.randrange(1, _EPIC_EVERY), id_)
    if sprint:
        rows.add("sprint_scope", sprint.id, id_, max(created, sprint.filled), None)
    first = {"title": title, "number": number, "rank": order, "reporter_id": reporter, "labels": labels}
    _event(rows, dice, project, id_, "issue.created", Permission.ISSUE_CREATE, reporter, {}, first, created)
    if closed:
        was = {"status": "in_review", "closed_at": None}
        now = {"status": status, "closed_at": closed.isoformat()}
        actor = assignee if assigned else reporter
        _event(rows, dice, project, id_, "issue.changed", Permission.ISSUE_MOVE, actor, was, now, closed)


def _status(dice: Random, age: float) -> Status:
    """Four of five issues are closed: nearly all old ones, few of the latest."""
    if dice.random() < (0.92 if age > 0.3 else 0.12 + 0.8 * age / 0.3):
        return Status.DONE if dice.random() < 0.88 else Status.CANCELLED
    return dice.choices(
        (Status.BACKLOG, Status.TODO, Status.IN_PROGRESS, Status.IN_REVIEW), (45, 25, 18, 12)
    )[0]


def _someone(dice: Random, project: _Project) -> int:
    """A member; some do much more than others."""
    return project.people[int(len(project.people) * dice.random() ** 2)]


def _place(dice: Random, project: _Project, number: int) -> tuple[IssueType, int | None]:
    """An issue's type, and its parent: the epic before it, or none."""
    if number % _EPIC_EVERY == 1:
        return IssueType.EPIC, None
    type_ = dice.choices(
        (IssueType.BUG, IssueType.FEATURE, IssueType.TASK, IssueType.CHORE), (40, 20, 30, 10)
    )[0]
    epic = project.first_issue + (number - 1) // _EPIC_EVERY * _EPIC_EVERY
    return type_, epic if dice.random() < 0.2 else None


def _sprint(dice: Random, project: _Project, status: Status, closed: datetime | None) -> _Sprint | None:
    """The sprint in which an issue was done, or in which it is or will be."""
    *finished, active, planned = project.sprints
    if closed:
        at = (closed - active.starts) // _SPRINT + len(finished)
        share = min(0.5, _IN_SPRINT / (project.size * 0.8 / (_SPAN / _SPRINT)))
        return project.sprints[at] if 0 <= at <= len(finished) and dice.random() < share else None
    if status is Status.BACKLOG or dice.random() > min(0.5, _IN_SPRINT / (project.size * 0.1)):
        return None
    return planned if status is Status.TODO and dice.random() < 0.5 else active


def _comments(
    rows: Rows, dice: Random, project: _Project, issue: int, since: datetime, until: datetime
) -> datetime | None:
    """Writes what people said about one issue of five; when they last did."""
    if dice.random() > 0.2:
        return None
    times = sorted(since + (until - since) * dice.random() for _ in range(dice.randint(1, _COMMENTS)))
    first = project.first_comment + (issue - project.first_issue) * _COMMENTS
    for at, time in enumerate(times):
        body = _sentences(_words(dice, dice.randint(5, 40)))
        rows.add("comments", first + at, project.id, issue, _someone(dice, project), body, time)
    return times[-1]


def _event(
    rows: Rows, dice: Random, project: _Project, issue: int, kind: str, permission: Permission, actor: int,
    before: Mapping[str, object], after: Mapping[str, object], at: datetime,
) -> None:  # fmt: skip
    id_ = f"{dice.getrandbits(128):032x}"
    rows.add(
        "events",
        id_,
        id_,
        kind,
        permission,
        actor,
        project.id,
        issue,
        json.dumps(before),
        json.dumps(after),
        at,
    )


# Texts --------------------------------------------------------------------------------------------------


def _words(dice: Random, count: int) -> list[str]:
    return dice.choices(vocabulary.words(), cum_weights=vocabulary.weights(), k=count)


def _title(dice: Random) -> str:
    """4 to 10 words, what to do first."""
    verb = dice.choice(vocabulary.section("verbs")).capitalize()
    return f"{verb} {' '.join(_words(dice, dice.randint(3, 9)))}"[:250].rstrip()


def _description(dice: Random) -> str:
    """20 to 150 words: paragraphs, in one of eight a list, in one of ten an excerpt of a log."""
    count = dice.randint(20, 150)
    words = _words(dice, count)
    parts = [_sentences(words[at : at + 45]) for at in range(0, count, 45)]
    if dice.random() < 0.12:
        parts[-1] = "\n".join(
            f"- {' '.join(words[at : at + 6])}" for at in range(count - len(words) % 45, count, 6)
        )
    if dice.random() < 0.1:
        parts.append(f"```\n{_words(dice, 1)[0]}: {' '.join(words[:8])}\n```")
    return "\n\n".join(filter(None, parts))


def _sentences(words: Sequence[str]) -> str:
    """Sentences of nine words."""
    parts = (" ".join(words[at : at + 9]) for at in range(0, len(words), 9))
    return " ".join(f"{part[0].upper()}{part[1:]}." for part in parts)
