"""Names that were read from the database and are kept, for as long as none of them changes; pure.

Lists show the same few people, projects, labels and sprints, page after page. With a person's rights the
guard reads which version of all names its transaction sees (`instance.names_version`): what was read under
one is right for every transaction that sees the same. A write could see its own changes, or what others saved
since it began: it keeps none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from uuid import UUID

from rhythm_domain.models import LabelRef, PersonRef


class Labelled(dict[str, tuple[LabelRef, ...]]):
    """The labels of issues in order, by their ids as an array's text: put together when they are first asked
    for, of those that are `known`, which have what orders them; None is one that is gone.

    Raises `KeyError` where one is not known.
    """

    def __init__(self) -> None:
        super().__init__({"{}": ()})
        self.known: dict[int, tuple[str, LabelRef] | None] = {}

    def __missing__(self, ids: str) -> tuple[LabelRef, ...]:
        found = sorted(filter(None, map(self.known.__getitem__, numbers(ids))), key=itemgetter(0))
        self[ids] = labels = tuple(label for _, label in found)
        return labels


def numbers(array: str) -> list[int]:
    """The integers of an array, in PostgreSQL's writing."""
    return [int(each) for each in array[1:-1].split(",") if each]


@dataclass(slots=True)
class Names:
    """The names of one version, as far as somebody asked for them, by id."""

    version: UUID | None = None
    projects: dict[int, str] = field(default_factory=dict)
    people: dict[int, PersonRef] = field(default_factory=dict)
    sprints: dict[int, str] = field(default_factory=dict)
    labelled: Labelled = field(default_factory=Labelled)
