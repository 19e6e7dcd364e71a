"""A query made ready to be searched for: its projects, its names looked up, its words as lexemes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rhythm_domain import lexemes, queries
from rhythm_domain.database import Row
from rhythm_domain.lexemes import SearchQuery, Term
from rhythm_domain.query import Field, Query, Sort, SortKey
from rhythm_domain.repository import conditions
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.hints import standing
from rhythm_domain.repository.names import Asker, Names
from rhythm_domain.transaction import Tx

_Q = queries.load("search")

NEWEST = Sort.by(SortKey.CREATED)


class Selection(NamedTuple):
    """A query made ready: where it searches, for what, in which order. `tag` marks its cursors; `typed` are
    the words as they stand there, without the quote that ends a phrase. `generation` is that of the index of
    words. Where a key or number was asked for, all are `among` those that have it.
    """

    tag: str
    projects: tuple[int, ...]
    across: bool
    user: int
    clauses: tuple[Clause, ...]
    words: SearchQuery | None
    sort: Sort
    typed: str
    terms: tuple[Term, ...]
    generation: int
    among: tuple[int, ...] | None

    @property
    def alone(self) -> int | None:
        """The only project, where it is not searched across several. It stands in the statements as it is:
        so the planner knows how large it is.
        """
        return None if self.across or not self.projects else self.projects[0]

    @property
    def looked_up(self) -> bool:
        """Whether the index can be asked for the words."""
        return self.words is not None and self.words.lookup is not None


async def select(
    tx: Tx, query: Query, *, sort: Sort = NEWEST, clauses: Sequence[Clause] = (), name: str = ""
) -> Selection:
    """Looks up what a query names, within this transaction's project or all projects of its person.

    Without a project these are the living ones that they are a member of; archived ones only if `project:` or
    an issue's key names them. `sort` is the order where the query has none; `clauses` are further conditions,
    which `name` distinguishes. A name that nobody has finds nothing. A key or number alone is that issue, if
    there is one, else text.
    """
    order = query.sort or sort
    marks = tag(tx, query, order, name)
    named = [condition for condition in query.conditions if condition.field is Field.PROJECT]
    archived = isinstance(query.jump, str) or any(not condition.negated for condition in named)
    ids = projects(tx, archived=archived)
    found = list(clauses)
    among: tuple[int, ...] | None = None
    if query.jump is not None and (issues := await _jump(tx, query.jump, ids)):
        found.append(conditions.issues(issues))
        among, query = tuple(issues), Query()
    names = Names.asked(query.conditions)
    if names:
        await look_up(tx, names, ids)
    for condition in named:
        kept = set(names.ids(condition))
        ids = [project for project in ids if (project in kept) is not condition.negated]
    rest = [condition for condition in query.conditions if condition.field is not Field.PROJECT]
    if rest:
        zone = ZoneInfo(tx.user.time_zone)
        asker = Asker(tx.user.id, zone, datetime.now(zone).date())
        found += [conditions.clause(condition, names, asker) for condition in rest]
    words = lexemes.tsquery(query.terms, tx.search_generation) if query.terms else None
    if order.key is SortKey.RELEVANCE and (words is None or words.lookup is None):
        order = NEWEST
    typed = " ".join("-" * term.negated + '"' * term.phrase + term.text for term in query.terms)
    return Selection(
        marks,
        tuple(ids),
        tx.place is None,
        tx.user.id,
        tuple(found),
        words,
        order,
        typed,
        query.terms,
        tx.search_generation,
        among,
    )


def projects(tx: Tx, *, archived: bool = False) -> list[int]:
    """This transaction's project, or those that its person is a member of."""
    if tx.place is not None:
        return [tx.place.id]
    return sorted((*tx.living, *tx.archived)) if archived else list(tx.living)


async def look_up(tx: Tx, names: Names, ids: Sequence[int]) -> None:
    """Finds what names stand for within some projects."""
    asked = {
        "people": tuple(names.people),
        "labels": tuple(names.labels),
        "sprints": tuple(names.sprints),
        "parents": tuple(names.parents),
        "keys": tuple(names.projects),
    }

    async def read() -> list[Row]:
        lists = {kind: list(each) for kind, each in asked.items()}
        return await tx.fetch(_Q["search_names"], projects=queries.integers(ids), **lists)

    for row in await standing(tx, ("names", tuple(ids), *asked.values()), read):
        known: dict[str, list[int]] = getattr(names, row["kind"])
        known[row["name"]].append(row["id"])


async def _jump(tx: Tx, to: str | int, ids: Sequence[int]) -> list[int]:
    """The issue of a key, or those of a number, in some projects; [] for none."""
    if isinstance(to, str):
        key, _, number = to.rpartition("-")
        rows = await tx.fetch(_Q["search_key"], key=key, number=int(number), projects=queries.integers(ids))
    else:
        rows = await tx.fetch(_Q["search_number"], number=to, projects=queries.integers(ids))
    return [row["id"] for row in rows]


def tag(tx: Tx, query: Query, order: Sort, name: str = "") -> str:
    """What the cursors of a list carry, so that another list refuses them."""
    return _tag(query, order, 0 if tx.place is None else tx.place.id, name)


@lru_cache(maxsize=512)
def _tag(query: Query, order: Sort, place: int, name: str) -> str:
    return blake2b(f"{query.with_sort(order)}\0{place}\0{name}".encode(), digest_size=6).hexdigest()
