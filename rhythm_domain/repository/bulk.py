"""Many rows at once: COPY in one transaction, and what keeps the tables right done once, at the end.

While it lasts, the large tables have no secondary indexes, no foreign keys and no triggers of ours; before
COMMIT all are back, checked against every row. A load that is killed therefore leaves nothing behind, and a
second one that comes meanwhile waits. Only the owner of the tables can do it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from rhythm_domain.connection import CONNECT
from rhythm_domain.refusals import translated

LOCK = 0x72687962
"""The advisory lock of loads ("rhyb")."""

COLUMNS = {
    "users": "id, name, display_name, active, claimed, created_at",
    "projects": "id, key, name, description, wip_limits, created_at, updated_at",
    "project_keys": "key, project_id",
    "issue_numbers": "project_id, last",
    "project_members": "project_id, user_id, role, since, ended_at",
    "labels": "id, project_id, name, folded, colour, description",
    "sprints": (
        "id, project_id, name, folded, goal, state, starts_on, ends_on, started_at, finished_at, created_at"
    ),
    "saved_views": "id, owner_id, project_id, name, folded, query, published, created_at",
    "issues": (
        "id, project_id, number, title, status, priority, type, reporter_id, assignee_id, sprint_id,"
        " parent_id, estimate, due, rank, version, created_at, updated_at, closed_at"
    ),
    "issue_texts": "issue_id, description",
    "issue_search": "issue_id, project_id, number, tsv",
    "issue_labels": "project_id, issue_id, label_id",
    "issue_links": "project_id, blocker_id, blocked_id",
    "comments": "id, project_id, issue_id, author_id, body, created_at",
    "sprint_scope": "sprint_id, issue_id, added_at, removed_at",
    "events": "id, operation, kind, permission, actor_id, project_id, issue_id, before, after, at",
}
"""What is loaded: the columns of each table; tables behind those that they refer to."""

DERIVED = ("issue_index", "issue_facets")
"""Tables that follow from the others, and are made of them at the end."""

_LARGE = [*[*COLUMNS][[*COLUMNS].index("issues") :], *DERIVED]
_WITH_IDS = [table for table, columns in COLUMNS.items() if columns.startswith("id, ") and table != "events"]


class Rows:
    """Rows of some tables, as COPY reads them. Needs no connection: other processes can make them."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = defaultdict(list)

    def add(self, table: str, *values: Any) -> None:
        """One row; its values in the order of `COLUMNS`, JSON as text."""
        self._lines[table].append("\t".join(map(_cell, values)))

    def encoded(self) -> dict[str, bytes]:
        """All rows by table."""
        return {table: ("\n".join(lines) + "\n").encode() for table, lines in self._lines.items()}


