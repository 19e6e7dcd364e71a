"""The ids of operations: nobody else's, in the order of time, and the same for the same part."""

from __future__ import annotations

import time
from uuid import RFC_4122, UUID, uuid4, uuid5

import pytest

from rhythm_domain.operations import new_operation, part_of


def test_ids_are_of_version_7_and_begin_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_795_774_000_123_456_789)
    made = [new_operation() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {(one.int >> 80, one.version, one.variant) for one in made} == {(1_795_774_000_123, 7, RFC_4122)}


@pytest.mark.parametrize("operation", [new_operation(), uuid4()], ids=["by time", "by lot"])
def test_the_parts_of_an_operation_have_ids_of_their_own(operation: UUID) -> None:
    parts = [part_of(operation, f"0.{at}") for at in range(1000)]
    assert len({operation, *parts}) == 1001
    assert parts == [part_of(operation, f"0.{at}") for at in range(1000)]
    assert part_of(new_operation(), "0.1") not in parts


def test_parts_stand_beside_their_operation_if_that_begins_with_the_time() -> None:
    operation = new_operation()
    assert part_of(operation, "0.1").int >> 64 == operation.int >> 64
    old = uuid4()
    assert part_of(old, "0.1") == uuid5(old, "0.1")
