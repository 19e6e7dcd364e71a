"""What all models have in common."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, NoReturn, Self, TypeVar, dataclass_transform


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Model:
    """A frozen value of named fields, which the annotations of its class say. It is made of them by name;
    nothing that is given is checked or changed.

    Raises `TypeError` for a field that is missing or unknown.
    """

    names: ClassVar[tuple[str, ...]] = ()
    """The names of all fields."""
    _defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.names = tuple(dict.fromkeys((*cls.names, *cls.__annotations__)))
        cls._defaults = {name: getattr(cls, name) for name in cls.names if hasattr(cls, name)}

    def __init__(self, **values: Any) -> None:
        fields = self._defaults | values
        if wrong := fields.keys() ^ self.names:
            raise TypeError(f"{type(self).__name__}: missing or unknown: {', '.join(sorted(wrong))}")
        vars(self).update(fields)

    def replace(self, **values: Any) -> Self:
        """The same value but for some fields."""
        return type(self)(**(vars(self) | values))

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(vars(self).items()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={vars(self)[name]!r}" for name in self.names)
        return f"{type(self).__name__}({fields})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} can't be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} can't be taken away")


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
