"""Named queries: the SQL of each module of `repository` stands in the `.sql` file beside it.

    -- name: issue_by_number
    -- One issue of one project.
    SELECT ...

What several queries of a module have in common stands before them as a `-- part: NAME`, and in each of
them as `{{NAME}}`. Parameters are psycopg's `%(name)s`. A test prepares every one of them on the real
schema, and `rhythm db explain NAME` shows its plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from psycopg.sql import Composable

_FOLDER = Path(__file__).parent / "repository"
_HEAD = re.compile(r"^-- (name|part): (\w+)\n", re.MULTILINE)
_USE = re.compile(r"\{\{(\w+)\}\}")


class Named(NamedTuple):
    """A query and the name under which it is logged.

    One that `lasts`, as until the next key, is prepared when it is first asked; others, of which there may be
    any number, when they are asked again.
    """

    name: str
    text: bytes
    lasts: bool = False

    @classmethod
    def of(cls, name: str, text: Composable, *, lasts: bool = False) -> Named:
        """One that was put together, once: its text is not made again each time it runs."""
        return cls(name, text.as_bytes(), lasts)


def integers(values: Iterable[int]) -> str:
    """Integers as an array, in PostgreSQL's writing: psycopg looks at each one twice, which takes longer than
    many a statement.
    """
    return f"{{{','.join(map(str, values))}}}"


@cache
def load(module: str) -> dict[str, Named]:
    """The queries of `module`.sql, by name."""
    source = (_FOLDER / f"{module}.sql").read_text(encoding="utf-8")
    _, *found = _HEAD.split(source)
    parts: dict[str, str] = {}
    queries: dict[str, Named] = {}
    for kind, name, text in zip(found[::3], found[1::3], found[2::3], strict=True):
        whole = _USE.sub(lambda use: parts[use[1]], text.strip())
        if kind == "part":
            parts[name] = whole
        else:
            queries[name] = Named(name, whole.encode(), lasts=True)
    return queries


@cache
def every() -> dict[str, Named]:
    """All named queries of the repository."""
    modules = sorted(path.stem for path in _FOLDER.glob("*.sql"))
    return {name: query for module in modules for name, query in load(module).items()}
