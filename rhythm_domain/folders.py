"""Folders of a person's own, for them alone."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """Makes a folder, and whatever is missing above it, with mode 0700; what exists stays as it is.

    `Path.mkdir` gives its mode to the last one only. Raises `OSError`.
    """
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
