"""What every model is: a frozen value, made of all its fields by name."""

from __future__ import annotations

import pickle
from copy import deepcopy

import pytest

from rhythm_domain.models import LabelRef, Model, Page, Total


class Point(Model):
    """A model with a field that has a default."""

    x: int
    y: int = 2


class Place(Point):
    """One with a field more."""

    name: str


def test_it_is_made_of_its_fields_and_those_of_what_it_derives_from() -> None:
    place = Place(x=1, name="here")
    assert (place.x, place.y, place.name) == (1, 2, "here")
    assert Place.names == ("x", "y", "name")
    assert repr(place) == "Place(x=1, y=2, name='here')"


@pytest.mark.parametrize("fields", [{}, {"y": 1}, {"x": 1, "z": 3}, {"x": 1, "name": "here"}])
def test_a_field_that_is_missing_or_unknown_is_refused(fields: dict[str, int]) -> None:
    with pytest.raises(TypeError, match="Point"):
        Point(**fields)
    with pytest.raises(TypeError, match="z"):
        Point(x=1).replace(z=3)


def test_nothing_of_it_can_be_changed() -> None:
    point = Point(x=1)
    with pytest.raises(AttributeError, match="frozen"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del point.x
    assert point.replace(x=5) == Point(x=5)
    assert point == Point(x=1)


def test_the_same_fields_of_the_same_kind_are_the_same_value() -> None:
    assert len({Point(x=1), Point(y=2, x=1), Point(x=2)}) == 2
    assert Point(x=1) != Place(x=1, name="here")
    assert LabelRef(name="ui", colour="red") != "ui"
    page = Page(items=(Total(count=1),))
    assert page == deepcopy(page) == pickle.loads(pickle.dumps(page))  # noqa: S301 - our own
