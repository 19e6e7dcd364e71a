"""Events of one step, as one line tells them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from rhythm_domain.models import PersonRef
from rhythm_domain.models.history import Event
from rhythm_tui.looks.happenings import told

Fields = dict[str, Any]


def of(
    text: str, operation: UUID, number: int, undoes: UUID | None = None, after: Fields | None = None
) -> Event:
    return Event(
        seq=1,
        id=uuid4(),
        operation=operation,
        kind="issue.changed",
        permission="issue.edit",
        actor=PersonRef(id=1, name="ada", display_name="Ada"),
        at=datetime(2026, 5, 1, tzinfo=UTC),
        project_key="CORE",
        issue_key=f"CORE-{number}",
        before={},
        after=after or {},
        undoes=undoes,
        text=text,
    )


def test_a_step_says_what_it_did_to_many_and_whether_it_took_back_or_did_again() -> None:
    did, undo, redo = uuid4(), uuid4(), uuid4()
    steps = [
        (redo, "labelled it ui", undo),
        (undo, "removed the label ui", did),
        (did, "labelled it ui", None),
    ]
    events = [of(text, step, number, back) for step, text, back in steps for number in (2, 1)]
    assert [each.text for each in told(events)] == [
        "did again: labelled 2 issues ui",
        "took back: removed the label ui (2 issues)",
        "labelled 2 issues ui",
    ]


DONE, TO_ADA = {"status": "done", "closed_at": "x", "rank": "b"}, {"assignee_id": 1}
FROM_TODO, FROM_REVIEW = "moved it from todo to done", "moved it from in review to done"


@pytest.mark.parametrize(
    ("did", "said"),
    [
        ([(FROM_TODO, DONE), (FROM_REVIEW, DONE)], "moved 2 issues to done"),
        (
            [(f"{FROM_TODO}; assigned it to Ada it", {**DONE, **TO_ADA})] * 2,
            "moved 2 issues from todo to done; assigned them to Ada it",
        ),
        (
            [("set the priority to high; set the due date to 1 May", {"priority": "high", "due": "x"})] * 2,
            "set the priority to high; set the due date to 1 May (2 issues)",
        ),
        (
            [("set the type to bug; assigned it to Ada", {"type": "bug", **TO_ADA})] * 2,
            "set the type to bug; assigned 2 issues to Ada",
        ),
        (
            [(f"took it out of Sprint {number}", {"sprint_id": None}) for number in (1, 2)],
            "changed the sprint of 2 issues",
        ),
        (
            [(FROM_TODO, DONE), (f"{FROM_TODO}; assigned it to Ada", {**DONE, **TO_ADA})],
            "changed the assignee and the status of 2 issues",
        ),
        (
            [("labelled it a; removed the label b", {"labels_added": [1], "labels_removed": [2]}),
             ("labelled it a", {"labels_added": [1]})],
            "changed the labels of 2 issues",
        ),
        ([("a; b; c", {"status": "done", "due": None, "type": "bug"})] * 2, "changed 2 issues"),
        ([("x", {"new": 1}), ("y", {"new": 2})], "changed 2 issues"),
    ],
)  # fmt: skip
def test_a_step_names_one_field_or_two(did: list[tuple[str, Fields]], said: str) -> None:
    step = uuid4()
    events = [of(text, step, number, None, after) for number, (text, after) in enumerate(did)]
    assert [each.text for each in told(events)] == [said]
