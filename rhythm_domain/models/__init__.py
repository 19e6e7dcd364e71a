"""What the tracker speaks of: frozen models and their enums.

Models of what is stored carry no rules beyond their shape; what a person may write is said, and checked, by
the `*Draft` and `*Edit` models. Times are aware datetimes in UTC; days are dates; ids are database ids; `key`
is what people type.

What nearly everybody needs stands here too. What only some need is read when it is: `drafts` (which bring
pydantic with them), `access`, `history`, `reports`, `exchange`.
"""

from rhythm_domain.models.base import Model, Page, Total
from rhythm_domain.models.issues import (
    CLOSED,
    OPEN,
    Comment,
    Issue,
    IssueLink,
    IssueRow,
    IssueType,
    LabelRef,
    LinkKind,
    Priority,
    Status,
)
from rhythm_domain.models.lengths import NAME_LENGTH, TEXT_LENGTH, TITLE_LENGTH
from rhythm_domain.models.people import Member, PersonRef, Role, User
from rhythm_domain.models.projects import COLOURS, Board, BoardColumn, Label, Project, SavedView
from rhythm_domain.models.sprints import Sprint, SprintState

__all__ = [
    "CLOSED",
    "COLOURS",
    "NAME_LENGTH",
    "OPEN",
    "TEXT_LENGTH",
    "TITLE_LENGTH",
    "Board",
    "BoardColumn",
    "Comment",
    "Issue",
    "IssueDraft",
    "IssueEdit",
    "IssueLink",
    "IssueRow",
    "IssueType",
    "Label",
    "LabelRef",
    "LinkKind",
    "Member",
    "Model",
    "Page",
    "PersonRef",
    "Priority",
    "Project",
    "Role",
    "SavedView",
    "Sprint",
    "SprintEdit",
    "SprintState",
    "Status",
    "Total",
    "User",
]
