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


def shut(environ: MutableMapping[str, str]) -> None:
    """Takes all other variables of Textual out."""
    for name in [each for each in environ if each == "TEXTUAL" or each.startswith("TEXTUAL_")]:
        if name not in LOOKS:
            del environ[name]
