"""The way in: reaches the instance, signs the person in, and says what is in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from rhythm_domain.errors import RhythmError
from rhythm_domain.session import Session
from rhythm_domain.text import shown
from rhythm_tui.instance import Instance


class WayIn(Screen[None]):
    """Seen for a moment, if all is well."""

    def __init__(
        self, instance: Instance, exits: AsyncExitStack, signed_in: Callable[[Session], Awaitable[None]]
    ) -> None:
        super().__init__()
        self._instance, self._exits, self._signed_in = instance, exits, signed_in

    def compose(self) -> ComposeResult:
        yield Static(id="news")

    def on_mount(self) -> None:
        self.run_worker(self._enter(), exclusive=True)

    async def _enter(self) -> None:
        try:
            # Starting a server of one's own takes a moment, and blocks.
            await asyncio.to_thread(self._instance.conninfo)
            tracker = await self._exits.enter_async_context(self._instance.tracker())
            session = await self._instance.signed_in(tracker)
        except RhythmError as error:
            self.query_one("#news", Static).update(Content(f"{shown(error.message)}\n{shown(error.hint)}"))
            return
        await self._signed_in(session)
