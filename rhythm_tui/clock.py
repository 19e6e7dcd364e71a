"""What time it is: asked here and nowhere else, so that a test or a picture can say it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
