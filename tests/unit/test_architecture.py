"""Who may import whom, read from the source; imports inside functions count, those for types alone do not.

the faces -> Session -> services -> guard, repository -> database -> models, errors, policy
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import rhythm_domain
import rhythm_tui

DOMAIN, FACE = Path(rhythm_domain.__file__).parent, Path(rhythm_tui.__file__).parent


def imports(tree: ast.AST) -> Iterator[str]:
    """The names of all modules that a tree imports; `from a import b` is both a and a.b."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)
            case _:
                yield from imports(node)


@cache
def graph() -> dict[str, frozenset[str]]:
    """Every module and what it imports."""
    found: dict[str, frozenset[str]] = {}
    for folder in (DOMAIN, FACE):
        for path in folder.rglob("*.py"):
            name = ".".join(path.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__")
            found[name] = frozenset(imports(ast.parse(path.read_text(encoding="utf-8"))))
    return found


def inside(name: str, *packages: str) -> bool:
    """Whether a module is one of the packages, or in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def trespasses(
    who: tuple[str, ...], what: tuple[str, ...], *, but: tuple[str, ...] = ()
) -> set[tuple[str, str]]:
    """Imports of `what` by modules in `who` that are not in `but`."""
    return {
        (module, name)
        for module, names in graph().items()
        if inside(module, *who) and not inside(module, *but)
        for name in names
        if inside(name, *what)
    }


def test_the_graph_is_read() -> None:
    assert "rhythm_domain.services.projects" in graph()
    assert "psycopg" in graph()["rhythm_domain.database"]
    assert "rhythm_domain.errors" in graph()["rhythm_tui.cli.errors"]


def test_the_domain_knows_nothing_of_terminals() -> None:
    assert not trespasses(("rhythm_domain",), ("rhythm_tui", "textual", "rich", "click"))


def test_only_the_lowest_modules_speak_to_postgresql() -> None:
    lowest = tuple(
        f"rhythm_domain.{name}"
        for name in (
            "database",
            "pool",
            "connection",
            "deadline",
            "refusals",
            "guard",
            "migrate",
            "notices",
            "embedded",
            "repository",
            "maintenance.plans",
        )
    )
    assert not trespasses(("rhythm_domain", "rhythm_tui"), ("psycopg", "psycopg_pool"), but=lowest)


def test_no_face_reaches_past_the_services() -> None:
    hidden = tuple(
        f"rhythm_domain.{name}"
        for name in (
            "guard",
            "gate",
            "transaction",
            "repository",
            "database",
            "pool",
            "connection",
            "refusals",
        )
    )
    assert not trespasses(("rhythm_tui",), hidden)


def test_services_write_no_sql_and_open_no_connection() -> None:
    assert not trespasses(("rhythm_domain.services",), ("psycopg", "psycopg_pool", "rhythm_domain.queries"))


def test_the_tracker_does_not_lean_on_its_maintenance() -> None:
    tracker = ("rhythm_domain",)
    assert not trespasses(tracker, ("rhythm_domain.maintenance",), but=("rhythm_domain.maintenance",))


def test_rows_and_sql_know_no_rules_and_open_no_doors() -> None:
    above = tuple(f"rhythm_domain.{name}" for name in ("services", "session", "guard", "gate"))
    assert not trespasses(("rhythm_domain.repository",), above)


def test_what_is_pure_stays_pure() -> None:
    pure = tuple(
        f"rhythm_domain.{name}"
        for name in (
            "models",
            "errors",
            "policy",
            "query",
            "rank",
            "text",
            "lexemes",
            "config",
            "suggest",
            "nearest",
            "spellings",
            "operations",
        )
    )
    low = (
        "database",
        "connection",
        "pool",
        "refusals",
        "transaction",
        "guard",
        "gate",
        "repository",
        "services",
        "session",
        "queries",
    )
    assert not trespasses(pure, (*(f"rhythm_domain.{name}" for name in low), "psycopg", "asyncio"))


def test_the_command_line_never_touches_textual() -> None:
    assert not trespasses(
        ("rhythm_tui.cli", "rhythm_tui.__main__"), ("textual", "rhythm_tui.screens", "rhythm_tui.widgets")
    )


def test_nothing_below_the_app_imports_it() -> None:
    assert not trespasses(
        ("rhythm_tui",),
        ("rhythm_tui.app",),
        but=("rhythm_tui.app", "rhythm_tui.__main__", "rhythm_tui.hosting"),
    )


def test_widgets_know_models_only() -> None:
    allowed = ("rhythm_domain.models", "rhythm_domain.text", "rhythm_domain.errors", "rhythm_domain.policy")
    seen = trespasses(("rhythm_tui.widgets",), ("rhythm_domain",))
    assert not {(who, what) for who, what in seen if what != "rhythm_domain" and not inside(what, *allowed)}


def test_how_things_look_and_what_views_hold_stays_pure() -> None:
    pure = ("rhythm_tui.looks", "rhythm_tui.holding")
    above = (
        "rhythm_tui.app",
        "rhythm_tui.screens",
        "rhythm_tui.widgets",
        "rhythm_tui.desk",
        "rhythm_tui.edits",
    )
    assert not trespasses(pure, (*above, "rhythm_domain.session", "rhythm_domain.services", "asyncio"))


def test_the_face_asks_one_clock() -> None:
    """So that a picture of it can be the same every day."""
    asking = [
        path.name
        for path in FACE.rglob("*.py")
        if path.name != "clock.py" and "datetime.now(" in path.read_text(encoding="utf-8")
    ]
    assert not asking
