"""The app on a database of the test's own, opened by any of the team."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest

from rhythm_domain.session import Session
from rhythm_tui.widgets import glow, key_bar
from tests.tui import drawing
from tests.tui.driver import Driver, opened


class Open(Protocol):
    """Opens the app for a person; see `driver.opened`."""

    def __call__(self, session: Session, **options: Any) -> AbstractAsyncContextManager[Driver]: ...


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody changed stays lit, and what was said stays said: a busy machine may look late."""
    monkeypatch.setattr(glow, "SECONDS", 60.0)
    monkeypatch.setattr(key_bar, "SECONDS", 60.0)
    monkeypatch.setattr(key_bar, "SECONDS_TO_ACT", 60.0)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws the apps of the test at each change."""
    monkeypatch.setattr(drawing, "WATCHED", True)


@pytest.fixture
def app(conninfo: str, tmp_path: Path) -> Open:
    """Opens the app: `async with app(team.member, project="CORE") as driver: ...`."""

    def open_(session: Session, **options: Any) -> AbstractAsyncContextManager[Driver]:
        return opened(conninfo, session, tmp_path / session.user.name, **options)

    return open_
