"""Who runs this process, as the system knows them: the first name that Rhythm offers them."""

from __future__ import annotations

import os
import pwd
import re

from rhythm_domain.errors import Invalid
from rhythm_domain.text import check_name, clean


def account_name() -> str:
    """The system's name of the person, made into one that Rhythm can use."""
    name = re.sub("[^a-z0-9._-]+", "", _entry()[0].lower())
    try:
        return check_name(name)
    except Invalid:
        return "owner"


def full_name() -> str:
    """The person's full name from the system, or the account's name."""
    full = _entry()[1].split(",")[0]
    try:
        return clean(full, field="name", limit=100, lines=False, required=True)
    except Invalid:
        return account_name()


def _entry() -> tuple[str, str]:
    """The account's name and its GECOS field; a container may run as somebody without an entry."""
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        return "", ""
    return entry.pw_name, entry.pw_gecos
