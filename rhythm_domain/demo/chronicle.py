"""How a made-up project came to be: who wrote what and who did it when, told as the tracker records it.

Every change goes through `Chronicle._change`, which keeps the columns of the issue and its history in step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle
from random import Random
from typing import Any

from rhythm_domain import lexemes, rank
from rhythm_domain.demo import stories, working_time
from rhythm_domain.demo.stories import Story
from rhythm_domain.demo.working_time import SPRINT, Stretch, moment
from rhythm_domain.models import COLOURS, IssueType, Priority, Role, SprintState, Status
from rhythm_domain.policy import Permission
from rhythm_domain.repository.bulk import Rows
from rhythm_domain.text import folded

HISTORY = timedelta(days=150)
"""How old the projects are."""

_LEFT = timedelta(days=60)
"""How long ago those left who did."""

_ESTIMATES = (1, 5, 2, None, 3, 1, 8, 2, None, 3)
"""One after the other: so all sprints have about as many points."""

_EXTRA_LABELS = ("customer", "regression", "good first issue", "needs hardware")
_GOALS = ("Survive the winter", "Nothing gets lost", "Ready for the pilot", "Less noise", "Trust")


@dataclass(frozen=True)
class Team:
    """A project: its people by id with their roles, its past sprints (None: it plans none)."""

    key: str
    name: str
    about: str
    stories: str
    people: Mapping[int, Role]
    me: int
    left: int | None
    finished_sprints: int | None
    versions: Sequence[str]
    wip_limits: dict[str, int]


@dataclass(frozen=True)
class _Sprint:
    id: int
    when: Stretch


@dataclass
class _Issue:
    """An issue and its columns as they are at the moment of its history that is being told."""

    id: int
    story: Story
    created: datetime
    values: dict[str, Any]
    updated: datetime
    version: int = 1
    planned: datetime | None = None
    """When it came into its sprint."""
    begun: datetime | None = None
    """When somebody began to work on it."""
    labels: list[int] = field(default_factory=list)


class Chronicle:
    """Writes one project. Ids come from `next_ids`, which it moves on."""

    def __init__(self, rows: Rows, next_ids: dict[str, int], team: Team, now: datetime) -> None:
        self._rows = rows
        self._next_ids = next_ids
        self._team = team
        self._now = now
        self._left = moment(now - _LEFT, now, 0)
        self._begin = moment(now - HISTORY, now, 0)
        self._dice = Random(team.key)  # noqa: S311 - the same story every time
        self._project = self._take("projects")
        self._workers = [person for person, role in team.people.items() if role is not Role.VIEWER]
        self._estimates = cycle(_ESTIMATES)
        self._planner = next(person for person, role in team.people.items() if role is Role.MAINTAINER)

    def _take(self, table: str) -> int:
        self._next_ids[table] += 1
        return self._next_ids[table] - 1

    def write(self) -> None:
        """The whole project."""
        told = stories.read(self._team.stories)
        self._write_project(len(told))
        labels = self._write_labels(told)
        sprints = self._write_sprints()
        issues = self._create(told, labels)
        leaves = [issue for issue in issues if issue.story.type is not IssueType.EPIC]
        self._tell(leaves, sprints)
        for issue in issues:
            if issue.story.type is IssueType.EPIC:
                self._tell_epic(issue, [leaf for leaf in leaves if leaf.story.epic is issue.story])
        self._link(leaves)
        for issue in issues:
            self._comment(issue)
        self._write_issues(issues)

    # Around the issues ----------------------------------------------------------------------------------

    def _write_project(self, count: int) -> None:
        team, project = self._team, self._project
        owner = next(person for person, role in team.people.items() if role is Role.OWNER)
        limits = json.dumps(team.wip_limits)
        self._rows.add("projects", project, team.key, team.name, team.about, limits, self._begin, self._begin)
        self._rows.add("project_keys", team.key, project)
        self._rows.add("issue_numbers", project, count)
        named = {"id": project, "key": team.key, "name": team.name, "description": team.about}
        self._event(self._begin, "project.created", "project.create", owner, after=named)
        for person, role in team.people.items():
            ended = self._left if person == team.left else None
            self._rows.add("project_members", project, person, role, self._begin, ended)
            if person != owner:
                joined = {"user_id": person, "role": role}
                gone = {"user_id": person, "role": None}
                self._event(self._begin, "member.added", Permission.MEMBER_MANAGE, owner, gone, joined)
            if ended:
                self._event(ended, "member.left", Permission.MEMBER_LEAVE, person, joined, gone)

    def _write_labels(self, told: Sequence[Story]) -> dict[str, int]:
        labels: dict[str, int] = {}
        for at, name in enumerate([*dict.fromkeys(story.component for story in told), *_EXTRA_LABELS]):
            labels[name] = self._take("labels")
            colour = COLOURS[at * 5 % len(COLOURS)]
            self._rows.add("labels", labels[name], self._project, name, folded(name), colour, "")
        return labels

    def _write_sprints(self) -> list[_Sprint]:
        """Finished ones, one that is active and half over, one that is planned."""
        finished = self._team.finished_sprints
        if finished is None:
            return []
        sprints: list[_Sprint] = []
        for at, when in enumerate(working_time.sprints(self._now, finished)):
            sprint = _Sprint(self._take("sprints"), when)
            sprints.append(sprint)
            name, goal = f"Sprint {at + 1}", _GOALS[at % len(_GOALS)]
            days = when.starts.date(), when.ends.date()
            started = None if when.state is SprintState.PLANNED else when.starts
            over = when.ends if when.state is SprintState.FINISHED else None
            self._rows.add(
                "sprints", sprint.id, self._project, name, folded(name), goal, when.state, *days,
                started, over, when.made,
            )  # fmt: skip
            named = {"id": sprint.id, "name": name}
            planned = {**named, "goal": goal, "starts_on": str(days[0]), "ends_on": str(days[1])}
            self._event(when.made, "sprint.created", Permission.SPRINT_CREATE, self._planner, after=planned)
            if started:
                was, now = {**named, "state": "planned"}, {**named, "state": "active"}
                self._event(started, "sprint.started", Permission.SPRINT_START, self._planner, was, now)
            if over:
                was, now = {**named, "state": "active"}, {**named, "state": "finished"}
                self._event(over, "sprint.finished", Permission.SPRINT_FINISH, self._planner, was, now)
        return sprints

    # Issues and what happened to them -------------------------------------------------------------------

    def _create(self, told: Sequence[Story], labels: dict[str, int]) -> list[_Issue]:
        """The issues as they were first written, in the order of their numbers; epics before their own."""
        places: dict[int, float] = {}
        for story in told:
            above = places[id(story.epic)] if story.epic else None
            place = self._dice.random()
            places[id(story)] = place if above is None else above + place * (1 - above)
        order = sorted(told, key=lambda story: places[id(story)])
        numbers = {id(story): number for number, story in enumerate(order, start=1)}
        first = self._next_ids["issues"]
        issues = []
        for number, story in enumerate(order, start=1):
            created = moment(self._begin, self._now, (number - self._dice.random()) / len(told))
            reporter = self._member(created)
            values: dict[str, Any] = {
                "number": number,
                "title": story.title,
                "description": stories.description(story, self._version(created), self._dice),
                "status": Status.BACKLOG,
                "priority": story.priority or self._dice.choices([*Priority][2:], (4, 3, 4))[0],
                "type": story.type,
                "reporter_id": reporter,
                "assignee_id": None,
                "sprint_id": None,
                "parent_id": first + numbers[id(story.epic)] - 1 if story.epic else None,
                "estimate": None,
                "due": None,
                "rank": rank.initial(number),
                "closed_at": None,
            }
            extra = [labels[name] for name in _EXTRA_LABELS if self._dice.random() < 0.07]
            issue = _Issue(self._take("issues"), story, created, values, created)
            issue.labels = sorted([labels[story.component], *extra])
            self._event(
                created, "issue.created", Permission.ISSUE_CREATE, reporter, issue=issue.id,
                after={**{name: value for name, value in values.items() if value}, "labels": issue.labels},
            )  # fmt: skip
            issues.append(issue)
        return issues

    def _tell(self, leaves: Sequence[_Issue], sprints: Sequence[_Sprint]) -> None:
        """The older ones: done, sprint by sprint. Of the others the most pressing are being worked on."""
        older = len(leaves) * 11 // 20
        finished, current = sprints[:-2], sprints[-2:]
        for at, issue in enumerate(leaves[:older]):
            if self._dice.random() < 0.08:
                dropped = self._between(issue.created, issue.created + timedelta(days=40))
                self._change(issue, dropped, self._member(dropped), status=Status.CANCELLED)
            elif finished:
                self._tell_sprint(issue, finished, at * len(finished) // older)
            else:
                start = max(issue.created, moment(self._begin, self._now, 0.2 + 0.8 * at / older))
                self._plan(issue, self._between(issue.created, start), None)
                self._work(issue, start, start + SPRINT, Status.DONE)
        pressing = sorted(leaves[older:], key=lambda one: _pressing(one) + 2 * self._dice.random())
        statuses = [Status.DONE] * 3 + [Status.IN_REVIEW] * 2 + [Status.IN_PROGRESS] * 3 + [Status.TODO] * 3
        for status, issue in zip(statuses, pressing, strict=False):
            if current:
                start = self._into(issue, current[0])
            else:
                start = max(issue.created, moment(self._now - SPRINT / 2, self._now, 0))
                self._plan(issue, start, None)
            if status is not Status.TODO:
                self._work(issue, start, self._now, status)
        for issue in pressing[len(statuses) : len(statuses) + 8]:
            if current:
                self._into(issue, current[1])
            else:
                self._plan(issue, self._between(issue.created, self._now), None)

    def _tell_sprint(self, issue: _Issue, finished: Sequence[_Sprint], at: int) -> None:
        """Done in a sprint; one of eight was carried over from the sprint before, some came in later."""
        sprint = finished[at]
        before = finished[at - 1] if at else None
        if before and issue.created < before.when.starts and self._dice.random() < 0.12:
            self._into(issue, before)
            self._change(
                issue, before.when.ends, self._planner, Permission.SPRINT_FINISH, sprint_id=sprint.id
            )
            start = sprint.when.starts
        else:
            start = self._into(issue, sprint, late=self._dice.random() < 0.15)
        self._work(issue, start, sprint.when.ends, Status.DONE)

    def _into(self, issue: _Issue, sprint: _Sprint, *, late: bool = False) -> datetime:
        """Plans an issue into a sprint before it starts; later if it is `late`, or was written later. From
        when on it can be worked on.
        """
        when = sprint.when
        known = max(issue.created, when.made)
        if late or known >= when.starts:
            known = max(known, when.starts)
            at = self._between(known, min(known + timedelta(days=4), when.ends))
        else:
            at = self._between(known, when.starts)
        self._plan(issue, at, sprint)
        return max(at, when.starts)

    def _plan(self, issue: _Issue, at: datetime, sprint: _Sprint | None) -> None:
        """Estimated and put on the list, for a sprint if there is one."""
        changes: dict[str, Any] = {"status": Status.TODO}
        points = next(self._estimates)
        if points:
            changes["estimate"] = Decimal(f"{points}.0")
        if sprint:
            changes["sprint_id"] = sprint.id
        if self._dice.random() < 0.2:
            until = sprint.when.ends if sprint else at + SPRINT
            changes["due"] = (until - timedelta(days=self._dice.randrange(1, 9))).date()
        self._change(issue, at, self._planner, Permission.ISSUE_EDIT, **changes)

    def _work(self, issue: _Issue, start: datetime, until: datetime, status: Status) -> None:
        """Somebody takes it, and it goes as far as `status`, between two times."""
        steps = [Status.IN_PROGRESS, Status.IN_REVIEW, Status.DONE]
        steps = steps[: steps.index(status) + 1]
        times = sorted(self._between(start, until) for _ in steps)
        person = self._member(times[-1])
        issue.begun = times[0]
        self._change(issue, times[0], person, Permission.ISSUE_EDIT, status=steps[0], assignee_id=person)
        for at, step in zip(times[1:], steps[1:], strict=True):
            self._change(issue, at, person, status=step)

    def _tell_epic(self, epic: _Issue, children: Sequence[_Issue]) -> None:
        """An epic begins with the first of its issues, and is done with the last."""
        closings = [child.values["closed_at"] for child in children]
        begun = [child.begun for child in children if child.begun]
        if begun:
            self._change(epic, min(begun), epic.values["reporter_id"], status=Status.IN_PROGRESS)
        if begun and all(closings):
            self._change(epic, max(closings), epic.values["reporter_id"], status=Status.DONE)

    def _link(self, leaves: Sequence[_Issue]) -> None:
        """Some issues wait for an earlier one of their component; what is closed waits for nothing open."""
        for at, issue in enumerate(leaves):
            earlier = [
                one for one in leaves[:at]
                if one.story.component == issue.story.component
                and (one.values["closed_at"] or not issue.values["closed_at"])
            ]  # fmt: skip
            if earlier and self._dice.random() < 0.12:
                blocker = earlier[-1]
                self._rows.add("issue_links", self._project, blocker.id, issue.id)
                ends = {"blocker_id": blocker.id, "blocked_id": issue.id}
                at_time = self._between(issue.created, issue.values["closed_at"] or self._now)
                person = self._member(at_time)
                self._event(
                    at_time, "issue.linked", Permission.ISSUE_LINK, person, after=ends, issue=issue.id
                )

    def _comment(self, issue: _Issue) -> None:
        """Two of five issues are talked about."""
        if self._dice.random() > 0.4:
            return
        until = issue.values["closed_at"] or self._now
        for at in sorted(self._between(issue.created, until) for _ in range(self._dice.randint(1, 4))):
            comment, author = self._take("comments"), self._member(at)
            body = stories.comment(issue.story, self._version(at), self._dice)
            self._rows.add("comments", comment, self._project, issue.id, author, body, at)
            issue.version += 1
            issue.updated = max(issue.updated, at)
            said = {"id": comment, "body": body}
            self._event(at, "comment.created", Permission.COMMENT_CREATE, author, after=said, issue=issue.id)

    def _change(
        self, issue: _Issue, at: datetime, person: int,
        permission: Permission = Permission.ISSUE_MOVE, **after: Any,
    ) -> None:  # fmt: skip
        """What `issues.change` would write and record, at a time in the past."""
        if "status" in after:
            after["closed_at"] = at if after["status"].closed else None
        before = {name: issue.values[name] for name in after}
        if "sprint_id" in after:
            self._scope(issue, at)
            issue.planned = at
        issue.values.update(after)
        issue.version += 1
        issue.updated = max(issue.updated, at)
        self._event(at, "issue.changed", permission, person, before, after, issue.id)

    def _write_issues(self, issues: Sequence[_Issue]) -> None:
        """The issues as they are now; in each column the most pressing ones are on top."""
        order = sorted(issues, key=_pressing)
        ranks = {one.id: rank.initial(at) for at, one in enumerate(order, start=1)}
        for issue in issues:
            value = issue.values
            self._rows.add(
                "issues", issue.id, self._project, value["number"], value["title"], value["status"],
                value["priority"], value["type"], value["reporter_id"], value["assignee_id"],
                value["sprint_id"], value["parent_id"], value["estimate"], value["due"], ranks[issue.id],
                issue.version, issue.created, issue.updated, value["closed_at"],
            )  # fmt: skip
            self._rows.add("issue_texts", issue.id, value["description"])
            tsv = lexemes.document(
                value["title"], value["description"], project_id=self._project, number=value["number"]
            )
            self._rows.add("issue_search", issue.id, self._project, value["number"], tsv)
            self._scope(issue, None)
            for label in issue.labels:
                self._rows.add("issue_labels", self._project, issue.id, label)

    def _scope(self, issue: _Issue, until: datetime | None) -> None:
        """That an issue was in the sprint in which it is, until it left."""
        if issue.planned:
            self._rows.add("sprint_scope", issue.values["sprint_id"], issue.id, issue.planned, until)

    # Small things ---------------------------------------------------------------------------------------

    def _event(
        self, at: datetime, kind: str, permission: str, person: int,
        before: dict[str, Any] | None = None, after: dict[str, Any] | None = None, issue: int | None = None,
    ) -> None:  # fmt: skip
        id_ = f"{self._dice.getrandbits(128):032x}"
        values = [json.dumps(value or {}, default=_as_json) for value in (before, after)]
        self._rows.add("events", id_, id_, kind, permission, person, self._project, issue, *values, at)

    def _between(self, start: datetime, end: datetime) -> datetime:
        """A time between two that has been, while people work."""
        return moment(start, min(end, self._now), self._dice.random())

    def _member(self, at: datetime) -> int:
        """Somebody who works in the project at a time."""
        there = [person for person in self._workers if person != self._team.left or at < self._left]
        return self._dice.choice([*there, self._team.me])

    def _version(self, at: datetime) -> str:
        """The version that was out at a time."""
        versions = self._team.versions
        return versions[min(len(versions) - 1, int((at - self._begin) / HISTORY * len(versions)))]


def _pressing(issue: _Issue) -> int:
    """Lower is more pressing."""
    return [*Priority].index(issue.values["priority"])


def _as_json(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
