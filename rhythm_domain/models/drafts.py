"""What a person may write: each text is cleaned and checked (see `text.py`), and the field at fault named."""

# Without `from __future__ import annotations`: pydantic would compile them all when it is imported.
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rhythm_domain import text
from rhythm_domain.models.issues import IssueType, Priority, Status
from rhythm_domain.models.lengths import NAME_LENGTH, TEXT_LENGTH, TITLE_LENGTH

Title = Annotated[str, AfterValidator(text.one_line("title", TITLE_LENGTH))]
Body = Annotated[str, AfterValidator(text.body("description", TEXT_LENGTH))]
SprintName = Annotated[str, AfterValidator(text.one_line("name", NAME_LENGTH))]
Goal = Annotated[str, AfterValidator(text.body("goal", TEXT_LENGTH))]
Estimate = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=1)]


class Draft(BaseModel):
    """Something that was written and is not stored yet."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class IssueDraft(Draft):
    """A new issue. Only the title is required. People, labels and sprints by name, the parent by key."""

    title: Title
    description: Body = ""
    status: Status = Status.BACKLOG
    priority: Priority = Priority.NONE
    type: IssueType = IssueType.TASK
    assignee: str | None = None
    sprint: str | None = None
    estimate: Estimate | None = None
    due: date | None = None
    labels: tuple[str, ...] = ()
    parent: str | None = None


class IssueEdit(Draft):
    """Changes of an issue: only the fields that are set are changed; None clears a field that may be empty.

    `base_version` is the issue's version that the texts were edited from; it is needed for title and
    description only. Labels are added and removed, never replaced.
    """

    base_version: int | None = None
    title: Title | None = None
    description: Body | None = None
    status: Status | None = None
    priority: Priority | None = None
    type: IssueType | None = None
    assignee: str | None = None
    sprint: str | None = None
    estimate: Estimate | None = None
    due: date | None = None
    parent: str | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that this edit sets."""
        return frozenset(self.model_fields_set - {"base_version"})


class SprintEdit(Draft):
    """Changes of a sprint: only the fields that are set are changed; None clears a day.

    `base_version` is the sprint's version that the goal was edited from.
    """

    base_version: int | None = None
    name: SprintName | None = None
    goal: Goal | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that this edit sets."""
        return frozenset(self.model_fields_set - {"base_version"})
