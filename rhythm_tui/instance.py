"""The instance that the settings lead to, and the ways into it; for the app and the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rhythm_domain import config
from rhythm_domain.errors import NotSignedIn, SchemaMismatch

if TYPE_CHECKING:
    from rhythm_domain.embedded.server import EmbeddedServer
    from rhythm_domain.session import Session, Tracker
    from rhythm_tui.notebook import Notebook

    Entered = tuple[Tracker, Session | NotSignedIn]
    """An open instance, and the signed-in person's session or why nobody is signed in."""


class Instance:
    """Where the tracker is. Nothing is read or opened before it is needed."""

    local = True
    """Whether the person sits at this machine: its files, programs and settings are theirs."""

    idle: timedelta | None = None
    """How long somebody may do nothing until the app ends; None: as long as they like."""

    def __init__(self, flags: Mapping[str, Any] | None = None) -> None:
        self.flags = dict(flags or {})
        self.demo: bool = self.flags.pop("demo", False)
        self.begun: Callable[[AsyncExitStack], Awaitable[Entered]] | None = None
        """Does what `enter` does, as far as that was not done before it was asked for; see `start`."""

    @cached_property
    def settings(self) -> config.Settings:
        """The settings; from now on what is logged goes to the log."""
        from rhythm_domain import logs

        settings = config.load(self.flags)
        settings = config.of_demo(settings) if self.demo else settings
        logs.set_up(settings.log_dir, settings.log_level)
        return settings

    def reread(self) -> None:
        """Reads the settings anew when they are next asked for: a person may have corrected them."""
        self.begun = None
        if "embedded" in self.__dict__:
            self.embedded.release()
            del self.embedded
        self.__dict__.pop("settings", None)

    @cached_property
    def embedded(self) -> EmbeddedServer:
        """The server of the person's own; it is used when no database URL is set."""
        from rhythm_domain.embedded.server import EmbeddedServer

        return EmbeddedServer(self.settings.data_dir / "postgres")

    def conninfo(self) -> str:
        """The database of this run; starts the embedded server if there is no URL."""
        return self.settings.database_url or self.embedded.start()

    def owner_conninfo(self) -> str:
        """The same database as its owner: for migrations and what else a team's members may not."""
        return self.settings.owner_url or self.conninfo()

    @property
    def owned_name(self) -> str:
        """What names it, without a password."""
        return config.without_password(self.settings.owner_url or "") or self.instance_name

    @property
    def only_owner(self) -> bool:
        """Whether the owner's URL is the way to the instance: it is set, and nobody is signed in there."""
        settings = self.settings
        signed_in = settings.token or self.remembered.get(self.instance_name)
        return bool(settings.owner_url) and not (settings.database_url and signed_in)

    @asynccontextmanager
    async def tracker(self) -> AsyncIterator[Tracker]:
        """The instance, for somebody who is not signed in yet."""
        from rhythm_domain.session import Tracker

        settings = self.settings
        async with Tracker.open(
            self.conninfo(), pooler=settings.pooler, listen_conninfo=settings.listen_url
        ) as tracker:
            yield tracker

    async def enter(self, exits: AsyncExitStack) -> Entered:
        """Opens it for as long as `exits` are open, and signs in. Who listens later hears of all that changes
        from then on.
        """
        if not self.settings.database_url:
            from asyncio import to_thread

            await to_thread(self.conninfo)  # Starting a server takes a moment, and blocks.
        tracker = await exits.enter_async_context(self.tracker())
        try:
            session = await self.signed_in(tracker)
        except NotSignedIn as error:
            return tracker, error
        await session.live.mark()
        return tracker, session

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """The signed-in person: by RHYTHM_TOKEN, by the sign-in that `rhythm login` remembered, or as the
        owner of the embedded server, which is set up or brought up to date on the way.

        Raises `NotSignedIn`.
        """
        async with self.tracker() as tracker:
            yield await self.signed_in(tracker)

    async def signed_in(self, tracker: Tracker) -> Session:
        """The same on an open instance."""
        try:
            return await self._entered(tracker)
        except SchemaMismatch:
            if self.settings.database_url:
                raise
            from rhythm_domain.migrate import migrate

            migrate(self.conninfo())
            return await self._entered(tracker)

    async def _entered(self, tracker: Tracker) -> Session:
        if token := self.settings.token or self.remembered.get(self.instance_name):
            try:
                return await tracker.accounts.resume(token)
            except NotSignedIn as error:
                if self.demo and self.settings.token:
                    hint = "Unset it: without it the demo is yours."
                    raise NotSignedIn("RHYTHM_TOKEN is no token of the demo.", hint=hint) from error
                raise
        if self.settings.database_url:
            raise NotSignedIn("You are not signed in.")
        from rhythm_tui.person import system_person

        person = system_person()
        return await tracker.accounts.local(person.name, person.full_name)

    async def notebook(self, kind: str, session: Session) -> Notebook:
        """What the app keeps of a kind for a person here."""
        from rhythm_tui.notebook import Notebook

        return Notebook(self.settings.state_dir, kind, self.instance_name, session.user.name)

    @property
    def instance_name(self) -> str:
        """What tells this instance from others: its URL without a password."""
        return config.without_password(self.settings.database_url or f"embedded:{self.settings.data_dir}")

    @property
    def remembered(self) -> dict[str, str]:
        """The session tokens that `rhythm login` left, by instance."""
        from rhythm_tui.remembered import read

        return read(self.settings.state_dir)

    def remember(self, token: str | None) -> None:
        """Keeps the token of this instance for the next commands; None forgets it."""
        from rhythm_tui.remembered import write

        write(self.settings.state_dir, self.instance_name, token)
