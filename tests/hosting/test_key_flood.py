"""Many who offer keys while the database is slow: the hub answers in time, and asks no more than it can."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rhythm_domain import config, ssh_keys
from rhythm_domain.session import Tracker
from rhythm_tui.hosting import hub_process, key_shim
from rhythm_tui.hosting.settings import Host, Limits
from tests.hosting.test_guest import PUBLIC


async def test_a_flood_of_keys_waits_neither_long_nor_in_a_long_queue(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody is let in meanwhile; sshd's side of each question has its answer before it gives up."""
    began = 0

    async def never(fingerprint: str) -> Any:
        nonlocal began
        began += 1
        await asyncio.Event().wait()

    limits = Limits(idle=timedelta(hours=1))
    host = Host(tmp_path, "Ours", config.Settings(), limits, run_dir=tmp_path)
    tracker = cast("Tracker", SimpleNamespace(accounts=SimpleNamespace(key=never)))
    assert hub_process.PATIENCE < key_shim.PATIENCE
    monkeypatch.setattr(hub_process, "PATIENCE", 0.05)
    key = hub_process.answers(tracker, host)["key"]
    kind, body = PUBLIC.split()
    words = [ssh_keys.parse(PUBLIC).fingerprint, kind, body]
    found = await asyncio.gather(*(key(words) for _ in range(hub_process.AT_ONCE + 30)))
    assert set(found) == {hub_process.NOBODY}
    assert began == hub_process.AT_ONCE
    assert await key(words) == hub_process.NOBODY
    assert began == hub_process.AT_ONCE + 1


def test_a_hub_whose_queue_is_full_lets_nobody_in(tmp_path: Path) -> None:
    """The kernel refuses such a question at once; sshd is answered, and asks the database nothing."""
    path = str(tmp_path / "hub.sock")
    with ExitStack() as held:
        hub = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        hub.bind(path)
        hub.listen(0)
        with suppress(BlockingIOError):
            for _ in range(100):
                each = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
                each.setblocking(False)
                each.connect(path)
        assert key_shim.ask(path, ["SHA256:x", "ssh-ed25519", "AAAA"]) == key_shim.NOBODY
    assert key_shim.ask(path, ["SHA256:x", "ssh-ed25519", "AAAA"]) == b""
