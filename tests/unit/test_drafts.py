"""Texts that are not saved yet, of several apps of one person: each has its own, what one left is found."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rhythm_tui.drafts import Drafts, process_id
from rhythm_tui.notebook import Notebook

BODY = "body CORE-1"


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """The process of another app."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def drafts(folder: Path, app: str = "") -> Drafts:
    return Drafts(Notebook(folder, "drafts", "x", "mia"), app)


def test_two_apps_with_one_text_open_keep_their_own(tmp_path: Path, other: subprocess.Popen[bytes]) -> None:
    """What one types, saves and throws away does nothing to the other's."""
    theirs, mine = drafts(tmp_path, process_id(other.pid)), drafts(tmp_path)
    theirs.keep(BODY, "theirs")
    assert mine.get(BODY) is None
    mine.keep(BODY, "mine")
    assert (theirs.get(BODY), mine.get(BODY)) == ("theirs", "mine")
    mine.drop(BODY)
    assert (theirs.get(BODY), mine.get(BODY)) == ("theirs", None)


def test_what_an_app_left_is_found_by_the_next(tmp_path: Path, other: subprocess.Popen[bytes]) -> None:
    """Once it has crashed, and by one of them only; the text of an earlier program is found too."""
    drafts(tmp_path, process_id(other.pid)).keep(BODY, "theirs")
    Notebook(tmp_path, "drafts", "x", "mia").keep("comment CORE-1", "of old")
    mine = drafts(tmp_path)
    assert mine.get(BODY) is None
    other.kill()
    other.wait()
    assert mine.get(BODY) == "theirs"
    assert mine.get("comment CORE-1") == "of old"
    mine.drop(BODY)
    assert mine.get(BODY) is None


def test_a_notebook_of_long_ago_throws_nobody_s_last_words_away(
    tmp_path: Path, other: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody who was there then has left since is taken, and stays where it is."""
    monkeypatch.setattr(Notebook, "current", False)
    drafts(tmp_path, process_id(other.pid)).keep(BODY, "theirs")
    mine = drafts(tmp_path)
    other.kill()
    other.wait()
    assert mine.get(BODY) == "theirs"
    mine.drop(BODY)
    assert drafts(tmp_path).get(BODY) == "theirs"


def test_a_process_is_known_by_more_than_its_number(other: subprocess.Popen[bytes]) -> None:
    """Numbers are given again. One that has ended and that nobody has asked after is no longer there."""
    here = process_id(other.pid)
    assert here == process_id(other.pid) != process_id(os.getpid())
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert process_id(other.pid) == ""
    other.wait()
    assert process_id(other.pid) == ""
