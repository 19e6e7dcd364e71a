"""Long work: how far it is, and escape to stop it where it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.widgets import ProgressBar

from rhythm_domain.errors import RhythmError
from rhythm_tui.commanding import handles
from rhythm_tui.report import report
from rhythm_tui.screens.dialog import Dialog

T = TypeVar("T")


class Working(Dialog[T], Generic[T]):
    """Dismissed with the work's answer; with None if it was stopped or failed: then the reason was said."""

    def __init__(self, title: str, total: int, work: Callable[[Callable[[int], None]], Awaitable[T]]) -> None:
        super().__init__(title, "esc stop; what is done stays")
        self._total, self._work = total, work
        self._task: asyncio.Task[None] | None = None
        self.failed = False
        """Whether it came to no end, and it was said why."""

    def body(self) -> ComposeResult:
        yield ProgressBar(self._total, show_eta=False)

    def on_mount(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        bar = self.query_one(ProgressBar)
        answer: T | None = None
        try:
            answer = await self._work(lambda done: bar.update(progress=done))
        except RhythmError as error:
            self.failed = True
            report(self, error)
        finally:
            self.dismiss(answer)

    @handles("form.cancel")
    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
