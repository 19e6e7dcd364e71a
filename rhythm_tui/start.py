"""The start of the app. The database is asked for what comes first while the app is still being read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from rhythm_domain.errors import RhythmError
from rhythm_tui.instance import Instance
from rhythm_tui.terminal import lifecycle as terminal

if TYPE_CHECKING:
    from rhythm_tui.instance import Entered


def run(instance: Instance, *, start: str | None = None, issue: str | None = None) -> int:
    """Opens the app; the exit code. Raises `Invalid` for a terminal that it can't be shown on, and why the
    person was shown out, if they were.
    """
    terminal.check()
    import_module("rhythm_domain.session")  # First: nobody can be asked for anything without it.
    return asyncio.run(_run(instance, start, issue))


async def _run(instance: Instance, start: str | None, issue: str | None) -> int:
    async with _ahead(instance):
        await read("rhythm_tui.app")
        code: int = await import_module("rhythm_tui.app").opened(instance, start=start, issue=issue)
        return code


async def read(module: str) -> None:
    """Reads the code of a module, if it is not known yet; meanwhile others have their turn."""
    if module not in sys.modules:
        await asyncio.to_thread(import_module, module)


@asynccontextmanager
async def _ahead(instance: Instance) -> AsyncIterator[None]:
    """Begins to go in: the app takes it over once it is there."""
    async with AsyncExitStack() as exits:
        entering = asyncio.create_task(instance.enter(exits))

        async def taken(exits_of_app: AsyncExitStack) -> Entered:
            entered = await entering
            exits_of_app.push_async_exit(exits.pop_all())
            return entered

        instance.begun = taken
        try:
            yield
        finally:
            entering.cancel()
            with suppress(asyncio.CancelledError, RhythmError):
                await entering
