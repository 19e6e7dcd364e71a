"""What to say of a name in a query that is nobody's and nothing's; pure."""

from __future__ import annotations

from collections.abc import Iterable

from rhythm_domain.nearest import LIMIT, did_you_mean
from rhythm_domain.query import CURRENT, NEXT, Field
from rhythm_domain.suggest import Vocabulary
from rhythm_domain.text import findable

_WORDS = {
    Field.ASSIGNEE: "Nobody is called {}.",
    Field.REPORTER: "Nobody is called {}.",
    Field.LABEL: "There is no label {}.",
    Field.SPRINT: "There is no sprint {}.",
    Field.PARENT: "There is no issue {}.",
    Field.PROJECT: "There is no project {}.",
}

_PEOPLE = (Field.ASSIGNEE, Field.REPORTER)


def sentence(field: Field, value: str, known: Vocabulary) -> str:
    """That a value of a qualifier is not there, and what was perhaps meant."""
    if field is Field.SPRINT and value in (CURRENT, NEXT):
        return "No sprint is active." if value == CURRENT else "No sprint is planned."
    near = did_you_mean(value, _names(field, known), _by_full_name(value, known) if field in _PEOPLE else "")
    return f"{_WORDS[field].format(value)} {near}".rstrip()


def _by_full_name(value: str, known: Vocabulary) -> str:
    found = [name for name, full in known.people.items() if findable(value) in findable(full)]
    return f"Did you mean {' or '.join(found[:LIMIT])}?" if found else ""


def _names(field: Field, known: Vocabulary) -> Iterable[str]:
    """What could be meant."""
    match field:
        case Field.ASSIGNEE | Field.REPORTER:
            return known.people
        case Field.LABEL:
            return known.labels
        case Field.SPRINT:
            return known.sprints
        case Field.PROJECT:
            return known.projects
        case _:
            return ()
