"""The sign-ins that outlive a command: session tokens by instance, in a file for its owner alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

from rhythm_domain.errors import Invalid


def _file(folder: Path) -> Path:
    return folder / "sessions.json"


def read(folder: Path) -> dict[str, str]:
    """The tokens by instance. Raises `Invalid` if others may read the file."""
    file = _file(folder)
    try:
        if file.stat().st_mode & 0o077:
            raise Invalid(
                f"{file} holds your sign-in, and others may read it.", hint=f"Run `chmod 600 {file}`."
            )
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return {str(name): str(token) for name, token in found.items()} if isinstance(found, dict) else {}


def write(folder: Path, instance: str, token: str | None) -> None:
    """Keeps or, with None, forgets the token of an instance; the file is replaced whole."""
    tokens = {name: kept for name, kept in read(folder).items() if name != instance}
    if token is not None:
        tokens[instance] = token
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f".sessions-{os.getpid()}.json"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(tokens), encoding="utf-8")
    draft.replace(_file(folder))
