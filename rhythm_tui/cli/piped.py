"""What is piped in: as much as can be used, and no more."""

from __future__ import annotations

from typing import IO, AnyStr

from rhythm_domain.errors import Invalid

TEXT = 2_000_000
"""Bytes of a text that is to be stored; the longest one has fewer."""

LINE = 20_000
"""Characters of what is one line: a password, a public key."""


def piped(stream: IO[AnyStr], most: int, name: str) -> AnyStr:
    """What a stream has, to its end. Raises `Invalid` if that is more than `most` characters or bytes: a pipe
    can be endless, and memory is everybody's.
    """
    found = stream.read(most + 1)
    if len(found) > most:
        raise Invalid(
            f"The {name} is far too long: more than {most:,} bytes.", field=name, hint="Shorten it."
        )
    return found
