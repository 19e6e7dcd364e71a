"""What the tests look for in the history."""

from __future__ import annotations

from typing import Any

from tests.instances import Instance


def history(instance: Instance) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The kind of every event, and the values before and after; in order."""
    rows = instance.sql.execute("SELECT kind, before, after FROM events ORDER BY seq").fetchall()
    return [(row["kind"], row["before"], row["after"]) for row in rows]


def permission(instance: Instance) -> str:
    """By which permission the last change happened."""
    return str(instance.value("SELECT permission FROM events ORDER BY seq DESC LIMIT 1"))
