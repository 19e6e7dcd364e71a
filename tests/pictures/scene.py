"""When the app is ready for a picture: all is read and drawn, and nothing will change by itself."""

from __future__ import annotations

from collections.abc import Iterator

from textual.dom import DOMNode
from textual.timer import Timer
from textual.widgets import Input, TextArea

from rhythm_tui.screens.work import WorkScreen
from tests.pictures.picture import Picture, taken
from tests.tui.driver import Driver

_SOON = 3.0
"""A timer of fewer seconds will change the picture; one of more takes away what was said, and is stopped."""

_QUIET = 2
"""How many times in a row nothing must be at work before one looks."""


async def settled(driver: Driver, *, sixteen: bool = False) -> Picture:
    """A picture of the screen once it is at rest: nothing is at work, and two looks in a row agree."""
    quiet, seen = 0, None

    def at_rest() -> bool:
        nonlocal quiet, seen
        for node in _nodes(driver):
            if isinstance(node, Input | TextArea):
                node.cursor_blink = False
        for timer in _timers(driver):
            if timer._interval >= _SOON:
                timer.pause()
        quiet = 0 if _at_work(driver) else quiet + 1
        if quiet < _QUIET:
            return False
        before, seen = seen, taken(driver.app, sixteen=sixteen)
        return seen == before

    await driver.until(at_rest, "a screen at rest")
    assert seen is not None
    return seen


def _nodes(driver: Driver) -> Iterator[DOMNode]:
    yield driver.app
    for screen in driver.app.screen_stack:
        yield from screen.walk_children(with_self=True)


def _timers(driver: Driver) -> Iterator[Timer]:
    """The timers that will fire once."""
    for node in _nodes(driver):
        for timer in list(node._timers):
            if timer._repeat == 0 and timer._task is not None and not timer._task.done():
                yield timer


def _at_work(driver: Driver) -> bool:
    desk = driver.app.desk
    return (
        next(driver.at_work(), None) is not None
        or any(timer._interval < _SOON for timer in _timers(driver))
        or (desk is not None and desk.edits.waiting > 0)
        or any(view.busy for view in driver.app.screen_stack if isinstance(view, WorkScreen))
    )
