"""Colours of labels: that of a name, and the one most like a colour of another tracker; pure."""

from __future__ import annotations

import colorsys
import re
import zlib

from rhythm_domain.models import COLOURS
from rhythm_domain.text import folded

_HEX = re.compile("#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})")

# Where on the wheel, in degrees, each hue of the palette ends.
_HUES = (
    (15, "red"), (43, "orange"), (65, "yellow"), (90, "lime"), (155, "green"), (178, "teal"), (200, "cyan"),
    (250, "blue"), (285, "purple"), (330, "magenta"), (360, "red"),
)  # fmt: skip


def colour_of(name: str) -> str:
    """The colour that a label has by its name unless another is chosen: always the same."""
    return COLOURS[zlib.crc32(folded(name).encode()) % len(COLOURS)]


def nearest(colour: str | None) -> str | None:
    """The palette's name for `#rrggbb` or a name of the palette; None for anything else."""
    if colour is None or colour in COLOURS:
        return colour
    found = _HEX.fullmatch(colour.lower())
    if found is None:
        return None
    hue, lightness, saturation = colorsys.rgb_to_hls(*(int(part, 16) / 255 for part in found.groups()))
    if saturation < 0.15 or not 0.08 < lightness < 0.97:
        return "grey"
    name = next(name for end, name in _HUES if hue * 360 <= end)
    return "brown" if name == "orange" and lightness < 0.4 else name
