"""The settings of a host: what they say, and that nobody else could have written them."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from rhythm_domain.errors import Invalid
from rhythm_tui.hosting.settings import load

LEAST = 'database_url = "postgresql:///rhythm"\n'


def written(folder: Path, text: str, mode: int = 0o640) -> Path:
    file = folder / "host.toml"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_what_is_not_said_has_a_sensible_value(tmp_path: Path) -> None:
    host = load(written(tmp_path, LEAST))
    assert (host.name, host.limits.sessions, host.limits.idle) == ("Rhythm", 250, timedelta(hours=8))
    said = load(written(tmp_path, f'name = "Ours"\n{LEAST}[limits]\nsessions = 5\nidle_hours = 0.5\n'))
    assert (said.name, said.limits.sessions, said.limits.idle) == ("Ours", 5, timedelta(minutes=30))
    assert not host.merge_memory
    assert load(written(tmp_path, f"{LEAST}merge_memory = true\n")).merge_memory


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no database_url"),
        (f'{LEAST}token = "x"\n', "no setting token"),
        (f'{LEAST}editor = "vi"\n', "no setting editor"),
        (f"{LEAST}[limits]\nsession = 5\n", "no limit session"),
        (f"{LEAST}[limits]\nsessions = 0\n", "above 0"),
        (f"{LEAST}[limits]\nsessions = true\n", "above 0"),
        (f"{LEAST}limits = 3\n", "a table"),
        (f"{LEAST}merge_memory = 1\n", "true or false"),
        ("database_url =", "no TOML"),
    ],
)
def test_what_can_not_be_meant_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        load(written(tmp_path, text))


def test_no_variable_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHYTHM_DATABASE_URL", "postgresql:///elsewhere")
    monkeypatch.setenv("RHYTHM_THEME", "nord")
    settings = load(written(tmp_path, LEAST)).settings
    assert (settings.database_url, settings.theme) == ("postgresql:///rhythm", "auto")


def test_what_others_could_change_or_read_is_not_trusted(tmp_path: Path) -> None:
    for mode in (0o660, 0o646):
        with pytest.raises(Invalid, match="could change"):
            load(written(tmp_path, LEAST, mode))
    secret = 'database_url = "postgresql://rhythm:pa55@db.example/rhythm"\n'
    load(written(tmp_path, secret, 0o640))
    with pytest.raises(Invalid, match="everybody can read"):
        load(written(tmp_path, secret, 0o644))
    tmp_path.chmod(0o777)
    with pytest.raises(Invalid, match="could change"):
        load(written(tmp_path, LEAST))
    tmp_path.chmod(0o700)
    with pytest.raises(Invalid, match="can't be read"):
        load(tmp_path / "none.toml")


@pytest.mark.skipif(not Path("/sys/kernel/mm/ksm").exists(), reason="this kernel merges no memory")
def test_memory_may_be_merged_where_that_is_said() -> None:
    """Of a process of its own: it could not be taken back."""
    count = "print(open('/proc/self/smaps').read().count(' mg'))"
    told = f"{count}; from rhythm_tui.hosting.merging import let_merge; let_merge(); {count}"
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout
    before, after = map(int, said.split())
    assert before == 0 < after
