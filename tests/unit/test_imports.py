"""What starts, starts light: neither the domain nor the command line loads what it does not need."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys

import pytest

import rhythm_domain.services
from rhythm_tui.app import VIEWS

HEAVY = ("textual", "rich")

BRINGS_FILES = "rhythm_domain.services.exchange"
"""The service that reads what others wrote."""

RUN = "import sys; from rhythm_tui.cli.main import run; run(sys.argv[1:]); "
TELL = "print('\\n'.join(sys.modules), file=sys.stderr)"


def loaded(code: str, *args: str) -> set[str]:
    """The top packages and modules that a fresh Python loads."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RHYTHM_")}
    ran = subprocess.run(
        [sys.executable, "-c", code, *args], env=environ, capture_output=True, text=True, check=True
    )
    return set(ran.stderr.split())


def test_the_domain_never_loads_a_terminals_libraries() -> None:
    names = [one.name for one in pkgutil.walk_packages(rhythm_domain.__path__, "rhythm_domain.")]
    modules = loaded(f"import sys, {', '.join(names)}; {TELL}")
    assert modules.issuperset(names)
    assert not modules & {*HEAVY, "click"}


@pytest.mark.parametrize(
    "args", [("--help",), ("project", "list", "--help"), ("config",), ("member", "--help")]
)
def test_the_command_line_loads_neither_textual_nor_rich(args: tuple[str, ...]) -> None:
    modules = loaded(RUN + TELL, *args)
    assert "rhythm_tui.cli.main" in modules
    assert not modules & set(HEAVY)


def test_help_loads_neither_a_command_nor_the_database() -> None:
    modules = loaded(RUN + TELL, "--help")
    assert not {name for name in modules if name.startswith("rhythm_tui.cli.commands.")}
    assert not modules & {"psycopg", "pydantic", "asyncio", "platformdirs"}


def test_a_command_loads_only_its_own_module() -> None:
    modules = loaded(RUN + TELL, "project", "list", "--help")
    commands = {name for name in modules if name.startswith("rhythm_tui.cli.commands.")}
    assert commands == {"rhythm_tui.cli.commands.project"}
    assert "psycopg" not in modules


def test_neither_the_app_nor_a_list_loads_what_only_checks_input() -> None:
    services = [
        one.name for one in pkgutil.iter_modules(rhythm_domain.services.__path__, "rhythm_domain.services.")
    ]
    views = [module for module, _ in VIEWS.values()]
    starts = {"rhythm_tui.app", "rhythm_tui.cli.commands.issue", *services, *views} - {BRINGS_FILES}
    modules = loaded(f"import {', '.join(sorted(starts))}, sys; {TELL}")
    assert modules.issuperset(starts)
    assert "pydantic" not in modules
