"""What a host is said to take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rhythm_domain import config
from rhythm_domain.errors import Unavailable
from rhythm_tui.hosting import overview
from rhythm_tui.hosting.settings import Host, Limits


def test_what_a_process_takes() -> None:
    assert (overview.memory(os.getpid()) or 0) > 1_000_000
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert overview.memory(ended.pid) == 0


def test_what_can_not_be_seen_is_not_said_to_be_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The kernel shows nobody but root what a session takes: its process is kept from being looked into."""
    told = {"pid": 1, "closing": False, "most": 9, "refusals": []}
    session = {"id": 1, "key": 7, "began": 0, "idle": 0, "command": None, "pid": 2}

    def ask(_: Path, *words: str) -> str:
        if words == ("status",):
            return json.dumps({**told, "sessions": [session]})
        raise Unavailable("The hub is away.")

    def read_text(path: Path, *_: Any) -> str:
        if "/2/" in str(path):
            raise PermissionError
        return "Pss:  1000 kB\n"

    monkeypatch.setattr(overview, "ask", ask)
    monkeypatch.setattr(Path, "read_text", read_text)
    found = overview.look(Host(tmp_path, "Ours", config.Settings(), Limits(idle=timedelta(hours=1))))
    assert overview.memory(1) == 1_024_000
    assert (found.sessions[0].memory, found.memory) == (None, None)
    assert found.read_only is None
    assert "The hub is away." in found.trouble
