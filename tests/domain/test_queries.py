"""Every named query is one that the real schema takes."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from rhythm_domain import queries
from rhythm_domain.lexemes import SEGMENT

_PARAMETER = re.compile(rb"%\((\w+)\)s")


def numbered(text: bytes) -> bytes:
    """A query with PostgreSQL's own parameters, `$1` for the first name."""
    names = list(dict.fromkeys(_PARAMETER.findall(text)))
    text = _PARAMETER.sub(lambda match: b"$%d" % (names.index(match[1]) + 1), text)
    return text.replace(b"%%", b"%")


def test_every_named_query_is_prepared_on_the_real_schema(conninfo: str) -> None:
    """Tables, columns, types and parameters fit."""
    wrong: dict[str, str] = {}
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for name, query in queries.every().items():
            prepared = connection.pgconn.prepare(name.encode(), numbered(query.text))
            if prepared.status != psycopg.pq.ExecStatus.COMMAND_OK:
                wrong[name] = prepared.error_message.decode()
    assert wrong == {}
    assert len(queries.every()) > 50


def test_names_are_unique_over_all_files() -> None:
    """A name stands for one query: in the log, and for `rhythm db explain`."""
    folder = Path(queries.__file__).parent / "repository"
    stated = [
        name for path in folder.glob("*.sql") for name in re.findall(r"-- name: (\w+)", path.read_text())
    ]
    assert sorted(stated) == sorted(queries.every())


def test_the_database_counts_the_same_numbers_to_a_segment() -> None:
    root = Path(__file__).parents[2]
    files = [root / "schema.sql", *(root / "rhythm_domain").rglob("*.sql")]
    assert {found for file in files for found in re.findall(r"number / (\d+)", file.read_text())} == {
        str(SEGMENT)
    }
