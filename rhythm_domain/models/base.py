"""What all models have in common."""

# Without `from __future__ import annotations`: pydantic would compile them all when it is imported.
from collections.abc import Iterable
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
        models, names = [], set(cls.model_fields)
        for fields in rows:
            model = cls.__new__(cls)
            _set_dict(model, fields)
            _set_fields_set(model, names)
            _set_extra(model, None)
            _set_private(model, None)
            models.append(model)
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
