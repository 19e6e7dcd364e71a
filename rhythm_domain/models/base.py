"""What all models have in common."""

# Without `from __future__ import annotations`: pydantic would compile them all when it is imported.
from collections import deque
from collections.abc import Iterable
from itertools import repeat
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen value."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def known_all(cls, rows: Iterable[dict[str, Any]]) -> tuple[Self, ...]:
        """Models of rows of all their fields, which are known to be right: nothing is checked, nor copied.

        For rows of the database that come by the hundred: checking them takes longer than reading them.
        """
        dicts = list(rows)
        models = [cls.__new__(cls) for _ in dicts]
        for slot, values in (
            (_set_dict, dicts),
            (_set_fields_set, repeat(set(cls.model_fields))),
            (_set_extra, repeat(None)),
            (_set_private, repeat(None)),
        ):
            deque(map(slot, models, values), maxlen=0)
        return tuple(models)


# Looked up once: a row of a list has little else to do.
_set_dict, _set_fields_set, _set_extra, _set_private = (
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)
T = TypeVar("T")


class Page(Model, Generic[T]):
    """A stretch of a list. `next` is the cursor of the following page, None at the end.

    Where a list can be read both ways, `previous` is the cursor of the page before, None at the start.
    """

    items: tuple[T, ...]
    next: str | None = None
    previous: str | None = None


class Total(Model):
    """How many there are: `exact`, or at least `count`."""

    count: int
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.count:,}" if self.exact else f"{self.count:,}+"
