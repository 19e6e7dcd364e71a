"""The statement that changes columns of issues: those that are named and no others, as each has its price."""

from __future__ import annotations

from functools import cache

from rhythm_domain.queries import Named

_TYPES = {
    "title": "text",
    "status": "issue_status",
    "priority": "issue_priority",
    "type": "issue_type",
    "assignee_id": "int",
    "sprint_id": "int",
    "parent_id": "bigint",
    "estimate": "numeric",
    "due": "date",
    "rank": "text",
    "closed_at": "timestamptz",
    "deleted": "boolean",
}
"""What can be named, and what it is."""

_SETS = {
    "title": "title = c.title, title_version = i.version + 1",
    "deleted": "deleted_at = CASE WHEN c.deleted THEN now() END",
}
"""What else follows from one of them, or instead of it."""

_CLOSES = (
    "closed_at = CASE WHEN c.status = i.status THEN i.closed_at"
    " WHEN c.status IN ('done', 'cancelled') THEN now() END"
)


@cache
def statement(columns: frozenset[str], *, alone: bool) -> Named:
    """Writes these columns of issues, and keeps version, times and closed_at right. Of one alone each is a
    parameter, as is its `id`; else `changes` is a JSON array of them.
    """
    named = [name for name in _TYPES if name in columns]
    sets = [_SETS.get(name, f"{name} = c.{name}") for name in named]
    if "status" in columns and "closed_at" not in columns:
        sets.append(_CLOSES)
    types = {"id": "bigint", **{name: _TYPES[name] for name in named}}
    if alone:
        values = ", ".join(f"%({name})s::{kind}" for name, kind in types.items())
        given = f"(VALUES ({values})) AS c ({', '.join(types)})"
    else:
        listed = ", ".join(f"{name} {kind}" for name, kind in types.items())
        given = f"jsonb_to_recordset(%(changes)s::jsonb) AS c ({listed})"
    text = (
        f"UPDATE issues i SET {', '.join([*sets, 'version = i.version + 1', 'updated_at = now()'])}"  # noqa: S608
        f" FROM {given} WHERE i.id = c.id AND i.project_id = %(project)s RETURNING i.id, i.closed_at"
    )
    return Named("change_issues", text.encode(), lasts=True)
