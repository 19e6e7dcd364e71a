"""History in words: "moved it from todo to in review". Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Names: TypeAlias = dict[str, dict[int, str]]
"""What ids stand for: names by id, by kind (person, sprint, label, issue)."""

_FIELDS = {
    "status": "status",
    "priority": "priority",
    "type": "type",
    "due": "due date",
}

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
    if entity == "member":
        person = names.get("person", {}).get(after.get("user_id", before.get("user_id", 0)), "somebody")
        role = after.get("role")
        return f"{verb} {person}" + (f" as {role}" if verb == "added" else f" to {role}" if role else "")
    name = after.get("name") or before.get("name")
    return f"{verb} {'the' if not name else ''}{' ' if not name else ''}{entity}" + (
        f" {name}" if name else ""
    )


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
                said.append(f"set the {label} to {_plain(value)}" if value else f"cleared the {label}")
            case _:
                continue
    return said


def _name(names: Names, kind: str, id_: int | None) -> str:
    return names.get(kind, {}).get(id_ or 0, f"a {kind} that is gone")


def _plain(value: Any) -> str:
    return str(value).replace("_", " ")
