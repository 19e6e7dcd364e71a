"""What every command has: the instance, and where to print."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rhythm_domain.operations import new_operation
from rhythm_tui.cli.output import Output
from rhythm_tui.instance import Instance

if TYPE_CHECKING:
    from rhythm_domain.session import Session


class Context(Instance):
    """One run of the command line."""

    def __init__(self, flags: Mapping[str, Any] | None = None) -> None:
        super().__init__(flags)
        self.json = False
        self.operation = new_operation()

    @cached_property
    def out(self) -> Output:
        """Where to print."""
        return Output(as_json=self.json, color=self.settings.color)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """The signed-in person; what is printed counts days where they are."""
        async with super().session() as session:
            self.out.zone = ZoneInfo(session.user.time_zone)
            yield session

    def conninfo(self) -> str:
        """The database of this run. Who waits for the first start of the embedded server is told why."""
        if not self.settings.database_url and sys.stderr.isatty() and not self.embedded.made:
            self.out.note("Setting up a database of your own, which is done once …")
        return super().conninfo()

    @property
    def editor(self) -> str:
        """The person's editor."""
        return self.settings.editor or "vi"
