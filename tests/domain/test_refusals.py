"""What the database refuses is logged: which query, which rule; never with which values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rhythm_domain import database
from rhythm_domain.database import Database
from rhythm_domain.errors import Invalid, RhythmError
from rhythm_domain.queries import Named

SECRET = "hunter2"


def logged(log: Path) -> str:
    return log.read_text() if log.exists() else ""


async def refused(db: Database, query: Named) -> RhythmError:
    with pytest.raises(RhythmError) as refusal:
        async with db.transaction(write=True) as connection:
            await database.execute(connection, query, {"text": SECRET})
    return refusal.value


async def test_a_defect_is_logged_with_its_query_and_code(db: Database, log: Path) -> None:
    error = await refused(db, Named("broken", b"SELECT %(text)s::int"))
    assert error.hint == "This is a defect of Rhythm; the log has the details."
    line = json.loads(logged(log))
    assert (line["query"], line["sqlstate"], line["kind"]) == ("broken", "22P02", "InvalidTextRepresentation")
    assert SECRET not in logged(log)


async def test_a_broken_rule_is_logged_by_its_name(db: Database, log: Path) -> None:
    query = Named("odd", b"INSERT INTO users (name, display_name) VALUES ('no name', %(text)s)")
    assert isinstance(await refused(db, query), Invalid)
    line = json.loads(logged(log))
    assert (line["query"], line["sqlstate"]) == ("odd", "23514")
    assert (line["constraint"], line["table"]) == ("users_name_check", "users")
    assert SECRET not in logged(log)


async def test_what_is_said_in_words_of_its_own_is_no_news(db: Database, log: Path) -> None:
    """A name that is taken is everyday life."""
    async with db.transaction(write=True) as connection:
        await connection.execute("INSERT INTO users (name, display_name) VALUES ('ada', 'Ada')")
    await refused(db, Named("again", b"INSERT INTO users (name, display_name) VALUES ('ada', %(text)s)"))
    assert logged(log) == ""
