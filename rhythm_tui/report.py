"""What went wrong -> its place on the screen, decided here and nowhere else.

A form marks its wrong field, an editor shows both sides of a conflict: these catch such errors themselves.
All else comes here: the strip of an instance that can't be reached, the way in when a session has ended, or a
line of what happened and what to do.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from textual.app import ScreenStackError
from textual.css.query import NoMatches
from textual.dom import DOMNode

from rhythm_domain.errors import Busy, NotSignedIn, Outcome, RhythmError, Unavailable
from rhythm_tui.edits import NotSaved
from rhythm_tui.messages import Lost, Say, SignedOut

log = logging.getLogger("rhythm.app")


async def reported(node: DOMNode, work: Awaitable[None]) -> None:
    """Waits for work of a screen or a widget in the background; what goes wrong is reported."""
    try:
        await work
    except RhythmError as error:
        report(node, error)
    except (NoMatches, ScreenStackError):
        if not _is_closing(node):
            raise


def _is_closing(node: DOMNode) -> bool:
    """Whether a node, or the whole app, is on its way out: it is still there, its widgets are gone."""
    if node._pruning or node._closing or not (node.is_attached and node.app.is_running):
        return True
    try:
        return not node.app.screen.is_attached
    except ScreenStackError:
        return True


def report(node: DOMNode, error: RhythmError) -> None:
    """Tells the person; errors that are defects go to the log too."""
    match error:
        case NotSignedIn():
            node.post_message(SignedOut(error.message))
        case Busy():
            node.post_message(Say(error.message, error.hint, warning=True))
        case NotSaved():
            node.post_message(Say(error.message, error.hint, warning=True))
            node.post_message(Lost(error))
        case Unavailable(outcome=Outcome.UNKNOWN):
            node.post_message(Say(error.message, error.hint, warning=True))
            node.post_message(Lost(error))
        case Unavailable():
            node.post_message(Lost(error))
        case _:
            if type(error) is RhythmError:
                log.error("%s", error.message, exc_info=error)
            node.post_message(Say(error.message, error.hint, warning=True))
