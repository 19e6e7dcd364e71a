"""What is piped in: as much as can be used, and no more."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import IO, AnyStr

from rhythm_domain.errors import Invalid

TEXT = 2_000_000
"""Bytes of a text that is to be stored; the longest one has fewer."""

LINE = 20_000
"""Characters of what is one line: a password, a public key."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends what reads here at once. asyncio has it wait for the next await, which comes after it."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def piped(stream: IO[AnyStr], most: int, name: str) -> AnyStr:
    """What a stream has, to its end. Raises `Invalid` if that is more than `most` characters or bytes: a pipe
    can be endless, and memory is everybody's.
    """
    with interruptible():
        found = stream.read(most + 1)
    if len(found) > most:
        raise Invalid(
            f"The {name} is far too long: more than {most:,} bytes.", field=name, hint="Shorten it."
        )
    return found
