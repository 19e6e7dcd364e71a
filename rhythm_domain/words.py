"""History in words: "moved it from todo to in review"; and its days. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol, TypeAlias

Names: TypeAlias = dict[str, dict[int, str]]
"""What ids stand for: names by id, by kind (person, sprint, label, issue)."""

_FIELDS = {
    "status": "status",
    "priority": "priority",
    "type": "type",
    "due": "due date",
}

_COLUMNS = {
    "assignee_id": "assignee",
    "sprint_id": "sprint",
    "parent_id": "parent",
    "labels_added": "labels",
    "labels_removed": "labels",
}
"""Fields whose columns have other names."""

_SIMPLE = {
    "issue.created": "created it",
    "issue.deleted": "moved it to the trash",
    "issue.restored": "took it out of the trash",
    "issue.purged": "removed it for ever",
    "issues.chosen": "chose the issues to change at once",
    "import.started": "began an import",
    "import.linked": "linked what was imported",
    "comment.created": "commented",
    "comment.edited": "edited a comment",
    "comment.deleted": "deleted a comment",
    "comment.restored": "restored a comment",
    "project.created": "created the project",
    "project.archived": "archived the project",
    "project.unarchived": "unarchived the project",
    "project.deleted": "deleted the project",
    "project.restored": "restored the project",
    "member.left": "left the project",
    "history.skipped": "could not take back what others had changed",
}


_CHANGED = {
    **_FIELDS,
    **_COLUMNS,
    **{each: each for each in ("title", "description", "estimate")},
}
"""What a step that changed several issues calls the fields of their columns."""

_FROM = re.compile(r"^moved it from [a-z ]+? to ")
_IT = re.compile(r"^(\w+) it\b")

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_said(day: date, today: date | None = None) -> str:
    """A day as people write it: "19 Nov 2026"; without the year where it is that of today."""
    this_year = today is not None and day.year == today.year
    return f"{day.day} {_MONTHS[day.month - 1]}" + ("" if this_year else f" {day.year}")


def happened(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> str:
    """What a change was, as a sentence without its subject. Texts in it are as stored: show them safely."""
    if simple := _SIMPLE.get(kind):
        return simple
    entity, _, verb = kind.partition(".")
    if kind == "issue.imported":
        return _imported(before, after, names)
    if kind == "issue.changed":
        return "; ".join(_changes(before, after, names)) or "changed it"
    if kind in ("issue.linked", "issue.unlinked"):
        ends = after if verb == "linked" else before
        issue = names.get("issue", {})
        blocker, blocked = (issue.get(ends.get(end, 0), "an issue") for end in ("blocker_id", "blocked_id"))
        return f"{verb} {blocker} as blocking {blocked}"
    if kind == "project.edited" and (said := _settings(before, after)):
        return "; ".join(said)
    if entity == "member":
        person = names.get("person", {}).get(after.get("user_id", before.get("user_id", 0)), "somebody")
        role = after.get("role")
        return f"{verb} {person}" + (f" as {role}" if verb == "added" else f" to {role}" if role else "")
    name = after.get("name") or before.get("name")
    return f"{verb} {_called(entity, name) if name else f'the {entity}'}"


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Each changed setting of a project, in a phrase."""
    said = []
    if "name" in after:
        said.append(f"renamed the project to {after['name']}")
    if "description" in after:
        said.append("edited the project's description")
    was, now = (side.get("wip_limits") or {} for side in (before, after))
    for status in {**was, **now}:
        if status not in now:
            said.append(f"took the WIP limit of {_plain(status)} away")
        elif was.get(status) != now[status]:
            said.append(f"set the WIP limit of {_plain(status)} to {now[status]}")
    return said


def of_issue(said: str, key: str | None) -> str:
    """What happened to an issue, with its key: "moved CORE-4 from todo to done", "commented (CORE-4)"."""
    named = re.sub(r"\bit\b", key, said, count=1) if key else said
    return f"{said} ({key})" if key and named == said else named


class Said(Protocol):
    """A change in words, and the columns that it wrote."""

    @property
    def text(self) -> str: ...

    @property
    def after(self) -> Mapping[str, Any]: ...