def _cell(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return value.replace("\\", r"\\").replace("\n", r"\n").replace("\t", r"\t")
    return str(value)


class Loading:
    """A load that has begun. `next_ids` are the first free ids, by table."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.next_ids = {table: self._next_id(table) for table in _WITH_IDS}
        self._afterwards = self._take_down()

    def copy(self, rows: Mapping[str, bytes]) -> None:
        """Writes what `Rows.encoded` gave."""
        for table, columns in COLUMNS.items():
            if table in rows:
                target = "loaded_events" if table == "events" else table
                with self._connection.cursor().copy(f"COPY {target} ({columns}) FROM STDIN".encode()) as copy:
                    copy.write(rows[table])

    @property
    def steps(self) -> int:
        """How many steps `finish` takes."""
        return len(self._afterwards)

    def finish(self, done: Callable[[int], None]) -> None:
        """Makes what follows from the rows, and takes up again what was taken down; `done` counts steps."""
        for statement in self._afterwards:
            self._connection.execute(statement)
            done(1)

    def _take_down(self) -> list[sql.SQL | sql.Composed]:
        """Takes down what slows a load; what is to be done afterwards."""
        columns = sql.SQL(COLUMNS["events"])
        afterwards: list[sql.SQL | sql.Composed] = [
            # History is read by its sequence, so that has to follow time.
            sql.SQL("INSERT INTO events ({0}) SELECT {0} FROM loaded_events ORDER BY at, ctid").format(
                columns
            ),
            sql.SQL(
                "ALTER TABLE issues ALTER COLUMN facets TYPE bigint[]"
                " USING linked_facets(id, project_id, number),"
                " ALTER COLUMN marks TYPE int USING marks_of(id)"
            ),
            sql.SQL(
                "INSERT INTO issue_index SELECT i.id, i.created_at, i.updated_at, i.closed_at, i.parent_id,"
                " i.project_id, i.number, i.reporter_id, i.status, i.priority, i.type, i.assignee_id,"
                " i.sprint_id, i.due, i.estimate, i.rank, i.marks"
                " FROM issues i JOIN issue_search s ON s.issue_id = i.id"
                " WHERE NOT EXISTS (SELECT FROM issue_index x WHERE x.id = i.id) ORDER BY i.id"
            ),
            sql.SQL(
                "INSERT INTO issue_facets SELECT id, project_id, number,"
                " own_facets(project_id, number, status, priority, type, assignee_id, sprint_id) || facets"
                " FROM issues i WHERE deleted_at IS NULL"
                " AND NOT EXISTS (SELECT FROM issue_facets f WHERE f.issue_id = i.id)"
            ),
            sql.SQL("DELETE FROM issue_counts"),
            sql.SQL(
                "INSERT INTO issue_counts SELECT project_id, status, 0, count(*) FROM issues"
                " WHERE deleted_at IS NULL GROUP BY 1, 2"
            ),
            *(
                sql.SQL(
                    "SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {} HAVING max(id) > 0"
                ).format(sql.Literal(table), sql.Identifier(table))
                for table in _WITH_IDS
            ),
        ]
        self._connection.execute("CREATE TEMP TABLE loaded_events (LIKE events) ON COMMIT DROP")
        self._connection.execute("ALTER TABLE loaded_events DROP COLUMN seq")
        for statements in (_FOREIGN_KEYS, _INDEXES, _TRIGGERS, _TRIGGERS_OF_LINKED):
            for down, up in self._connection.execute(statements, [_LARGE]).fetchall():
                self._connection.execute(down.encode())
                afterwards.append(sql.SQL(up))
        return afterwards

    def _next_id(self, table: str) -> int:
        query = sql.SQL("SELECT coalesce(max(id), 0) + 1 FROM {}").format(sql.Identifier(table))
        return int(self._connection.execute(query).fetchall()[0][0])


# Each gives the statements that take something down and up again.
_FOREIGN_KEYS = b"""
    SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', c.relname, k.conname),
           format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', c.relname, k.conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype = 'f' AND c.oid = ANY(%s::regclass[]) ORDER BY 1"""
_INDEXES = b"""
    SELECT format('DROP INDEX %%I', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    FROM pg_index i
    WHERE i.indrelid = ANY(%s::regclass[])
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY 1"""
# No column is written anew while a trigger names it.
_TRIGGERS_OF_LINKED = b"""
    SELECT format('DROP TRIGGER %%I ON issues', tgname), pg_get_triggerdef(oid)
    FROM pg_trigger WHERE tgrelid = ANY(%s::regclass[]) AND tgname IN ('issue_refaceted', 'issue_redated')"""
_TRIGGERS = b"""
    SELECT format('ALTER TABLE %%s DISABLE TRIGGER USER', t), format('ALTER TABLE %%s ENABLE TRIGGER USER', t)
    FROM unnest(%s::regclass[]) AS t"""


@contextmanager
def loading(conninfo: str, *, unless: str) -> Iterator[Loading | None]:
    """Begins a load, which is committed at the end of the block; None if a project has the key `unless`.

    Raises what a lost connection raises everywhere; nothing is loaded then.
    """
    try:
        with psycopg.connect(conninfo, **CONNECT) as connection:
            connection.execute(
                "SELECT set_config(name, value, true) FROM (VALUES ('statement_timeout', '0'),"
                " ('lock_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),"
                " ('maintenance_work_mem', '256MB'), ('work_mem', '64MB')) AS s (name, value)"
            )
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            there = connection.execute("SELECT FROM project_keys WHERE key = %s", (unless,)).fetchone()
            yield None if there is not None else Loading(connection)
            connection.commit()
            if there is None:
                connection.autocommit = True
                connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(_names([*COLUMNS, *DERIVED])))
    except psycopg.Error as error:
        raise translated(error) from error


def _names(tables: Iterable[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, tables))
