"""What crosses screens: words for the person, and where to go. What concerns one widget is nested in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.message import Message

from rhythm_domain.errors import RhythmError
from rhythm_domain.models import Project
from rhythm_tui.holding.siblings import Few, Siblings


@dataclass(eq=False, repr=False)
class Say(Message):
    """A line for the person; `hint` is what to do about it."""

    text: str
    hint: str = ""
    warning: bool = False


@dataclass(eq=False, repr=False)
class GoTo(Message):
    """Another view is wanted: issues, board, sprints, projects, activity, reports, settings."""

    view: str


@dataclass(eq=False, repr=False)
class OpenIssue(Message):
    """An issue's page is wanted; `siblings` is the list that it is opened from."""

    key: str
    siblings: Siblings = field(default_factory=Few)


@dataclass(eq=False, repr=False)
class OpenProject(Message):
    """Another project is to be shown by all views, None for all of them; then a view, if one is named."""

    project: Project | None
    view: str = ""


@dataclass(eq=False, repr=False)
class Lost(Message):
    """The database did not answer; the strip says so until it does."""

    error: RhythmError


@dataclass(eq=False, repr=False)
class SignedOut(Message):
    """The person's session has ended; `reason` says why, in words."""

    reason: str
