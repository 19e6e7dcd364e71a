"""What all screens of a signed-in person share: the session, the writes on their way, the project shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from time import monotonic
from zoneinfo import ZoneInfo

from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.models import Project
from rhythm_domain.policy import Permission
from rhythm_domain.session import Session
from rhythm_tui import clock
from rhythm_tui.commands import COMMANDS, Command
from rhythm_tui.drafts import Drafts
from rhythm_tui.edits import Edits
from rhythm_tui.notebook import Notebook
from rhythm_tui.searches import Searches


class Desk:
    """A person at work."""

    def __init__(
        self,
        session: Session,
        *,
        drafts: Drafts,
        memory: Notebook,
        commands: Mapping[str, Command] = COMMANDS,
        editor: str | None = None,
        local: bool = True,
        demo: str = "",
    ) -> None:
        self.session = session
        self.drafts = drafts
        """Texts that are not saved yet."""
        self.memory = memory
        """How the person left the app: the project, the view, the columns ..."""
        self.searches = Searches(memory)
        self.edits = Edits()
        self.commands = commands
        self.editor = editor
        """The person's own editor; None where programs of the machine must not be started."""
        self.local = local
        """Whether the person sits at this machine: their browser is here too."""
        self.demo = demo
        """The folder of the demo, if that is where one is."""
        self.project: Project | None = None
        """The project that all views show; None for all of the person's projects."""
        self.projects: Mapping[str, Project] = {}
        """The person's projects by key, as last read."""
        self.projects_asked = 0.0
        """The moment at which they were asked for (`monotonic`)."""
        self._aside = "", 0

    def did_aside(self, what: str) -> None:
        """The person did something that no project's history holds: undo is to say so before it takes
        anything older back.
        """
        self._aside = what, self.edits.saved

    @property
    def done_aside(self) -> str:
        """What the person did last, in words, if that is such a thing."""
        what, saved = self._aside
        return what if saved == self.edits.saved else ""

    @cached_property
    def zone(self) -> ZoneInfo:
        """The person's time zone: days are counted where they are."""
        return ZoneInfo(self.session.user.time_zone)

    async def read_projects(self) -> None:
        """Reads the person's projects again: their roles in them light the keys."""
        asked = monotonic()
        projects = await self.session.projects.list(archived=True)
        self.projects_asked = asked
        self.projects = {project.key: project for project in projects}
        if self.project is not None:
            here = self.project.id
            self.project = next((each for each in projects if each.id == here), self.project)

    async def is_gone(self, project: Project) -> bool:
        """Whether a project is no longer there for the person, as `projects` were read last. An administrator
        sees those that they are no member of as well.
        """
        if any(each.id == project.id for each in self.projects.values()):
            return False
        if not self.session.user.admin:
            return True
        try:
            await self.session.projects.show(project.key)
        except NotFound:
            return True
        return False

    async def read_person(self) -> None:
        """Reads the person's own account again: how they are called, and where their days begin."""
        self.session.user = await self.session.people.me()
        self.__dict__.pop("zone", None)

    def now(self) -> datetime:
        """The time, in the person's zone."""
        return clock.now().astimezone(self.zone)

    def today(self) -> date:
        """The day that it is for the person."""
        return self.now().date()

    @property
    def key(self) -> str | None:
        """The key of the project that is shown."""
        return self.project.key if self.project else None

    @property
    def how_to_choose(self) -> str:
        """What leads to a project where none is shown."""
        if self.projects:
            return f"{self.commands['project.switch'].key} chooses one"
        projects, new = self.commands["view.projects"].key, self.commands["project.create"].key
        return f"{projects} goes to the projects, where {new} makes the first"

    @property
    def nowhere(self) -> str | None:
        """Why nothing can be done that is of one project; None if one is shown."""
        if self.project is not None:
            return None
        return f"{self._first[0].lower()}{self._first[1:]}: {self.how_to_choose}"

    @property
    def no_project(self) -> Invalid:
        """What is raised where something is to be done in a project, and it is not known in which."""
        return Invalid(f"{self._first}.", hint=self.how_to_choose)

    @property
    def _first(self) -> str:
        return f"{'Choose' if self.projects else 'Make'} a project first"

    def why_not(self, permission: Permission, key: str | None = None, *, author: bool = False) -> str | None:
        """Why the person may not, in a project or in the one that is shown; None if they may."""
        project = self.projects.get(key) if key else self.project
        if project is None:
            return self.nowhere if key is None else None
        return self.session.can(permission, project, author=author)
