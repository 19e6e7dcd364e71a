"""Events of one step, as one line tells them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from rhythm_domain.models import Event, PersonRef
from rhythm_tui.looks.happenings import told


def of(text: str, operation: UUID, number: int, undoes: UUID | None = None) -> Event:
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
        after={},
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
