"""The demo workspace at one moment for ever: the same people, issues and times in every picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Self
from unittest.mock import patch

import psycopg
from psycopg.conninfo import make_conninfo

from rhythm_domain.demo import workspace
from rhythm_domain.live import Change, Live, Resync

NOW = datetime(2026, 5, 7, 14, 20, tzinfo=UTC)
"""What time it is in the pictures: a Thursday, in the afternoon."""


class StoppedTime(datetime):
    """A `datetime` for whom it is always `NOW`."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(NOW.timestamp(), tz)


OWNER = "robin"
"""The person who runs the demo."""

_STOPPED_CLOCK = f"""
CREATE SCHEMA stopped;
CREATE FUNCTION stopped.now() RETURNS timestamptz LANGUAGE sql IMMUTABLE
  RETURN timestamptz '{NOW.isoformat()}';
GRANT USAGE ON SCHEMA stopped TO PUBLIC;
DO $$
DECLARE one record;
BEGIN
  FOR one IN
    SELECT adrelid::regclass AS relation, attname FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE pg_get_expr(adbin, adrelid) = 'now()'
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER %I SET DEFAULT stopped.now()', one.relation, one.attname);
  END LOOP;
END $$
"""
"""A function `now` of our own; the defaults of all columns ask it, and who is `stopped` finds it first."""


def fill(conninfo: str) -> None:
    """Fills a database that has the schema with the demo as it is at `NOW`."""
    with psycopg.connect(conninfo, autocommit=True) as sql:
        sql.execute(_STOPPED_CLOCK.encode())
        row = sql.execute(
            "INSERT INTO users (name, display_name, admin, claimed)"
            " VALUES (%s, 'Robin Windlow', true, true) RETURNING id",
            (OWNER,),
        ).fetchone()
    assert row is not None
    workspace.create(conninfo, owner=row[0], now=NOW)


@contextmanager
def at_rest() -> Iterator[None]:
    """While it lasts it is `NOW` for the app, and nobody else changes anything."""
    with (
        patch("rhythm_tui.clock.datetime", StoppedTime),
        patch("rhythm_domain.live.Live.changes", _nobody_else),
    ):
        yield


async def _nobody_else(_live: Live) -> AsyncGenerator[Change | Resync, None]:
    await asyncio.Event().wait()
    yield Resync()


def stopped(conninfo: str, *, read_only: bool = False) -> str:
    """The way to a filled database, or to a copy of it, where the time is always `NOW`."""
    options = "-c search_path=stopped,pg_catalog,public"
    if read_only:
        options += " -c default_transaction_read_only=on"
    return make_conninfo(conninfo, options=options)
