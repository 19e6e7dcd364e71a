"""What goes on in the background: how it is begun, and how all of it comes to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, ParamSpec

from textual.worker import Worker, WorkType

P = ParamSpec("P")

CLOSING = 0.2
"""Seconds that a task has to close its connection, once it is given up."""


def job(
    function: Callable[P, Coroutine[Any, Any, None]], *args: P.args, **kwargs: P.kwargs
) -> WorkType[None]:
    """Work for `run_worker`. Its coroutine is made when it begins: of one that was made and never began, as
    the app ended first, Python would complain.
    """
    return partial(function, *args, **kwargs)


def tasks(workers: Iterable[Worker[Any]]) -> list[asyncio.Task[Any]]:
    """What workers do, as tasks."""
    return [worker._task for worker in workers if worker._task is not None]


async def end(work: Iterable[asyncio.Task[Any]], seconds: float) -> None:
    """Cancels tasks and waits for their end: the server drops their queries, and their connections are given
    back. What takes longer than so many seconds, as with a server that does not answer, is cancelled once
    more: then its connection is closed. Returns `CLOSING` seconds later at the latest, ended or not.
    """
    late = set(work)
    for task in late:
        if not task.cancelling():
            task.cancel()
    if late:
        _, late = await asyncio.wait(late, timeout=seconds)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=CLOSING)
