"""Parents and links of imported issues, by their source keys; circles are left out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from rhythm_domain.formats.records import ImportIssue
from rhythm_domain.models import LinkKind
from rhythm_domain.models.exchange import ImportNote
from rhythm_domain.services.exchange.survey import fingerprint


@dataclass(frozen=True, slots=True)
class Pending:
    """What connects an issue with others, and the fingerprint that it has once that is done. `known` says
    that it was there before the import.
    """

    source_key: str
    parent_key: str | None
    links: tuple[tuple[LinkKind, str], ...]
    digest: bytes
    known: bool = False

    @classmethod
    def of(cls, issue: ImportIssue, *, known: bool = False) -> Self:
        return cls(issue.source_key, issue.parent_key, issue.links, fingerprint(issue), known)

    @property
    def keys(self) -> Iterator[str]:
        """The source keys of the issue itself and of those that it is connected with."""
        yield self.source_key
        if self.parent_key:
            yield self.parent_key
        yield from (key for _, key in self.links)


@dataclass(slots=True)
class Linking:
    """The issues of a project by source key, their parents and what they block; grows with what is added."""

    ids: dict[str, int]
    parents: dict[int, int]
    blocks: dict[int, set[int]]
    notes: list[ImportNote] = field(default_factory=list)

    def resolve(self, pending: Sequence[Pending]) -> tuple[dict[int, int | None], list[tuple[int, int]]]:
        """The parents by issue, and the links as (blocker, blocked), that can be made."""
        parents: dict[int, int | None] = {}
        links: list[tuple[int, int]] = []
        for one in pending:
            issue = self.ids.get(one.source_key)
            if issue is None:
                continue
            parents[issue] = self._parent(issue, one)
            for kind, key in one.links:
                other = self._other(one, key, "link")
                if other is None:
                    continue
                ends = (issue, other) if kind is LinkKind.BLOCKS else (other, issue)
                if ends[1] in self.blocks.get(ends[0], ()):
                    continue
                if self._reaches(ends[1], ends[0]):
                    self._note(one, f"link: it and {shown(key)} would wait for each other; left out")
                    continue
                self.blocks.setdefault(ends[0], set()).add(ends[1])
                links.append(ends)
        return parents, links

    def _parent(self, issue: int, one: Pending) -> int | None:
        self.parents.pop(issue, None)
        parent = self._other(one, one.parent_key, "parent") if one.parent_key else None
        above = parent
        while above is not None and above != issue:
            above = self.parents.get(above)
        if above == issue:
            self._note(
                one, f"parent: it would be below itself through {shown(one.parent_key or '')}; left out"
            )
            return None
        if parent is not None:
            self.parents[issue] = parent
        return parent

    def _other(self, one: Pending, key: str, what: str) -> int | None:
        found = self.ids.get(key)
        if found is None:
            self._note(one, f"{what}: {shown(key)} is not in this project; left out")
        return found

    def _reaches(self, start: int, goal: int) -> bool:
        """Whether the first blocks the second, directly or through others."""
        seen, ahead = {start}, [start]
        while ahead:
            issue = ahead.pop()
            if issue == goal:
                return True
            fresh = self.blocks.get(issue, set()) - seen
            seen |= fresh
            ahead += fresh
        return False

    def _note(self, one: Pending, note: str) -> None:
        self.notes.append(ImportNote(source=shown(one.source_key), note=briefly(note)))


_LONGEST = 300


def briefly(words: str) -> str:
    """What is said of a file, cut where the file has it go on without end."""
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def shown(key: str) -> str:
    """What the source calls an issue: its key without the format's name."""
    return key.partition(":")[2] or key
