"""Colours of widgets, kept for all alike. Textual keeps them by widget, and with each what was drawn of it.

Its `lru_cache` is on a method (`StylesCache.get_inner_outer`), so that up to 1,024 widgets that are gone keep
their lines: each dialog and each chord of keys leaves some, 60 MB in an hour of use.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from textual._styles_cache import StylesCache


def share_colours() -> None:
    """Has Textual keep colours by the colours that they are made of. Does nothing where it does so itself."""
    by_widget: Any = StylesCache.get_inner_outer
    if not hasattr(by_widget, "cache_info"):
        return
    shared = lru_cache(maxsize=1024)(partial(by_widget.__wrapped__, None))

    def get_inner_outer(_: StylesCache, base_background: Any, background: Any) -> Any:
        return shared(base_background, background)

    StylesCache.get_inner_outer = get_inner_outer  # type: ignore[assignment, method-assign]
