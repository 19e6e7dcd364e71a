"""`rhythm` for tests on a real terminal. On a busy machine it has patience: that is no database that is gone.
F12 is answered once the keys before it had their whole effect, and all of it is drawn: by a title that says
what has the focus.

With `SEEN` in the environment its last line of defence is down, so that every widget stands for itself, and
the classes of what is mounted are noted in the file of that name.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from rhythm_tui.terminal.environment import shut

SEEN = "TESTS_OF_RHYTHM_SEEN"
"""The variable that names the file."""

AT_REST = "at rest"
"""How the title begins that answers F12."""


def main() -> None:
    shut(os.environ)  # Before Textual is imported.

    from textual.app import App
    from textual.events import Key, Mount, Paste
    from textual.widget import Widget

    from rhythm_tui.__main__ import main as rhythm
    from rhythm_tui.terminal import key_order
    from rhythm_tui.terminal.guarded import GuardedApp

    mounted, took = Widget._on_mount, key_order.KeyOrder.took
    answers: set[asyncio.Task[None]] = set()

    def note(widget: Widget, event: Mount) -> None:
        with Path(os.environ[SEEN]).open("a") as file:
            file.writelines(f"{kind.__name__}\n" for kind in type(widget).__mro__ if issubclass(kind, Widget))
        mounted(widget, event)

    async def took_or_answered(keys: key_order.KeyOrder, key: Key | Paste) -> None:
        if isinstance(key, Key) and key.key == "f12":
            answers.add(asyncio.create_task(answer(keys)))
        else:
            await took(keys, key)

    async def answer(keys: key_order.KeyOrder) -> None:
        calm = 0
        while calm < 2:
            await asyncio.sleep(0.003)
            calm = calm + 1 if at_rest(keys) else 0
        driver, focused = keys._app._driver, keys._app.focused
        assert driver is not None
        driver.write(f"\x1b]2;{AT_REST} {type(focused).__name__}\x07")

    def at_rest(keys: key_order.KeyOrder) -> bool:
        app = keys._app
        return not (
            keys.busy
            or keys._waiting
            or app.screen._dirty_widgets
            or app.screen._layout_widgets
            or any(node.message_queue_size for node in (app, *app._registry))
            or any(worker.is_running and worker.group not in WAITING for worker in app.workers)
        )

    key_order.PATIENCE = 60.0
    key_order.KeyOrder.took = took_or_answered  # type: ignore[assignment]
    if SEEN in os.environ:
        GuardedApp.get_line_filters = App.get_line_filters  # type: ignore[method-assign]
        Widget._on_mount = note  # type: ignore[assignment]
    rhythm()


WAITING = {"live", "commands", "field", "save", "door", "way in"}
"""Groups of workers that may wait for a person, or for what others do."""

if __name__ == "__main__":
    main()
