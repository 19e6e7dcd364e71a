"""`rhythm demo`: fills an instance of its own once, shows it each time, and stays out of the person's own."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_tui.cli.errors import Exit
from tests.cli.conftest import Cli
from tests.servers import reachable_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a space in its name; the demo's server is stopped afterwards."""
    folder = reachable_folder()
    yield folder
    EmbeddedServer(folder / "demo" / "postgres").stop()
    shutil.rmtree(folder)


@pytest.fixture
def rhythm(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    """The command line with nothing configured but where the data are."""
    return Cli(tmp_path, {"RHYTHM_DATA_DIR": str(folder)}, monkeypatch, capsys)


def test_a_demo_from_the_first_look_to_typing_on(rhythm: Cli, folder: Path) -> None:
    assert rhythm("demo", "--no-open", by="nonsense").code == Exit.NOT_SIGNED_IN
    first = rhythm.process("demo")
    assert first.returncode == 0, first.stderr
    assert {line.split("\t")[1] for line in first.stdout.splitlines()} >= {"todo", "in_progress", "done"}
    assert "Made three projects" in first.stderr

    second = rhythm.process("demo")
    assert second.stdout == first.stdout
    assert "Made" not in second.stderr

    proposed = [line.partition(" --demo ")[2] for line in second.stderr.splitlines() if " --demo " in line]
    assert len(proposed) >= 4
    for line in proposed:
        ran = rhythm("--demo", *shlex.split(line))
        assert (ran.code, bool(ran.out)) == (Exit.DONE, True), (line, ran)

    added = rhythm("demo", "--issues", "400", "--no-open")
    assert added.code == Exit.DONE
    assert "Issues: 400" in added.err
    again = rhythm("demo", "--issues", "400", "--no-open")
    assert "was filled before" in again.err
    assert len(rhythm("--demo", "project", "list", "--json").json["items"]) == 5

    reads = rhythm("--demo", "token", "create", "look", "--read-only").out.strip()
    assert rhythm("--demo", "issue", "list", by=reads).code == Exit.DONE
    assert rhythm("--demo", "issue", "create", "STN", "Not so", by=reads).code == Exit.FORBIDDEN
    refused = rhythm("--demo", "issue", "list", by="nonsense")
    assert refused.code == Exit.NOT_SIGNED_IN
    assert "RHYTHM_TOKEN is no token of the demo" in refused.err

    assert [path.name for path in folder.iterdir()] == ["demo"]
    assert rhythm("demo", "--remove").code == Exit.USAGE, "it is asked"
    assert rhythm("demo", "--remove", "--yes", "--issues", "9").code == Exit.USAGE, "one or the other"
    assert rhythm("demo", "--remove", "--yes").out == "The demo is removed.\n"
    assert not list(folder.iterdir())
    assert "no demo" in rhythm("demo", "--remove", "--yes").out


def test_the_demo_never_goes_where_the_person_works(rhythm: Cli, folder: Path) -> None:
    ran = rhythm("--demo", "config", "--json", RHYTHM_DATABASE_URL="postgresql://db/team")
    settings = {one["name"]: one for one in ran.json["items"]}
    assert not settings["database_url"]["value"]
    assert settings["data_dir"]["value"] == str(folder / "demo")
    assert settings["data_dir"]["source"] == "--demo"
    assert settings["state_dir"]["value"].startswith(str(folder / "demo")), "its drafts go with it"
