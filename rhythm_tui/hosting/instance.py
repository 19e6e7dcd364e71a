"""The shared instance for one session: who it is says the key that signed, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING

import click

from rhythm_domain import config, logs
from rhythm_domain.errors import RhythmError
from rhythm_domain.services.accounts import Limits
from rhythm_tui.cli.context import Context
from rhythm_tui.hosting.settings import Host

if TYPE_CHECKING:
    from rhythm_domain.session import Session, Tracker
    from rhythm_tui.notebook import Notebook


LAST = 2.0
"""Seconds for a session to be closed when the app ends: nobody waits longer for a database that is away."""


class HostedInstance(Context):
    """An instance on whose machine the person is a guest: for the app and for the command line."""

    local = False

    def __init__(self, host: Host, key_id: int, source: str = "", *, counted: bool = False) -> None:
        """`counted` if a resident process sees to it that there are no more sessions than may be. Then the
        database has places for twice as many: of those that it knows some may be of the process before, about
        to end or killed with it.
        """
        super().__init__()
        self._times = 2 if counted else 1
        self._host, self._key_id, self._source = host, key_id, source
        self._sessions: list[Session] = []
        self.idle = host.limits.idle

    @cached_property
    def settings(self) -> config.Settings:
        """The host's; from now on what is logged goes to the system's log."""
        logs.set_up_system(self._host.settings.log_level)
        return self._host.settings

    def reread(self) -> None:
        """Nothing: only an administrator could have changed the settings."""

    @property
    def instance_name(self) -> str:
        return self._host.name

    @asynccontextmanager
    async def tracker(self) -> AsyncIterator[Tracker]:
        """The instance; at the end the person's session is closed."""
        from rhythm_domain.session import Tracker

        settings = self.settings
        async with Tracker.open(
            self.conninfo(), pooler=settings.pooler, discreet=True, hub=self._host.hub
        ) as tracker:
            try:
                yield tracker
            finally:
                await self._end(tracker)

    async def _end(self, tracker: Tracker) -> None:
        """Closes the person's sessions. Where that can't be done now, they are dead within an hour."""
        with suppress(RhythmError, TimeoutError):
            async with asyncio.timeout(LAST):
                while self._sessions:
                    await tracker.accounts.end(self._sessions.pop())

    async def signed_in(self, tracker: Tracker) -> Session:
        """A session of the person whose key signed. Raises `NotSignedIn` if it opens nothing any more."""
        limits = self._host.limits
        session = await tracker.accounts.by_key(
            self._key_id,
            source=self._source,
            limits=Limits(
                self._times * limits.sessions_per_person, self._times * limits.sessions, limits.longest
            ),
        )
        self._sessions.append(session)
        return session

    @property
    def remembered(self) -> dict[str, str]:
        """Nothing: there is no other way in."""
        return {}

    def remember(self, token: str | None) -> None:
        """Nothing is remembered."""

    async def notebook(self, kind: str, session: Session) -> Notebook:
        from rhythm_tui.hosting.notebook import StoredNotebook

        return await StoredNotebook.read(session.notes, kind)

    @property
    def editor(self) -> str:
        """None can be started here."""
        raise click.UsageError("There is no editor over SSH: give the text as an option, or through a pipe.")
