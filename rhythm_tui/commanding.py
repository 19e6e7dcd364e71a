"""How screens and widgets take commands: a handler names its command, the rest is derived.

    class BoardScreen(Screen[None], Commanding):
        @handles("card.left")
        def move_left(self) -> None: ...

The keys become Textual bindings. Before a handler runs, `why_not` is asked: a key that may not be used says
why. A handler that is a coroutine runs in a worker of its own, so that it may ask for something in a dialog.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, ClassVar, NamedTuple, TypeVar

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from rhythm_domain.errors import RhythmError
from rhythm_tui.background import job, tasks
from rhythm_tui.commands import COMMANDS, Command
from rhythm_tui.messages import Say
from rhythm_tui.report import report, reported

EVERYWHERE = frozenset({"quit"})
"""One can leave from any dialog: what is typed there is a draft."""

AHEAD = frozenset({"choice.next", "choice.previous"})
"""Their keys are theirs also where the line that one types in has another use for them."""

F = TypeVar("F", bound=Callable[..., Any])


def handles(id: str) -> Callable[[F], F]:
    """Says which command a method carries out."""
    command = COMMANDS[id]

    def mark(method: F) -> F:
        method.__dict__["command"] = command
        return method

    return mark


class Offer(NamedTuple):
    """A command that can be given now, by whom it is taken, and why not, if it is not allowed."""

    command: Command
    node: Commanding
    why_not: str | None


class Commanding(DOMNode):
    """A screen, a widget or the app that takes commands."""

    HANDLERS: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        own = {
            method.__dict__["command"].id: name
            for name, method in vars(cls).items()
            if inspect.isfunction(method) and "command" in method.__dict__
        }
        if own:
            bindings = [binding(COMMANDS[id]) for id in own]
            cls.BINDINGS = [*cls.__dict__.get("BINDINGS", ()), *bindings]
        inherited: dict[str, str] = {}
        for base in reversed(cls.__mro__[1:]):
            inherited |= base.__dict__.get("HANDLERS", {})
        cls.HANDLERS = {**own, **inherited, **own}  # Its own first: they are nearest.
        super().__init_subclass__(**kwargs)

    def why_not(self, command: Command) -> str | None:
        """Why a command can't be given now, in words; None if it can."""
        return None

    def label_of(self, command: Command) -> str:
        """What the bottom line calls a command here."""
        return command.label

    def foot(self) -> str | None:
        """What the bottom line says where this has the focus, such as "enter save · esc cancel"; None for the
        keys of the commands that can be given.
        """
        return None

    def action_command(self, id: str) -> None:
        """Carries out a command, or says why not."""
        command = COMMANDS[id]
        reason = self.why_not(command)
        if reason is not None:
            self.post_message(Say(f"{reason[0].upper()}{reason[1:]}.", warning=True))
            return
        handler = getattr(self, self.HANDLERS[id])
        if inspect.iscoroutinefunction(handler):
            # The screen owns the worker, as a widget may be gone before its dialog is answered; but what the
            # app does may end the screen.
            owner = self if isinstance(self, App) else self.screen
            keys, begun = getattr(self.app, "keys", None), object()
            if keys is not None:
                keys.begun(begun)
            work = job(_carried_out, self, handler)
            worker = owner.run_worker(work, group="commands", description=command.help)
            if keys is not None:
                # Of its task, which may be cancelled before it does its first step.
                for task in tasks([worker]):
                    task.add_done_callback(lambda _: keys.settled(begun))
            return
        try:
            handler()
        except RhythmError as error:
            report(self, error)


async def _carried_out(node: DOMNode, handler: Callable[[], Coroutine[Any, Any, None]]) -> None:
    try:
        await reported(node, handler())
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise  # Its screen went away.
        # Textual would take it for that, and the key would have done nothing without a word.
        raise RuntimeError("a command was cancelled by what it waited for") from error


def keys_of(command: Command) -> str:
    """A command's keys as Textual has them. One without is bound to its id, a key that nobody can press, so
    that a person's own can take its place.
    """
    return ",".join(command.keys) or command.id


def binding(command: Command) -> Binding:
    """A command's Textual binding; its id lets a person's own keys take the place of these."""
    return Binding(
        keys_of(command),
        f"command('{command.id}')",
        command.label,
        show=command.shown,
        tooltip=command.help,
        id=command.id,
        priority=command.id in EVERYWHERE | AHEAD,
    )


def offers(focused: DOMNode) -> Iterator[Offer]:
    """The commands that can be given where the focus is, the nearest first, each once.

    What lies over a view, such as a dialog, lets no key past it but those that work `EVERYWHERE`.
    """
    seen: set[str] = set()
    beyond = False
    for node in focused.ancestors_with_self:
        if isinstance(node, Commanding):
            for id in node.HANDLERS:
                if id not in seen and (id in EVERYWHERE or not beyond):
                    seen.add(id)
                    yield Offer(COMMANDS[id], node, node.why_not(COMMANDS[id]))
        beyond = beyond or (isinstance(node, Screen) and node.is_modal)
