"""Named queries: the SQL of each module of `repository` stands in the `.sql` file beside it.

    -- name: issue_by_number
    -- One issue of one project.
    SELECT ...

Parameters are psycopg's `%(name)s`. A test prepares every one of them on the real schema, and
`rhythm db explain NAME` shows its plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg.sql import Composable, Composed

_FOLDER = Path(__file__).parent / "repository"
_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Named:
    """A query and the name under which it is logged."""

    name: str
    text: bytes | Composed

    @classmethod
    def of(cls, name: str, text: Composable) -> Named:
        """One that was put together, once: its text is not made again each time it runs."""
        return cls(name, text.as_bytes())


def integers(values: Iterable[int]) -> str:
    """Integers as an array, in PostgreSQL's writing: psycopg looks at each one twice, which takes longer than
    many a statement.
    """
    return f"{{{','.join(map(str, values))}}}"


@cache
def load(module: str) -> dict[str, Named]:
    """The queries of `module`.sql, by name."""
    source = (_FOLDER / f"{module}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(source)[1:]
    return {
        name: Named(name, text.strip().encode()) for name, text in zip(parts[::2], parts[1::2], strict=True)
    }


@cache
def every() -> dict[str, Named]:
    """All named queries of the repository."""
    modules = sorted(path.stem for path in _FOLDER.glob("*.sql"))
    return {name: query for module in modules for name, query in load(module).items()}