def of_many(changes: Collection[Said], count: int) -> str:
    """What was done to several issues in one step: "moved 12 issues to done; assigned them to Ada".

    Where that was not the same for each, or is more than two things, which fields it changed, if these are
    one or two: "changed the status and the sprint of 12 issues".
    """
    issues = f"{count:,} issues"
    alike = {change.text for change in changes}
    if len(alike) > 1:
        alike = {_FROM.sub("moved it to ", text) for text in alike}
    parts = next(iter(alike)).split("; ")
    if len(alike) == 1 and len(parts) <= 2:
        return _done_to(issues, parts)
    written = {column for change in changes for column in change.after}
    fields = sorted({_CHANGED.get(column, "") for column in written - {"rank", "closed_at"}})
    if fields and all(fields) and len(fields) <= 2:
        return f"changed the {' and the '.join(fields)} of {issues}"
    return f"changed {issues}"


def _done_to(issues: str, parts: Sequence[str]) -> str:
    """Phrases of one thing as of several: the first that has it names them."""
    said: list[str] = []
    for part in parts:
        them = "them" if any(issues in each for each in said) else issues
        said.append(_IT.sub(rf"\1 {them}", part))
    return "; ".join(said) + ("" if any(issues in each for each in said) else f" ({issues})")


def _called(entity: str, name: str) -> str:
    """What it is and its name, but for a name that says it already: "label ui", but "Sprint 7"."""
    return name if name.casefold().startswith(entity) else f"{entity} {name}"


def again(
    kind: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    names: Names,
    of: str,
    *,
    many: bool = False,
    redo: bool = False,
) -> str:
    """What is as it was, now that somebody took a change back or, with `redo`, did it again: "the status of
    CORE-4 is todo again". `of` is what it is of: an issue's key, or "12 issues" that are `many`.
    """
    it_is = f"{of} {'are' if many else 'is'}"
    if kind == "issue.changed":
        return ", ".join(_again(after, names, of, it_is, as_it_was(redo))) or f"{it_is} {as_it_was(redo)}"
    entity, _, verb = kind.partition(".")
    if entity == "comment":
        return f"the comment under {of} is {_AGAIN.get(verb) or as_it_was(redo)}"
    if entity == "issue" and verb in _AGAIN:
        return f"{it_is} {'in the trash' if verb == 'deleted' else 'out of the trash'}"
    if entity == "project":
        what = "WIP limits" if "wip_limits" in after else "settings"
        return f"the {what} of {of} are {as_it_was(redo)}"
    name = after.get("name") or before.get("name")
    if name is None or (verb not in _AGAIN and verb != "edited"):
        return happened(kind, before, after, names)
    changed = verb == "edited" or (before and "name" in after and verb == "saved")
    called = _called(entity, name)
    is_now = as_it_was(redo) if changed else _AGAIN[verb]
    return f"{called if called == name else f'the {called}'} is {is_now}"


def as_it_was(redo: bool) -> str:
    """What is true of all that a change was taken back of or, with `redo`, that it was made of again."""
    return "changed again" if redo else "as before"


def fields_again(columns: Iterable[str], of: str, *, redo: bool) -> str:
    """What is as it was where each of several issues has other values in some columns: "12 issues have their
    assignee back".
    """
    named = dict.fromkeys(_FIELDS.get(each) or _COLUMNS.get(each, each) for each in sorted(columns))
    fields = " and ".join(named) or "order"
    return f"the {fields} of {of} {as_it_was(redo)}" if redo else f"{of} have their {fields} back"


def with_its_issues(sprint: str, kind: str, into: str, count: str, *, many: bool) -> str:
    """A sprint's change that moved its issues along: "Sprint 7 is active again, 11 issues are back in it".
    `sprint` is what `again` says of it alone, `into` the sprint where they are now, if they are in one.
    """
    it_is = f"{count} {'are' if many else 'is'}"
    if kind in ("sprint.reopened", "sprint.restored"):
        return f"{sprint}, {it_is} back in it"
    return f"{sprint}, {count} carried over to {into}" if into else f"{sprint}, {it_is} back in the backlog"


