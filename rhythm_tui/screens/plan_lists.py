"""What the panes of a plan ask for: the backlog of a project, and what is in one of its sprints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rhythm_domain.models import IssueRow, Page, Sprint, Total
from rhythm_domain.query import Condition, Field, Query, parse
from rhythm_domain.session import Session
from rhythm_tui.holding.rows import Reading
from rhythm_tui.widgets.plan_panes import Side

MOST = 500
"""Rows that are read at most when a pane is read again."""

_IN_BACKLOG = parse("is:open sprint:none").conditions


@dataclass(frozen=True, slots=True)
class PlanLists:
    """The lists of a project's plan, narrowed down by a search. Without a sprint the one of it is empty."""

    session: Session
    key: str
    asked: Query
    sprint: Sprint | None

    async def page(self, side: Side, reading: Reading) -> Page[IssueRow]:
        """A stretch of a pane's list, in the order of the plan."""
        how: dict[str, Any] = {
            "query": str(self.asked),
            "cursor": reading.cursor,
            "before": reading.before,
            "last": reading.last,
            "limit": min(reading.limit, MOST),
        }
        if side == "backlog":
            return await self.session.boards.backlog(self.key, **how)
        if self.sprint is None:
            return Page(items=())
        return await self.session.boards.sprint_cards(self.key, self.sprint.id, **how)

    async def among(self, side: Side, issues: Collection[int]) -> frozenset[int]:
        """Those of some issues that are in a pane's list, read or not."""
        asked = self._search(side)
        return await self.session.search.among(issues, asked, project=self.key) if asked else frozenset()

    async def ids(self, side: Side, limit: int) -> Sequence[int]:
        """What is in a pane's list, read or not, up to so many."""
        asked = self._search(side)
        return await self.session.search.ids(asked, project=self.key, limit=limit) if asked else ()

    async def backlog_total(self) -> Total:
        """How many issues are in the backlog's list."""
        return await self.session.search.total(self._narrowed(_IN_BACKLOG), project=self.key)

    def _search(self, side: Side) -> Query | None:
        """A pane's list as a search of its own; None without a sprint."""
        if side == "backlog":
            return self._narrowed(_IN_BACKLOG)
        if self.sprint is None:
            return None
        return self._narrowed([Condition(field=Field.SPRINT, values=(self.sprint.name,))])

    def _narrowed(self, conditions: Iterable[Condition]) -> Query:
        asked = self.asked.with_sort(None)
        for condition in conditions:
            asked = asked.with_condition(condition)
        return asked
