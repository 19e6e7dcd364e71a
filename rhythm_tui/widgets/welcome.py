"""What a new person sees where nothing is yet: what to do first, and the keys for it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

WORDMARK = "▁▃▅▇▅▃▁  rhythm"

_FIRST = ("+", "make your first project")

_DEMO = ("g d", "look around in a demo, full of made-up work")

_THEN = (
    ("j k", "move, here and everywhere"),
    ("enter", "open what is under the cursor"),
    ("n", "write an issue in one line"),
    ("/", "search as you type"),
    (":", "find any command by its name"),
    ("?", "the keys of where you are"),
)


class Welcome(Static, can_focus=True):
    """The first words of Rhythm; of a demo only where there can be one."""

    def __init__(self, *, demo: bool) -> None:
        super().__init__(_words((_FIRST, _DEMO) if demo else (_FIRST,)))


def _words(first: Sequence[tuple[str, str]]) -> Content:
    return Content("\n").join(
        [
            Content.styled(WORDMARK, "bold $primary"),
            Content(""),
            Content("Issues, boards and sprints, at the speed of your keys."),
            Content(""),
            *(_line(key, words, "$foreground") for key, words in first),
            Content(""),
            Content.styled("And then", "$muted"),
            *(_line(key, words, "$muted") for key, words in _THEN),
        ]
    )


def _line(key: str, words: str, style: str) -> Content:
    return Content.assemble((f"{key:>7}  ", "bold $footer-key-foreground"), (words, style))
