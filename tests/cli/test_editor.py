"""Texts written in a person's editor: none is lost before it is saved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rhythm_tui.cli.errors import Exit
from tests.cli.conftest import Cli, Ran
from tests.instances import Team


@pytest.fixture(autouse=True)
def drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    import tempfile

    folder = tmp_path / "drafts"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _editor(rhythm: Cli, script: str) -> dict[str, str]:
    file = rhythm.home / "editor"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {"RHYTHM_EDITOR": str(file)}


def _kept(ran: Ran) -> str:
    """The text in the file that an error names."""
    found = re.search(r"What you wrote is in (\S+)", ran.err)
    assert found, ran.err
    return Path(found[1]).read_text()


def test_a_saved_text_leaves_no_file(rhythm: Cli, team: Team, drafts: Path) -> None:
    writes = _editor(rhythm, 'echo "Steps" > "$1"')
    made = rhythm("issue", "create", "CORE", "One", "--edit", "--json", by=team.member, **writes)
    assert made.json["description"].strip() == "Steps"
    assert list(drafts.iterdir()) == []


def test_a_text_that_could_not_be_saved_is_kept_and_named(rhythm: Cli, team: Team) -> None:
    writes = _editor(rhythm, 'echo "An hour of work" > "$1"')
    refused = rhythm("issue", "create", "CORE", "One", "--edit", by=team.viewer, **writes)
    assert refused.code == Exit.FORBIDDEN
    assert _kept(refused) == "An hour of work\n"
    nowhere = rhythm(
        "issue", "create", "CORE", "One", "--edit", "--sprint", "None such", by=team.member, **writes
    )
    assert nowhere.code != Exit.DONE
    assert _kept(nowhere) == "An hour of work\n"
    assert (
        "What you wrote is in"
        in rhythm("issue", "create", "CORE", "x" * 5000, "--edit", "--json", by=team.member, **writes).error[
            "hint"
        ]
    )


def test_an_edited_description_that_meets_anothers_is_kept(rhythm: Cli, team: Team) -> None:
    rhythm("issue", "create", "CORE", "One", "-d", "before", by=team.member)
    # Somebody else saves while the editor is open.
    python = "import sys; from rhythm_tui.cli.main import run; run(sys.argv[1:])"
    theirs = f"RHYTHM_TOKEN={rhythm.token(team.maintainer)}"
    import sys

    writes = _editor(
        rhythm,
        f'{theirs} "{sys.executable}" -c "{python}" issue edit CORE-1 -d theirs >&2\necho "mine" > "$1"',
    )
    ran = rhythm("issue", "edit", "CORE-1", "--edit", by=team.member, **writes)
    assert ran.code == Exit.CONFLICT, ran.err
    assert _kept(ran) == "mine\n"


def test_an_editor_that_fails_leaves_what_it_wrote(rhythm: Cli, team: Team) -> None:
    breaks = _editor(rhythm, 'echo "half" > "$1"; exit 3')
    ran = rhythm("issue", "create", "CORE", "One", "--edit", by=team.member, **breaks)
    assert ran.code == Exit.INVALID
    assert _kept(ran) == "half\n"


def test_without_a_terminal_a_comment_without_text_opens_no_editor(rhythm: Cli, team: Team) -> None:
    rhythm("issue", "create", "CORE", "One", by=team.member)
    writes = _editor(rhythm, 'echo "never asked for" > "$1"')
    ran = rhythm.process("issue", "comment", "CORE-1", by=team.member, **writes)
    assert ran.returncode == Exit.USAGE
    assert "--file" in ran.stderr
