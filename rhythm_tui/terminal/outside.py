"""A text in the person's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from rhythm_domain.models import TEXT_LENGTH
from rhythm_domain.text import repaired


def edited(text: str, editor: str) -> tuple[str, str]:
    """What the person made of a text, and a word on what could not be taken over; it blocks meanwhile.

    The file can be read by its owner alone, and is gone afterwards. Whatever the editor did, what stands in
    the file counts; if there is none any more, the text is as before.
    """
    with TemporaryDirectory(prefix="rhythm-") as folder:
        file = Path(folder, "text.md")
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*shlex.split(editor), os.fspath(file)], check=False)  # noqa: S603
        except (OSError, ValueError) as error:
            return text, f"The editor could not be started: {error}."
        try:
            written = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return text, "The editor left no file: the text is as before."
    if not text.endswith("\n"):
        written = written.removesuffix("\n")  # Most editors end the last line.
    written, notes = repaired(written, limit=4 * TEXT_LENGTH, lines=True)
    ended = [f"The editor ended with {done.returncode}"] if done.returncode else []
    return written, ", ".join([*ended, *notes])
