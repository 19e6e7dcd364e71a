"""Who runs this process and where, as the system knows them."""

from __future__ import annotations

import os
import pwd
from typing import NamedTuple


class SystemPerson(NamedTuple):
    """The account's name, the full name of its entry, and where: `ada@laptop`."""

    name: str
    full_name: str
    source: str


def system_person() -> SystemPerson:
    """The person of this process; in a container they may have no entry."""
    try:
        entry = pwd.getpwuid(os.geteuid())
        name, full_name = entry.pw_name, entry.pw_gecos.split(",")[0].strip()
    except KeyError:
        name, full_name = "owner", ""
    return SystemPerson(name, full_name, f"{name}@{os.uname().nodename}")
