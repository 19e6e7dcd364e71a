"""The log: JSON lines, private, small, without values."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from rhythm_domain import logs


def test_nothing_is_made_before_something_is_logged(log: Path) -> None:
    logging.getLogger("rhythm.test").info("too small a thing")
    assert not log.parent.exists()


def test_a_slow_query_is_a_line_with_its_name_and_time(log: Path) -> None:
    extra = {"query": "issue_list", "ms": 312.5, "rows": 50, "secret": "x"}
    logging.getLogger("rhythm.database").warning("slow query", extra=extra)
    line = json.loads(log.read_text())
    assert (line["query"], line["ms"], line["rows"], line["message"]) == (
        "issue_list",
        312.5,
        50,
        "slow query",
    )
    assert "secret" not in line
    assert log.stat().st_mode & 0o777 == 0o600


def test_an_exception_is_logged_without_its_message(log: Path) -> None:
    try:
        try:
            raise KeyError("hunter2")
        except KeyError as error:
            raise ValueError("hunter3") from error
    except ValueError as error:
        logging.getLogger("rhythm.test").error("broken", exc_info=error)
    assert "hunter" not in log.read_text()
    kinds = [one["kind"] for one in json.loads(log.read_text())["error"]]
    assert kinds == ["ValueError", "KeyError"]


def test_a_log_can_be_shown_on_a_terminal(log: Path) -> None:
    logging.getLogger("rhythm.test").warning("a\x1b]0;b\x07\u202e\x7f\n")
    text = log.read_text()
    assert text.isascii()
    assert text.rstrip("\n").isprintable()
    assert "\x1b" not in json.loads(text)["message"]


def test_the_log_stays_small_and_private(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SIZE", 2000)
    for number in range(100):
        logging.getLogger("rhythm.test").warning("line %d", number)
    files = sorted(log.parent.iterdir())
    assert [file.name for file in files] == ["rhythm.log", "rhythm.log.1", "rhythm.log.2"]
    assert all(file.stat().st_size <= 2000 and file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_a_log_that_cannot_be_written_disturbs_nobody(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    logging.getLogger("rhythm.test").warning("nobody hears this")
    assert capsys.readouterr().err == ""
