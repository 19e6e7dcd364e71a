"""Undo and redo: what was done last in this app, wherever that was; else what was done last in a project."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from rhythm_domain.errors import Invalid, Irreversible, NotFound, Unavailable
from rhythm_domain.models.history import UndoResult
from rhythm_domain.text import shown
from rhythm_tui import clock
from rhythm_tui.desk import Desk
from rhythm_tui.looks.wording import relative_time
from rhythm_tui.screens.confirm import Confirm, long_ago, past, past_aside

RECENT = timedelta(minutes=15)
"""What was done longer ago, and not in this app since it was opened, is not taken back unasked."""

Ask = Callable[[Confirm], Awaitable[bool | None]]


class Taken(NamedTuple):
    """What an undo or redo did, in words, and what it left alone."""

    text: str
    left: str


async def take_back(desk: Desk, ask: Ask, here: str | None, *, redo: bool) -> Taken | None:
    """Takes the latest step back, or does again what was taken back; `here` is the project to look in where
    nothing was done in this app. None if the person, who may be asked, would rather not.

    Raises what the service raises.
    """
    trail = desk.edits.trail
    keys = trail.forth() if redo else await _where_last(desk)
    known = bool(keys)
    if not keys:
        if here is None:
            raise desk.no_project
        keys = [here]
        if not redo and not await _sure_of_old(desk, ask, here):
            return None
    aside = "" if redo else desk.done_aside
    results: list[UndoResult] = []
    stays = True
    try:
        if aside and not await ask(past_aside(aside, keys[0])):
            return None
        for key in keys:
            result = await _take_back_in(desk, ask, key, redo=redo)
            if result is None:
                return None
            results.append(result)
        stays = False
    except (NotFound, Invalid):
        stays = False  # The next time it goes on with what was done before.
        raise
    finally:
        if stays and known:
            trail.did(keys[len(results) :], redo=not redo)
    trail.did(keys, redo=redo)
    texts = [shown(result.text) for result in results]
    if len(keys) > 1:
        texts = [f"{key}: {text}" for key, text in zip(keys, texts, strict=True)]
    left = [shown(each) for result in results for each in result.skipped][:3]
    return Taken("; ".join(texts), f"left alone: {', '.join(left)}" if left else "")


async def _where_last(desk: Desk) -> Sequence[str]:
    """The projects of what was done last in this app; none if it was nothing that undo knows of."""
    edits = desk.edits
    while step := edits.trail.back():
        where = partial(desk.session.history.where, step.operations)
        try:
            keys = step.projects or await edits.after(where)
        except Unavailable:
            edits.trail.again(step)
            raise
        if keys:
            return keys
    return ()


async def _sure_of_old(desk: Desk, ask: Ask, key: str) -> bool:
    """Whether the person means it, should their latest change in a project be an old one."""
    latest = await desk.session.history.latest(key)
    if latest is None:
        return True
    (did, at), now = latest, clock.now()
    if now - at < RECENT:
        return True
    return bool(await ask(long_ago(did, key, relative_time(at, now.astimezone(desk.zone)))))


async def _take_back_in(desk: Desk, ask: Ask, key: str, *, redo: bool) -> UndoResult | None:
    """Takes the latest change in a project back; None if the person would rather not."""
    history = desk.session.history
    again = history.redo if redo else history.undo
    try:
        return await desk.edits.run(lambda operation: again(key, operation=operation), step=False)
    except Irreversible as error:
        if not error.before:
            raise Invalid(error.message, hint=error.instead) from None
        if not await ask(past(error)):
            return None
        again = partial(history.undo, past=True)
        return await desk.edits.run(lambda operation: again(key, operation=operation), step=False)
