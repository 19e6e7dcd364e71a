"""Files that are for their owner alone, and appear only once they are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole(file: Path) -> Iterator[BinaryIO]:
    """A stream of which the content takes the place of `file` at the end; after an error nothing changed.

    What is being written has a name that nobody could guess and prepare: the folder may be anybody's. A
    device or a pipe is written to, not replaced. Raises `OSError`.
    """
    from tempfile import mkstemp

    if file.exists() and not file.is_file():
        with file.open("wb") as stream:
            yield stream
        return
    handle, name = mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
