"""What the environment may say to Textual: how it looks, never what it does.

Textual reads variables that import a module (TEXTUAL_DRIVER), connect to a console (TEXTUAL=devtools), write
what is typed or logged to files (TEXTUAL_DEBUG, TEXTUAL_LOG), take a picture of the screen to any file
(TEXTUAL_SCREENSHOT and its kin) and press keys (TEXTUAL_PRESS). It reads them when it is imported, so they go
before; this module imports nothing of it.
"""

from __future__ import annotations

from collections.abc import MutableMapping

LOOKS = frozenset(
    f"TEXTUAL_{name}"
    for name in (
        "ANIMATIONS", "COLOR_SYSTEM", "DIM_FACTOR", "DISABLE_KITTY_KEY", "FILTERS", "FPS", "SMOOTH_SCROLL",
        "SPEEDUPS",
    )
)  # fmt: skip
"""The variables of Textual that are heard."""

ESCDELAY = "40"
"""Milliseconds after which an escape is no beginning of another key, unless the variable says otherwise. What
a terminal sends for one key comes at once, also over a slow line; a quick hand takes longer. Textual waits
for 100, in which escape and the next key would be taken for one with alt.
"""

FPS = "240"
"""Pictures a second, at most, unless the variable says otherwise. Textual waits between two for as long as it
takes at 60: what an answer changes would be seen 17 ms later where the key that asked was just drawn.
"""


def shut(environ: MutableMapping[str, str]) -> None:
    """Takes all other variables of Textual out, and says how long an escape and a picture wait. An empty
    NO_COLOR says nothing (no-color.org); to Textual it would.
    """
    if not environ.get("NO_COLOR"):
        environ.pop("NO_COLOR", None)
    environ.setdefault("ESCDELAY", ESCDELAY)
    environ.setdefault("TEXTUAL_FPS", FPS)
    for name in [each for each in environ if each == "TEXTUAL" or each.startswith("TEXTUAL_")]:
        if name not in LOOKS:
            del environ[name]
