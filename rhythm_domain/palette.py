"""The colour of the palette that is most like a colour of another tracker; pure."""

from __future__ import annotations

import colorsys
import re

from rhythm_domain.models import COLOURS

_HEX = re.compile("#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})")

# Where on the wheel, in degrees, each hue of the palette ends.
_HUES = (
    (15, "red"), (43, "orange"), (65, "yellow"), (90, "lime"), (155, "green"), (178, "teal"), (200, "cyan"),
    (250, "blue"), (285, "purple"), (330, "magenta"), (360, "red"),
)  # fmt: skip


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
