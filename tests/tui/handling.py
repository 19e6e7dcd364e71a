"""The messages that are being handled: Textual says only which wait to be."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump

_handled: dict[tuple[int, int], tuple[MessagePump, Message]] = {}

_dispatch = MessagePump._dispatch_message


async def _noted(pump: MessagePump, message: Message) -> None:
    _handled[id(pump), id(message)] = pump, message
    try:
        await _dispatch(pump, message)
    finally:
        del _handled[id(pump), id(message)]


MessagePump._dispatch_message = _noted  # type: ignore[assignment]


def handled(app: App[int]) -> Iterator[str]:
    """Those of an app, with who handles them."""
    for pump, message in _handled.values():
        if pump is app or pump in app._registry:
            yield f"{pump}: {message}"
