"""Others' changes reach the view that is seen: gathered for a moment, and only once one may still see it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from rhythm_domain.errors import RhythmError
from rhythm_domain.live import Announcement, Change, Resync
from rhythm_tui.background import job
from rhythm_tui.report import report, reported

if TYPE_CHECKING:
    from textual.app import App

    from rhythm_domain.session import Session
    from rhythm_tui.screens.work import WorkScreen

GATHER = 0.1
"""Seconds for which changes are gathered before a view reads: many at once are read once."""


class Hearing:
    """What one app hears of others.

    `views` are all that are open and `seen` the one in front: it draws at once, the others when they are gone
    to. `rights` is awaited where a change can have given or taken some, with the moment (`monotonic`) up to
    which what is known of them may be wrong; `announce` shows everybody's words.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        views: Callable[[], list[WorkScreen]],
        seen: Callable[[], WorkScreen | None],
        rights: Callable[[float], Awaitable[None]],
        announce: Callable[[str], None],
    ) -> None:
        self._app, self._views, self._seen = app, views, seen
        self._rights, self._announce = rights, announce
        self._heard: list[Change | Resync] = []
        self._gap = 0.0
        """Until when something may have been missed."""
        self._session: Session | None = None

    @property
    def hears(self) -> bool:
        """Whether what others do from now on is heard."""
        return self._session is not None and self._session.live.hears

    def begin(self, session: Session) -> None:
        """Listens for as long as the app runs, or until it is begun anew with another session."""
        self._session = session
        self._app.run_worker(
            job(self._listen, session), group="live", exclusive=True, description="hears of changes"
        )

    def end(self) -> None:
        """Listens no more."""
        self._app.workers.cancel_group(self._app, "live")

    async def _listen(self, session: Session) -> None:
        try:
            async for change in session.live.changes():
                if isinstance(change, Announcement):
                    self._announce(change.text)
                    continue
                if isinstance(change, Resync):
                    self._gap = monotonic()
                self._heard.append(change)
                if len(self._heard) == 1:
                    self._app.set_timer(GATHER, self._tell)
        except RhythmError as error:
            report(self._app, error)

    def _tell(self) -> None:
        heard, self._heard = self._heard, []
        changes = [change for change in heard if isinstance(change, Change)]
        missed = len(changes) < len(heard)
        seen = self._seen()
        for view in self._views():
            if view is not seen:
                view.stale = True
        self._app.run_worker(job(self._told, seen, changes, missed=missed), group="changes")

    async def _told(self, seen: WorkScreen | None, changes: list[Change], *, missed: bool) -> None:
        await reported(seen or self._app, self._draw(seen, changes, missed=missed))

    async def _draw(self, seen: WorkScreen | None, changes: list[Change], *, missed: bool) -> None:
        """Has the view that is seen draw what was heard."""
        if any(_about_rights(change) for change in changes):
            await self._rights(monotonic())
        elif missed:
            await self._rights(self._gap)
        shown = None if seen is not self._seen() or (seen and seen.stale) else seen
        if shown and missed and shown.began_reading < self._gap:
            shown.reload()
        if shown and changes:
            await shown.changes(changes)


def _about_rights(change: Change) -> bool:
    """Whether a change can have given or taken rights."""
    return any(kind.startswith(("member.", "project.")) for kind in change.kinds)
