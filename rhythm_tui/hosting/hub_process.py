"""The hub in a process of its own: the resident process's one side to the database.

It passes notices on to all sessions, and answers what sshd and the administrator ask: whose a key is, whose
the open sessions are, to say something to everybody, to refuse all writes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket

from rhythm_domain import hub
from rhythm_domain.errors import RhythmError
from rhythm_domain.hub import Answer
from rhythm_domain.session import Tracker
from rhythm_tui.hosting import keys
from rhythm_tui.hosting.loop import Loop
from rhythm_tui.hosting.resident import check_alone
from rhythm_tui.hosting.settings import Host
from rhythm_tui.hosting.worker import fork, leave

PAUSE = 1.0
"""Seconds until a hub that ended is begun anew."""

NOBODY = "key "
"""The answer that a key opens nothing."""

AT_ONCE = 50
"""Keys that are looked up at once. sshd asks for every key that anybody offers."""

PATIENCE = 10.0
"""Seconds for a key to be looked up: more than the database's limits take (3 to connect, 5 for a statement).
A slow machine lets people in late, not never. Less than sshd's side waits for it.
"""

log = logging.getLogger("rhythm.host")


class HubProcess:
    """Keeps a hub running behind a listening socket, which outlives it: who connects meanwhile waits."""

    def __init__(self, loop: Loop, listener: socket.socket, host: Host) -> None:
        self._loop, self._listener, self._host = loop, listener, host
        self.pid = 0
        self.begin()

    def begin(self) -> None:
        """Forks it."""
        check_alone()
        resident, pid = os.getpid(), fork()
        if pid == 0:
            _become(self._listener, self._host, resident)
        self.pid = pid
        process = os.pidfd_open(pid)
        self._loop.watch(process, lambda: self._ended(process))

    def end(self) -> None:
        """Ends it, for good."""
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)

    def _ended(self, process: int) -> None:
        self._loop.forget(process)
        os.close(process)
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        log.error("the hub ended (%d) and is begun anew", os.waitstatus_to_exitcode(status))
        self._loop.after(PAUSE, self.begin)


def _become(listener: socket.socket, host: Host, resident: int) -> None:
    code = 1
    try:
        leave(resident, signal.SIGTERM, listener.fileno())
        asyncio.run(_serve(listener, host))
        code = 0
    except BaseException:
        log.exception("the hub failed")
    finally:
        os._exit(code)


async def _serve(listener: socket.socket, host: Host) -> None:
    settings = host.settings
    url = settings.database_url or ""
    async with Tracker.open(url, pooler=settings.pooler, discreet=True) as tracker:
        await hub.serve(settings.listen_url or url, listener, answers(tracker, host))


def answers(tracker: Tracker, host: Host) -> dict[str, Answer]:
    """What the hub can be asked. Each answer begins with `key`, `done` or `no`; then come the words."""

    asked = 0

    async def key(words: list[str]) -> str:
        nonlocal asked
        if asked >= AT_ONCE:
            log.warning("more than %d keys are asked for at once: one was refused", AT_ONCE)
            return NOBODY
        asked += 1
        try:
            async with asyncio.timeout(PATIENCE):
                return NOBODY + (await keys.look_up(tracker, host, *words) or "")
        except (RhythmError, TimeoutError) as error:
            log.warning("a key could not be looked up: %s", getattr(error, "message", "it took too long"))
            return NOBODY
        finally:
            asked -= 1

    async def people(words: list[str]) -> str:
        found = await tracker.hosting.people([int(word) for word in words])
        return f"done {json.dumps(found)}"

    async def say(words: list[str]) -> str:
        await tracker.hosting.announce(words[0])
        return "done "

    async def read_only(words: list[str]) -> str:
        if words:
            await tracker.hosting.set_read_only(words == ["on"])
        return f"done {json.dumps(await tracker.hosting.is_read_only())}"

    return {"key": key, "people": _or_why(people), "say": _or_why(say), "read-only": _or_why(read_only)}


def _or_why(answer: Answer) -> Answer:
    """The same, with the reason in place of the answer where there is none."""

    async def answered(words: list[str]) -> str:
        try:
            return await answer(words)
        except RhythmError as error:
            return f"no {json.dumps([error.message, error.hint])}"

    return answered
