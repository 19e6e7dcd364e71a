"""Keys reach what they are meant for, however fast they come.

Textual hands every key to what has the focus at that moment; but what a key does happens later, in other
queues. Of `/login` in one burst, from a quick hand or a slow line, all six would go to the table. Here a key
waits until the one before it has had its whole effect: its messages went up to the app, and a command that it
gave has come to rest, which is when it ended, sent its write, or opened a dialog that has the focus.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from weakref import WeakKeyDictionary

from textual.app import App
from textual.events import Key, Paste
from textual.message_pump import MessagePump
from textual.timer import Timer

PATIENCE = 2.0
"""Seconds after which the next key goes on, whatever the one before it waits for: a database that does not
answer must not keep a person from moving. Escape never waits.
"""

SOON = 0.1
"""Seconds after which one looks again whether a screen that is still to come has come, or another."""


class KeyOrder:
    """The keys of one app. `give` hands a key on as Textual would."""

    def __init__(self, app: App[int], give: Callable[[Key | Paste], Awaitable[None]]) -> None:
        self._app, self._give = app, give
        self.patience = PATIENCE
        self.given = 0
        """How many keys were handed on."""
        self._waiting: deque[Key | Paste] = deque()
        self._at_work = 0
        self._commands: dict[object, bool] = {}
        """Those that the next key waits for, and whether they go on to their end."""
        self._asking: WeakKeyDictionary[object, list[object]] = WeakKeyDictionary()
        """Dialogs, with the commands that wait for their answers."""
        self._arrived = False
        self._patience: Timer | None = None

    async def took(self, key: Key | Paste) -> None:
        """A key or a paste came: it is given now, or once the others are through. Escape ends the wait."""
        if isinstance(key, Key) and key.key == "escape" and self._working and self._arrived:
            self._waiting.clear()
            self._give_up()
        self._waiting.append(key)
        if not self._working:
            await self._next()

    def begun(self, command: object, *, to_its_end: bool = False) -> None:
        """A command was begun that goes on by itself; `to_its_end` if no key may come before it has ended."""
        self._commands[command] = to_its_end
        if to_its_end and not self._working:
            # It follows something that has come to rest, as a form that was saved.
            self._wait()
            self._arrived = True

    def settled(self, command: object = None) -> None:
        """A command has ended; without one, all but those that go on to their end have come to rest."""
        self._commands = {
            other: to_its_end
            for other, to_its_end in self._commands.items()
            if other is not command and (to_its_end or command is not None)
        }
        for asking in self._asking.values():
            if command in asking:
                asking.remove(command)
        self._look()

    def asked(self, dialog: object) -> None:
        """A dialog has the focus: whatever opened it waits for the person now. What the dialog itself has
        begun goes on to its end.
        """
        self._asking.setdefault(dialog, []).extend(
            other for other, to_its_end in self._commands.items() if not to_its_end
        )
        self._commands = {
            other: True for other, to_its_end in self._commands.items() if other is dialog and to_its_end
        }
        self._look()

    def answered(self, dialog: object) -> None:
        """A dialog is left: what waited for its answer goes on, and may ask once more."""
        self._commands |= dict.fromkeys(self._asking.pop(dialog, ()), False)

    @property
    def waiting(self) -> int:
        """How many keys have not been given yet."""
        return len(self._waiting)

    @property
    def busy(self) -> bool:
        """Whether a key waits, or has not had its whole effect yet."""
        return self._working or bool(self._waiting)

    @property
    def _working(self) -> bool:
        return self._patience is not None

    def _wait(self) -> None:
        self._patience = self._app.set_timer(self.patience, self._give_up)

    async def _next(self) -> None:
        screen = self._app.screen
        if not screen.is_mounted:  # Its widgets are still to come; what stands in its queue comes after them.
            screen.call_later(self._app.call_later, self._go_on)
            self._app.set_timer(SOON, self._go_on)  # It may be taken away before it gets there.
            return
        key = self._waiting.popleft()
        self.given += 1
        self._arrived = False
        self._at_work += 1
        self._wait()
        target = self._app.focused or screen
        await self._give(key)
        # A key that a widget has no use for goes up to the app, which finds its binding; what that tells the
        # view goes up once more, and what the view tells the app a third time, as when an issue is opened.
        path = [node for node in target.ancestors_with_self if node is not self._app]
        self._climb([*path, self._app] * 3, self._at_work)

    def _climb(self, nodes: Sequence[MessagePump], turn: int) -> None:
        """Goes through the queues that the key's messages go through, behind them."""
        if turn != self._at_work:
            return
        for at, node in enumerate(nodes, 1):
            if node.is_running and node.call_later(self._climb, nodes[at:], turn):  # Else it ends.
                return
        self._arrived = True
        self._look()

    def _give_up(self) -> None:
        self._arrived = True
        self._commands.clear()
        self._look()

    def _look(self) -> None:
        if self._arrived and not self._commands and self._patience is not None:
            self._patience.stop()
            self._patience = None
            if self._waiting:
                self._app.call_later(self._go_on)

    async def _go_on(self) -> None:
        if self._waiting and not self._working:
            await self._next()
