"""Ids of operations and of what they record, made by whoever changes something, before it is sent; pure.

They begin with the time (version 7 of RFC 9562): what is recorded at one time stands together in the indexes
of the history. Ids by lot would each touch a page of their own, which is then written whole to the log.
"""

from __future__ import annotations

import os
import time
from uuid import UUID, uuid5

_LOW = (1 << 64) - 1


def new_operation() -> UUID:
    """An id that nobody else makes: milliseconds since 1970, and 74 bits by lot."""
    lot = int.from_bytes(os.urandom(10), "big")
    return UUID(int=(time.time_ns() // 1_000_000 << 80 | lot) & ~(0xF << 76 | 0x3 << 62) | 7 << 76 | 2 << 62)


def part_of(operation: UUID, name: str) -> UUID:
    """The id of a part of an operation: for one name always the same. It begins as the operation's, if that
    begins with the time; else, as ids were made once, it is of version 5.
    """
    own = uuid5(operation, name)
    return UUID(int=operation.int & ~_LOW | own.int & _LOW) if operation.version == 7 else own
