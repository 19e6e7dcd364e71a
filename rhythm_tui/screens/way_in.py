"""The way in: reaches the instance, signs the person in, and says what is in the way and what to do about it.

It lies below all views. Where trying again can help it does so by itself, and says when.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rhythm_domain.errors import Invalid, NotSignedIn, RhythmError, SchemaMismatch, Unavailable
from rhythm_domain.session import Session, Tracker
from rhythm_domain.text import shown
from rhythm_tui.background import job
from rhythm_tui.commanding import Commanding, handles
from rhythm_tui.instance import Instance
from rhythm_tui.notebook import Notebook
from rhythm_tui.terminal.laid_out import LaidOut
from rhythm_tui.widgets.welcome import WORDMARK

if TYPE_CHECKING:
    from rhythm_tui.screens.door import Way

AGAIN: dict[type[RhythmError], int] = {Unavailable: 3, SchemaMismatch: 10}
"""Seconds until it tries again by itself, by what was in the way. Else it waits for `r`."""

_AT_THE_DOOR = (
    "Is the server up, and its URL right? `rhythm config` says where the URL comes from, `rhythm doctor` "
    "what is wrong."
)


class WayIn(LaidOut[None], Commanding):
    """`prepare` reads the settings, `signed_in` shows the views; both may fail, and are called again then.

    `turned_away` is told why somebody can't come in who could not sign in another way.
    """

    CSS_PATH = "way_in.tcss"
    AUTO_FOCUS: ClassVar[str] = ""

    def __init__(
        self,
        instance: Instance,
        exits: AsyncExitStack,
        *,
        prepare: Callable[[], None],
        signed_in: Callable[[Session], Awaitable[None]],
        turned_away: Callable[[RhythmError], None],
    ) -> None:
        super().__init__()
        self.instance = instance
        self._turned_away = turned_away
        self.tracker: Tracker | None = None
        """The open instance, once there is one."""
        self._exits, self._prepare, self._signed_in = exits, prepare, signed_in
        self._now = asyncio.Event()
        self._title, self._words = Static(id="title"), Static(id="words")
        self._where, self._next = Static(id="where"), Static(id="next")
        self._news: Vertical | None = None
        """All of them, once there is something to say: who is let in at once does not wait for them."""

    def on_mount(self) -> None:
        self.begin()

    def begin(self, *, words: str = "") -> None:
        """Goes in from the start; `words` say why one has to."""
        self.run_worker(job(self._enter, words), group="way in", exclusive=True)

    @handles("refresh")
    def try_now(self) -> None:
        self._now.set()

    async def _enter(self, words: str) -> None:
        while True:
            try:
                self._prepare()
                session = await self._open(words)
                await self._signed_in(session)
                self._say()
            except RhythmError as error:
                if isinstance(error, NotSignedIn) and not self.instance.local:
                    self._turned_away(error)
                    return
                await self._wait(error)
            else:
                return

    async def _open(self, words: str) -> Session:
        """Opens the instance, and signs in."""
        await self._exits.aclose()
        slow = self.set_timer(0.3, lambda: self._say("Opening …", self._opening()))
        try:
            enter, self.instance.begun = self.instance.begun or self.instance.enter, None
            self.tracker, session = await enter(self._exits)
            if isinstance(session, NotSignedIn):
                slow.stop()
                if not self.instance.local:
                    raise session
                session = await self._through_a_door(self.tracker, words, session)
            if self.instance.demo:
                await self._fill(session)
            return session
        finally:
            slow.stop()

    def _opening(self) -> str:
        if self.instance.settings.database_url:
            return "Waiting for the database to answer."
        return "Starting a database of your own. The first time takes some seconds."

    async def _fill(self, session: Session) -> None:
        from rhythm_domain.demo import workspace

        await asyncio.to_thread(workspace.create, self.instance.conninfo(), owner=session.user.id)

    # Signing in ------------------------------------------------------------------------------------------

    async def _through_a_door(self, tracker: Tracker, words: str, error: NotSignedIn) -> Session:
        if self.instance.settings.token:
            raise Invalid(
                "RHYTHM_TOKEN is not valid: it is mistyped, was revoked, or has ended.",
                hint="Unset it to sign in with a password, or set one that `rhythm token create` printed.",
            )
        if self.instance.remembered.get(self.instance.instance_name):
            self.instance.remember(None)
            words = words or error.message
        self._say()
        way: Way = "first" if await tracker.accounts.needs_setup() else "sign in"
        return await self.ask(tracker, way, words)

    async def ask(
        self, tracker: Tracker, way: Way = "sign in", words: str = "", *, name: str = ""
    ) -> Session:
        """Lets the person sign in; the session is remembered. With a `name` nobody else can."""
        from rhythm_tui.screens.door import OTHER, Door

        words = words or (f"At {self.instance.instance_name}" if way == "sign in" else "")
        kept = Notebook(self.instance.settings.state_dir, "door", self.instance.instance_name)
        while True:
            door = Door(tracker, way, words=words, name=name or kept.get("name") or "", once=bool(name))
            signed_in = await self.app.push_screen_wait(door)
            if signed_in is not None:
                kept.keep("name", signed_in.session.user.name)
                self.instance.remember(signed_in.token)
                return signed_in.session
            way, words = OTHER[way], ""

    async def sign_in_again(self, name: str, reason: str) -> Session:
        """A new session of somebody whose one has ended: by their password, unless there is another way."""
        if self.tracker is None:
            raise NotSignedIn(reason)
        if self.instance.settings.database_url and not self.instance.settings.token:
            self.instance.remember(None)
            return await self.ask(self.tracker, words=reason, name=name)
        return await self.instance.signed_in(self.tracker)

    # What is in the way ----------------------------------------------------------------------------------

    async def _wait(self, error: RhythmError) -> None:
        """Says what happened and what to do, until it is time to try again."""
        self._now.clear()
        hint = error.hint
        if type(error) is Unavailable and hint == Unavailable.hint:
            hint = _AT_THE_DOOR if self.instance.local else "It is tried again by itself."
        with suppress(RhythmError):
            self._where.update(Content.styled(shown(self.instance.instance_name), "$muted"))
        seconds: float = next((wait for kind, wait in AGAIN.items() if isinstance(error, kind)), 0)
        left = seconds
        while not self._now.is_set():
            self._say(error.title, error.message, hint, f"Trying again in {left:.0f} s   " if seconds else "")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._now.wait(), 1 if seconds else None)
            left -= 1
            if seconds and left <= 0:
                break
        self._say(error.title, error.message, hint, "Trying …   ")
        self.instance.reread()

    def _say(self, title: str = "", words: str = "", hint: str = "", soon: str = "") -> None:
        if self._news is None:
            if not title:
                return
            wordmark = Static(Content.styled(WORDMARK, "bold $primary"))
            self._news = Vertical(wordmark, self._title, self._words, self._where, self._next, id="news")
            self.mount(self._news)
        self._news.set_class(bool(title), "said")
        colour = "$error" if hint else "$foreground"
        self._title.update(Content.styled(title, f"bold {colour}"))
        parts: list[Content] = [Content(shown(words))]
        if hint:
            parts += [Content(""), _with_commands(shown(hint))]
        self._words.update(Content("\n").join(parts))
        self._where.display = bool(hint)
        key = "bold $footer-key-foreground"
        self._next.update(
            Content.assemble(
                (soon, "$muted"),
                ("r", key),
                (" now   " if soon else " try again   ", "$muted"),
                ("^q", key),
                (" leave", "$muted"),
            )
            if hint
            else Content("")
        )


def _with_commands(hint: str) -> Content:
    """A hint in which the commands to type stand out."""
    parts: list[Any] = [
        (part, "bold $accent") if at % 2 else part for at, part in enumerate(re.split(r"`([^`]*)`", hint))
    ]
    return Content.assemble(*parts)
