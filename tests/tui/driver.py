"""A person at the app: presses keys, waits until something is seen, looks at the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widget import Widget

from rhythm_domain import config
from rhythm_domain.session import Session, Tracker
from rhythm_tui.app import RhythmApp
from rhythm_tui.instance import Instance
from rhythm_tui.screens.work import WorkScreen

PATIENCE = 60.0
"""Seconds after which what does not come is given up."""

_NAMED = {"enter", "escape", "tab", "up", "down", "ctrl+s"}

W = TypeVar("W", bound=Widget)


class SignedIn(Instance):
    """A test's instance, with somebody signed in already."""

    def __init__(
        self, conninfo: str, session: Session, folder: Path, keys: dict[str, str], theme: str
    ) -> None:
        super().__init__()
        self._conninfo, self._session, self._folder, self._keys = conninfo, session, folder, keys
        self._theme = theme

    @cached_property
    def settings(self) -> config.Settings:
        return config.Settings(
            database_url=self._conninfo,
            state_dir=self._folder,
            log_dir=self._folder,
            keys=self._keys,
            theme=self._theme or "auto",
        )

    async def signed_in(self, tracker: Tracker) -> Session:
        return tracker._session(self._session.user, self._session.id)


def _frames(work: Any) -> Iterator[str]:
    """Where a coroutine waits, from the outside in."""
    while work is not None:
        for of in ("cr", "ag", "gi"):
            frame = getattr(work, f"{of}_frame", None)
            if frame is not None:
                yield f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        awaited = (getattr(work, name, None) for name in ("cr_await", "ag_await", "gi_yieldfrom"))
        work = next((one for one in awaited if one is not None), None)


class Driver:
    """What a test does instead of a person. Everything waits on conditions, nothing on the clock."""

    def __init__(self, app: RhythmApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Presses keys, each once the one before was taken."""
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Types a text."""
        for character in text:
            await self.pilot.press("space" if character == " " else character)

    def burst(self, *keys: str) -> None:
        """Sends keys all at once, as a line that was stuck does; a text is sent letter by letter."""
        for key in keys:
            for stroke in [key] if key in _NAMED else key:
                name = _character_to_key(stroke) if len(stroke) == 1 else stroke
                self.app.post_message(Key(name, stroke if len(stroke) == 1 else None))

    @property
    def view(self) -> WorkScreen:
        """The view that is seen, also below a dialog."""
        view = self.app.view
        assert view is not None
        return view

    @property
    def text(self) -> str:
        """What stands on the screen, line by line."""
        screen = self.app.screen
        return "\n".join(strip.text.rstrip() for strip in screen._compositor.render_strips())

    def widget(self, kind: type[W]) -> W:
        """The widget of a kind in the view."""
        return self.view.query_one(kind)

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Waits until a condition holds."""
        async with asyncio.timeout(PATIENCE):
            try:
                while not holds():
                    await self.pilot.pause(0.01)
            except asyncio.CancelledError:
                raise AssertionError(
                    f"{what or 'it'} never came to be:\n{self.text}\n{self._under_way()}"
                ) from None

    def _under_way(self) -> str:
        """What the app is at, and where it waits."""
        lines = [f"keys busy: {self.app.keys.busy}"]
        if self.app.desk is not None:
            lines.append(f"writes on their way: {self.app.desk.edits.waiting}")
        lines += [
            f"{worker.group} {worker.name}: {' > '.join(_frames(worker._task.get_coro()))}"
            for worker in self.app.workers
            if worker.is_running and worker._task is not None
        ]
        return "\n".join(lines)

    async def sees(self, *texts: str) -> None:
        """Waits until texts stand on the screen."""
        await self.until(lambda: all(text in self.text for text in texts), f"{texts}")

    async def misses(self, *texts: str) -> None:
        """Waits until texts stand on the screen no more."""
        await self.until(lambda: not any(text in self.text for text in texts), f"the end of {texts}")

    async def until_saved(self) -> None:
        """Waits until no key is at work and no write is on its way."""

        def saved() -> bool:
            return self.app.desk is not None and not (self.app.keys.busy or self.app.desk.edits.waiting)

        await self.until(saved, "saved")

    async def leave(self) -> None:
        """Ends the app as a person does, whatever it is at; Textual's tests would pull the screens away."""
        self.app.exit()
        if self.app._task is not None:
            await asyncio.wait({self.app._task})

    async def eventually(self, ask: Callable[[], Awaitable[object]], what: str = "") -> None:
        """Waits until the database holds something."""
        async with asyncio.timeout(PATIENCE):
            while not await ask():
                await self.pilot.pause(0.02)


@asynccontextmanager
async def opened(
    conninfo: str,
    session: Session,
    folder: Path,
    *,
    project: str | None = None,
    view: str = "issues",
    size: tuple[int, int] = (120, 40),
    keys: dict[str, str] | None = None,
    theme: str = "rhythm-dark",
    alone: bool = False,
) -> AsyncIterator[Driver]:
    """The app, opened by a person at a view of a project, read and ready; unless `alone`, hearing others."""
    app = RhythmApp(SignedIn(conninfo, session, folder, keys or {}, theme), start=view, project=project)
    app.keys.patience = 3 * PATIENCE  # A key that waits in vain is a defect.
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        await driver.until(lambda: alone or app.hearing.hears, "that others are heard")
        await driver.until(lambda: app.view is not None and not app.view.busy, f"the view {view}")
        try:
            yield driver
        finally:
            await driver.leave()


@asynccontextmanager
async def at_the_door(instance: Instance, *, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Driver]:
    """The app at an instance, whoever comes in or not."""
    app = RhythmApp(instance)
    app.keys.patience = 3 * PATIENCE  # A key that waits in vain is a defect.
    async with app.run_test(size=size) as pilot:
        yield Driver(app, pilot)
