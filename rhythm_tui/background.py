"""What goes on in the background: how it is begun, and how all of it comes to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec

from textual.worker import Worker, WorkType

P = ParamSpec("P")


def job(
    function: Callable[P, Coroutine[Any, Any, None]], *args: P.args, **kwargs: P.kwargs
) -> WorkType[None]:
    """Work for `run_worker`. Its coroutine is made when it begins: of one that was made and never began, as
    the app ended first, Python would complain.
    """
    return partial(function, *args, **kwargs)


async def end(workers: Iterable[Worker[Any]], seconds: float) -> None:
    """Cancels workers and waits for their end: the server drops their queries, and their connections are
    given back. What takes longer than so many seconds, as with a server that does not answer, is cancelled
    once more: then its connection is closed.
    """
    ending = list(workers)
    for worker in ending:
        if not worker.is_cancelled:
            worker.cancel()
    with suppress(TimeoutError):
        ended = asyncio.gather(*(worker.wait() for worker in ending), return_exceptions=True)
        await asyncio.wait_for(ended, seconds)
