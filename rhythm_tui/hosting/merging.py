"""Memory that the kernel may merge: a fork copies each page that it counts references in, and soon most of
the copies are alike again, in all sessions.

The kernel's KSM (madvise(2), MADV_MERGEABLE) finds them, where the machine's administrator has it run. Nobody
is asked unless the settings say so: who can measure how long a write takes, to the microsecond, could learn
that somebody else has the same page.
"""

from __future__ import annotations

import ctypes
import logging
from pathlib import Path

_MADV_MERGEABLE = 12

log = logging.getLogger("rhythm.host")


def let_merge() -> None:
    """What this process has written so far, and all its forks, may be merged. Says so if it can't be."""
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, modes, _, _, _, *name = line.split(maxsplit=5)
        if modes == "rw-p" and name in ([], ["[heap]"]):
            start, end = (int(each, 16) for each in span.split("-"))
            if madvise(start, end - start, _MADV_MERGEABLE) != 0:
                log.warning("this kernel does not merge memory: merge_memory does nothing here")
                return
