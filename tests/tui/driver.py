"""A person at the app: presses keys, waits until something is seen, looks at the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from pathlib import Path
from time import monotonic, process_time
from typing import Any, TypeVar

from textual.app import ScreenError
from textual.events import Key
from textual.keys import REPLACED_KEYS, _character_to_key, key_to_character
from textual.pilot import Pilot
from textual.widget import Widget

from rhythm_domain import config
from rhythm_domain.session import Session, Tracker
from rhythm_tui.app import RhythmApp
from rhythm_tui.instance import Instance
from rhythm_tui.screens.work import WorkScreen
from tests.tui import drawing
from tests.tui.handling import handled

PATIENCE = 60.0
"""Seconds after which what does not come is given up."""

CALM = 2
"""How many times in a row nothing must be on its way before the app is at rest."""

WAITING = {"live", "outage", "commands", "field", "save", "door", "way in"}
"""Groups of workers that may wait for a person, or for what others do."""

SHORT, LONG = 0.02, 2.0
"""Seconds in which an app that does next to nothing only waits, and after which the next key is pressed."""

_TO_BE_DRAWN = (
    "_dirty_widgets",
    "_layout_required",
    "_scroll_required",
    "_repaint_required",
    "_recompose_required",
)
"""What a screen notes that is to be done at its next moment. One below another leaves drawing to that."""

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
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 else key
            self.app.post_message(Key(name, key_to_character(REPLACED_KEYS.get(name, name))))
            await self.rest()

    async def write(self, text: str) -> None:
        """Types a text."""
        await self.press(*text)

    async def rest(self) -> None:
        """Waits until the app is at rest, or only waits itself, as for a server that does not answer."""
        await self.pilot._wait_for_screen()
        calm, pause, end = 0, 0.001, monotonic() + LONG
        while calm < CALM and monotonic() < end:
            before = process_time()
            await asyncio.sleep(pause)
            if self._at_rest():
                calm += 1
            elif pause == SHORT and process_time() - before < SHORT / 20:
                break
            else:
                calm, pause = 0, min(2 * pause, SHORT)

    def _at_rest(self) -> bool:
        return next(self.at_work(), None) is None

    def at_work(self) -> Iterator[str]:
        """What is on its way: keys, messages, what is to be drawn, workers that wait for nobody."""
        app = self.app
        if app.keys.busy:
            yield "keys"
        with suppress(ScreenError, KeyError):  # At the very start, and at the end, there is no screen.
            yield from (f"{app.screen}: {what}" for what in _TO_BE_DRAWN if getattr(app.screen, what))
            yield from (f"{below}: layout" for below in app._background_screens if below._layout_required)
        for node in (app, *app._registry):
            if node.message_queue_size:
                yield f"{node}: {node.message_queue_size} messages"
        yield from handled(app)
        for worker in app.workers:
            if not worker.is_finished and worker.group not in WAITING:
                yield f"{worker.group} {worker.name}"

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
        return drawing.text(self.app)

    def widget(self, kind: type[W]) -> W:
        """The widget of a kind in the view."""
        return self.view.query_one(kind)

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Waits until a condition holds."""
        async with asyncio.timeout(PATIENCE):
            try:
                while not holds():
                    await self._while()
            except asyncio.CancelledError:
                raise AssertionError(
                    f"{what or 'it'} never came to be:\n{self.text}\n{self._under_way()}"
                ) from None

    async def _while(self) -> None:
        """Lets the app go on for a moment."""
        await asyncio.sleep(0.01)
        assert self.app._exception is None, "the app has failed"

    def _under_way(self) -> str:
        """What the app is at, and where it waits."""
        lines = ["at work:", *self.at_work()]
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
                await self._while()


@asynccontextmanager
async def run(app: RhythmApp, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Driver]:
    """An app that is begun; it is drawn when somebody looks."""
    app.keys.patience = 3 * PATIENCE  # A key that waits in vain is a defect.
    with drawing.unwatched():
        async with app.run_test(size=size) as pilot:
            yield Driver(app, pilot)


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
    async with run(app, size) as driver:
        await driver.until(lambda: alone or app.hearing.hears, "that others are heard")
        await driver.until(lambda: app.view is not None and not app.view.busy, f"the view {view}")
        try:
            yield driver
        finally:
            await driver.leave()


@asynccontextmanager
async def at_the_door(instance: Instance, *, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Driver]:
    """The app at an instance, whoever comes in or not."""
    async with run(RhythmApp(instance), size) as driver:
        yield driver
