"""Everything that a session will need is imported and read before the first one comes: forks share it, and
open no file of a program that may have been replaced since.
"""

from __future__ import annotations

import gc
from importlib import import_module
from pkgutil import walk_packages

from rhythm_domain import migrate
from rhythm_domain.models.drafts import Draft
from rhythm_tui import stylesheet
from rhythm_tui.hosting.rehearsal import rehearse
from rhythm_tui.hosting.surroundings import hide

PACKAGES = ("rhythm_domain", "rhythm_tui")

LEFT_OUT = ("__main__", "rhythm_domain.demo", "rhythm_domain.embedded", "rhythm_domain.maintenance", "shim")
"""What no session runs."""

LIBRARIES = (
    *("asyncio", "psycopg", "psycopg_binary", "psycopg_pool", "psycopg.types.json", "tomllib", "zoneinfo"),
    *(
        "textual.command",
        "textual.drivers.linux_driver",
        "textual.widgets._markdown",
        "textual.widgets._toast",
    ),
    *("logging.handlers", "encodings.ascii", "encodings.idna", "textual._ansi_theme", "rich.pretty"),
)
"""What is imported late, when it is first used."""


def warm_up() -> None:
    """Imports it all, opens the app once in memory, and takes all of it out of the collector's sight: looking
    at an object copies its page.
    """
    for package in PACKAGES:
        for found in walk_packages(import_module(package).__path__, f"{package}."):
            if not any(word in found.name for word in LEFT_OUT):
                import_module(found.name)
    for name in LIBRARIES:
        import_module(name)
    for kind in Draft.__subclasses__():
        kind.model_rebuild()  # Else it is built when the first one is made, in each session.
    migrate.program_schema()
    stylesheet.read_ahead()
    rehearse()
    gc.collect()
    gc.disable()  # A collection would leave holes, for the first session to fill and to copy.
    gc.freeze()


def warm_again() -> None:
    """Has a fork touch what its session will, before there is one: what it only shared is its own then."""
    hide()
    rehearse(())
    gc.collect()
    gc.freeze()
