"""The styles of all widgets, read and parsed once."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path, PurePath
from typing import Any

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

SOURCES = 1024
"""Stylesheets whose rules are kept. The app has about a hundred."""

THEMES = 4
"""Themes for which they are kept: a process may show the one, then another."""


class KeptStylesheet(Stylesheet):
    """A stylesheet that knows what was parsed in this process.

    Textual reads all of it anew for each view that is opened and at each return to one, 20 ms a time, in case
    the theme has changed; and it keeps the rules of 64 sources, fewer than there are. Here only other
    variables of a theme have anything parsed again; and what one app of a process parsed, the next one has,
    as a fork has what was parsed before it.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = _rules(frozenset(self._variables.items()))

    def read(self, filename: str | PurePath) -> None:
        """Takes a file's styles as this process first read them: where people work while a new version is
        installed, each goes on with their own.
        """
        path = str(Path(filename).absolute())
        self.add_source(_text(path), read_from=(path, ""))

    def set_variables(self, variables: dict[str, str]) -> None:
        """Says the theme's variables."""
        if variables != self._variables:
            self._parse_cache = LRUCache(1)  # It is emptied, and the rules are not this sheet's alone.
            super().set_variables(variables)
            self._parse_cache = _rules(frozenset(variables.items()))
            self._require_parse = True

    def reparse(self) -> None:
        """Reads what has changed, if anything has; what is known costs nothing."""
        if self._require_parse:
            self.parse()


def read_ahead() -> None:
    """Reads all files of styles that there are."""
    for path in Path(__file__).parent.rglob("*.tcss"):
        _text(str(path))


@cache
def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@lru_cache(THEMES)
def _rules(_variables: frozenset[tuple[str, str]]) -> LRUCache[Any, Any]:
    """The rules that were parsed with a theme's variables."""
    return LRUCache(SOURCES)
