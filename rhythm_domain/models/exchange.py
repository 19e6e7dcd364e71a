"""What an import did."""

from __future__ import annotations

from rhythm_domain.models.base import Model


class ImportProblem(Model):
    """A piece of a file that could not be read or stored: its line, what the source calls it, and why."""

    line: int
    source: str
    reason: str


class ImportNote(Model):
    """What was replaced or left out of an issue, by what the source calls it."""

    source: str
    note: str


class ImportReport(Model):
    """What an import did, or with `dry_run` would do.

    `people` are the accounts that it made, `matched` those that were their people's own already, `members`
    who became one: user names. `comments` counts those that were written.
    """

    dry_run: bool
    created: int
    updated: int
    unchanged: int
    comments: int
    people: tuple[str, ...]
    matched: tuple[str, ...]
    members: tuple[str, ...]
    labels: tuple[str, ...]
    sprints: tuple[str, ...]
    problems: tuple[ImportProblem, ...]
    notes: tuple[ImportNote, ...]
