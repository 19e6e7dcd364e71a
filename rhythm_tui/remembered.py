"""The sign-ins that outlive a command: session tokens by instance, in a file for its owner alone."""

from __future__ import annotations

import json
from pathlib import Path

from rhythm_domain.errors import Invalid
from rhythm_domain.folders import make_private
from rhythm_tui.files import whole


def _file(folder: Path) -> Path:
    return folder / "sessions.json"


def read(folder: Path) -> dict[str, str]:
    """The tokens by instance. Raises `Invalid` if others may read the file, or nobody can."""
    file = _file(folder)
    try:
        if file.stat().st_mode & 0o077:
            raise Invalid(
                f"{file} holds your sign-in, and others may read it.", hint=f"Run `chmod 600 {file}`."
            )
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    except OSError as error:
        raise Invalid(
            f"{file} can't be read: {error.strerror}.", hint="Move it away, and sign in again."
        ) from error
    return {str(name): str(token) for name, token in found.items()} if isinstance(found, dict) else {}


def write(folder: Path, instance: str, token: str | None) -> None:
    """Keeps or, with None, forgets the token of an instance; the file is replaced whole. Raises `Invalid`."""
    tokens = {name: kept for name, kept in read(folder).items() if name != instance}
    if token is not None:
        tokens[instance] = token
    try:
        make_private(folder)
        with whole(_file(folder)) as stream:
            stream.write(json.dumps(tokens).encode())
    except OSError as error:
        raise Invalid(
            f"{folder} can't be written: {error.strerror}.",
            field="state_dir",
            hint="Your sign-in is good for this command only; set RHYTHM_STATE_DIR to a folder of yours.",
        ) from error
