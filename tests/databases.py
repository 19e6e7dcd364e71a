"""Databases for tests. A copy of a template is 460 files, which costs more than most tests do: one that a
test leaves as it was but for its rows is emptied and given to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from time import sleep

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal
from psycopg.types.json import Json

Connect = Callable[[str], psycopg.Connection]
"""Connects to a database by its name, as a superuser that commits every statement."""

GROWTH = 4 << 20
"""Bytes by which a database may have grown: dead rows of many tests would mislead the planner."""

_CATALOGS = {
    "pg_attribute": "attrelid",
    "pg_description": "objoid",
    "pg_enum": "enumtypid",
    "pg_index": "indexrelid",
    "pg_statistic": "starelid",
    **dict.fromkeys(("pg_attrdef", "pg_constraint", "pg_default_acl", "pg_extension", "pg_policy"), "oid"),
    **dict.fromkeys(("pg_proc", "pg_rewrite", "pg_statistic_ext", "pg_trigger", "pg_type"), "oid"),
}
"""Where the definitions of a database are -> whose they are; numbers below 16384 are PostgreSQL's own."""

_SHAPE = f"""
SELECT md5(concat_ws(';',
  {
    "".join(
        f"(SELECT concat(count(*), sum(xmin::text::int8)) FROM {catalog} WHERE {owner} >= 16384), "
        for catalog, owner in _CATALOGS.items()
    )
}
  (SELECT string_agg(concat(oid, xmin, relpages, reltuples), ',' ORDER BY oid) FROM pg_class
     WHERE oid >= 16384),
  (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_namespace),
  (SELECT string_agg(concat(setrole, setconfig), ',' ORDER BY setrole) FROM pg_db_role_setting
     WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
  (SELECT datacl FROM pg_database WHERE datname = current_database())
))
""".encode()
"""Changes with every definition, right, setting and statistic of a database."""

_END_OTHERS = b"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass
class Databases:
    """Copies of `template`; their names begin with `prefix`."""

    connect: Connect
    template: str
    prefix: str
    _idle: list[str] = field(default_factory=list)
    _lines: dict[str, psycopg.Connection] = field(default_factory=dict)
    """A connection to each that was given back: a new one would look everything up anew."""
    _serial: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        with self.connect(self.template) as sql:
            self._shape, self._size = _looked_at(sql)
            self._emptying = _emptying(sql)

    def take(self) -> str:
        """The name of a database as it is in the template."""
        return self._idle.pop() if self._idle else self.copy()

    def give_back(self, name: str) -> None:
        """Empties a database for the next who takes one; it is dropped if it has changed otherwise."""
        if name not in self._lines:
            self._lines[name] = self.connect(name)
        sql = self._lines[name]
        while sql.execute(_END_OTHERS).fetchall():
            sleep(0.002)
        shape, size = _looked_at(sql)
        if shape == self._shape and size < self._size + GROWTH:
            sql.execute(self._emptying)
            self._idle.append(name)
        else:
            self.drop(name)

    def copy(self, template: str = "") -> str:
        """A new copy of the template, or of another, to be dropped."""
        name = f"{self.prefix}_{next(self._serial)}"
        with self.connect("postgres") as admin:
            admin.execute(
                SQL("CREATE DATABASE {} TEMPLATE {} OWNER rhythm STRATEGY file_copy").format(
                    Identifier(name), Identifier(template or self.template)
                )
            )
        return name

    def close(self) -> None:
        """Ends the connections; the databases stay."""
        while self._lines:
            self._lines.popitem()[1].close()

    def drop(self, name: str) -> None:
        """Drops a copy, whoever is connected to it."""
        if name in self._lines:
            self._lines.pop(name).close()
        with self.connect("postgres") as admin:
            admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def _looked_at(sql: psycopg.Connection) -> tuple[str, int]:
    """The shape of a database, and its size in bytes."""
    row = sql.execute(b"SELECT (" + _SHAPE + b"), pg_database_size(current_database())").fetchone()
    assert row is not None
    return row[0], row[1]


def _emptying(sql: psycopg.Connection) -> Composed:
    """The statements that bring all rows back to those of the template."""
    steps: list[Composable] = [SQL("SET LOCAL session_replication_role = replica")]
    for (name,) in sql.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
        table = Identifier(name)
        steps.append(SQL("DELETE FROM {}").format(table))
        found = sql.execute(SQL("SELECT json_agg(kept) FROM {} kept").format(table)).fetchone()
        if found and found[0]:
            rows = Literal(Json(found[0]))
            steps.append(
                SQL("INSERT INTO {0} SELECT * FROM json_populate_recordset(NULL::{0}, {1})").format(
                    table, rows
                )
            )
    steps += [
        SQL("SELECT setval({}, 1, false)").format(name)
        for (name,) in sql.execute("SELECT schemaname || '.' || sequencename FROM pg_sequences")
    ]
    return SQL("BEGIN; {}; COMMIT").format(SQL("; ").join(steps))
