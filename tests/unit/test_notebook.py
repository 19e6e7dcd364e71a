"""What the app remembers on disk: two apps of one person, a full disk, a file of somebody else's making."""

from __future__ import annotations

from pathlib import Path

from rhythm_tui.notebook import Notebook


def test_two_apps_keep_each_other_s_texts(tmp_path: Path) -> None:
    """What one writes the other sees; neither writes over it."""
    one, other = Notebook(tmp_path, "drafts", "x", "mia"), Notebook(tmp_path, "drafts", "x", "mia")
    one.keep("body A-1", "of one")
    other.keep("body A-2", "of the other")
    one.keep("body A-3", "later")
    assert other.names() == ("body A-1", "body A-2", "body A-3")
    other.drop("body A-1")
    assert one.get("body A-1") is None
    assert Notebook(tmp_path, "drafts", "x", "mia").get("body A-2") == "of the other"
    assert Notebook(tmp_path, "drafts", "x", "max").get("body A-2") is None


def test_only_the_person_reads_it(tmp_path: Path) -> None:
    """The folder too, if it is made."""
    Notebook(tmp_path / "state", "drafts", "x").keep("a", "b")
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "state").glob("*.json"))


def test_what_can_t_be_written_or_read_stays_in_mind(tmp_path: Path) -> None:
    """A folder that is a file, a file that is no JSON, no folder at all."""
    (tmp_path / "file").write_text("")
    (tmp_path / "drafts-x.json").write_text("{")
    for folder in (tmp_path / "file", None):
        book = Notebook(folder, "drafts", "x")
        book.keep("a", {"b": 1})
        assert book.get("a") == {"b": 1}
        book.keep("a", "")
        assert book.get("a") is None