def _again(after: Mapping[str, Any], names: Names, of: str, it_is: str, as_before: str) -> list[str]:
    """Each field that a change of an issue wrote, as it is now."""
    said = []
    for field, value in after.items():
        match field:
            case "status" | "priority" | "type" | "due":
                said.append(f"the {_FIELDS[field]} of {of} is {_value(field, value) or 'none'} again")
            case "title":
                said.append(f"the title of {of} is “{value}” again")
            case "description":
                said.append(f"the description of {of} is {as_before}")
            case "assignee_id":
                who = _name(names, "person", value) if value else "nobody"
                said.append(f"the assignee of {of} is {who} again")
            case "sprint_id":
                sprint = f"in {_name(names, 'sprint', value)} again" if value else "in no sprint again"
                said.append(f"{it_is} {sprint}")
            case "parent_id":
                parent = f"below {_name(names, 'issue', value)} again" if value else "below no other again"
                said.append(f"{it_is} {parent}")
            case "rank":
                if "status" not in after:
                    said.append(f"the order of {of} is {as_before}")
            case "labels_added" | "labels_removed":
                labels = ", ".join(_name(names, "label", one) for one in value)
                are = "is" if len(value) == 1 else "are"
                said.append(f"{labels} {are} {'on' if field == 'labels_added' else 'off'} {of} again")
            case "estimate":
                points = str(value).removesuffix(".0") if value else "none"
                said.append(f"the estimate of {of} is {points} again")
            case _:
                continue
    return said


_AGAIN = {
    "created": "there again",
    "restored": "there again",
    "saved": "there again",
    "deleted": "deleted",
    "started": "active again",
    "stopped": "planned again",
    "finished": "finished again",
    "reopened": "active again",
}
"""What is true of something once such a change of it was made by taking another one back."""


def _imported(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> str:
    """An issue that came in, or what its source changed of it since."""
    if "changed" not in after:
        return "imported it"
    said = _changes(before, after, names)
    if "comments" in after["changed"]:
        said.append("brought its comments up to date")
    return "imported it again" + (f": {'; '.join(said)}" if said else "")


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> list[str]:
    """Each changed field of an issue, in a phrase."""
    said = []
    for field, value in after.items():
        was = before.get(field)
        match field:
            case "status":
                said.append(f"moved it from {_plain(was)} to {_plain(value)}")
            case "title":
                said.append(f"changed the title from “{was}” to “{value}”")
            case "description":
                said.append("edited the description")
            case "assignee_id":
                said.append(f"assigned it to {_name(names, 'person', value)}" if value else "unassigned it")
            case "sprint_id":
                said.append(
                    f"planned it into {_name(names, 'sprint', value)}"
                    if value
                    else f"took it out of {_name(names, 'sprint', was)}"
                )
            case "parent_id":
                said.append(
                    f"put it below {_name(names, 'issue', value)}"
                    if value
                    else "took it from below its parent"
                )
            case "rank":
                if "status" not in after:
                    said.append("reordered it")
            case "labels_added":
                said.append("labelled it " + ", ".join(_name(names, "label", one) for one in value))
            case "labels_removed":
                said.append("removed the label " + ", ".join(_name(names, "label", one) for one in value))
            case "deleted":
                said.append("moved it to the trash" if value else "took it out of the trash")
            case "estimate":
                points = str(value).removesuffix(".0")
                said.append(f"set the estimate to {points}" if value else "cleared the estimate")
            case "priority" | "type" | "due":
                label = _FIELDS[field]
                now = _value(field, value)
                said.append(f"set the {label} to {now}" if now else f"cleared the {label}")
            case _:
                continue
    return said


def _name(names: Names, kind: str, id_: int | None) -> str:
    return names.get(kind, {}).get(id_ or 0, f"a {kind} that is gone")


def _value(field: str, value: str | None) -> str:
    return "" if not value else day_said(date.fromisoformat(value)) if field == "due" else _plain(value)


def _plain(value: Any) -> str:
    return str(value).replace("_", " ")
