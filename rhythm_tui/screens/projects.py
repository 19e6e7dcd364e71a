"""The projects: where one is a member, how much is open, and how a project begins, rests and wakes."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from rhythm_domain.errors import NotFound
from rhythm_domain.live import Change
from rhythm_domain.models import Project
from rhythm_domain.text import folded, shown, truncated
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command
from rhythm_tui.desk import Desk
from rhythm_tui.looks.columns import View
from rhythm_tui.looks.markdown import gist
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import counted, relative_time
from rhythm_tui.messages import OpenProject
from rhythm_tui.screens.confirm import Confirm
from rhythm_tui.screens.form import Entry, Form, Values
from rhythm_tui.screens.narrowing import NarrowingScreen
from rhythm_tui.widgets.key_bar import KeyBar
from rhythm_tui.widgets.listing import Field, Listing
from rhythm_tui.widgets.search_bar import SearchBar
from rhythm_tui.widgets.welcome import Welcome

BAR = 12
"""Cells of the bar that shows how much is done."""


def _key(project: Project, _: View) -> list[Piece]:
    return [Piece(project.key, "primary", bold=True)]


def _name(project: Project, _: View) -> list[Piece]:
    resting = [Piece("  archived", "muted")] if project.archived else []
    return [Piece(shown(project.name)), *resting]


def _progress(project: Project, _: View) -> list[Piece]:
    total = project.open_count + project.closed_count
    done = round(BAR * project.closed_count / total) if total else 0
    percent = f" {100 * project.closed_count // total:>3} %" if total else ""
    return [Piece("━" * done, "success"), Piece("─" * (BAR - done), "rule"), Piece(percent, "muted")]


def _role(project: Project, _: View) -> list[Piece]:
    return [Piece(project.role.value if project.role else "administrator", "muted")]


def _activity(project: Project, view: View) -> list[Piece]:
    return [Piece(relative_time(project.last_activity_at, view.now), "muted")]


FIELDS: tuple[Field[Project], ...] = (
    Field("KEY", 10, _key),
    Field("NAME", None, _name, least=20),
    Field("OPEN", 8, lambda project, _: [Piece(f"{project.open_count:,}")], keep=90, right=True),
    Field("CLOSED", 9, lambda project, _: [Piece(f"{project.closed_count:,}", "muted")], keep=60, right=True),
    Field("DONE", BAR + 6, _progress, keep=30),
    Field("YOU", 13, _role, keep=70),
    Field("ACTIVITY", 11, _activity, keep=80),
)


class ProjectsScreen(NarrowingScreen):
    """The list of projects; on a new instance, a welcome in its place."""

    VIEW: ClassVar[str] = "projects"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["searching.tcss", "projects.tcss"]
    AUTO_FOCUS = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._archived = bool(desk.memory.get("archived projects"))

    def body(self) -> ComposeResult:
        yield SearchBar(placeholder="find a project by its key or name")
        listing = Listing(
            FIELDS,
            identity=lambda project: project.id,
            words=lambda project: f"{project.key} {project.name}",
            faded=lambda project: project.archived,
            empty="All your projects are archived. A shows them, + makes a new one.",
            id="projects",
        )
        listing.now = self.desk.now
        yield listing
        yield Static(id="about")
        yield Welcome(demo=self.desk.local)

    @property
    def listing(self) -> Listing[Project]:
        return self.query_one("#projects", Listing)

    @property
    def project(self) -> Project | None:
        """The project under the cursor."""
        return self.listing.item

    def on_mount(self) -> None:
        self.listing.focus()

    # Reading ---------------------------------------------------------------------------------------------

    async def load(self) -> None:
        await self.desk.read_projects()
        self._show()

    def _show(self) -> None:
        projects = list(self.desk.projects.values())
        seen = [project for project in projects if self._archived or not project.archived]
        self.set_class(not projects, "new")
        self.listing.show(seen)
        self.narrowed()
        if self.desk.project and not self.listing.typed and self.busy:
            self.listing.go_to(self.desk.project.id)
        if not projects:
            self.query_one(Welcome).focus()
        elif isinstance(self.focused, Welcome):
            self.listing.focus()

    async def changes(self, changes: list[Change]) -> None:
        await self.load()

    @on(Listing.Highlighted)
    def _highlighted(self) -> None:
        project = self.project
        self.query_one(KeyBar).refresh()
        if project is None:
            self.query_one("#about", Static).update("")
            return
        lines = gist(project.description)
        width = max(20, self.size.width - 6)
        about = [truncated(line, width) for line in lines[:3]] or ["No description yet: e writes one."]
        since = f"  {project.key} · made {relative_time(project.created_at, self.desk.now())}"
        self.query_one("#about", Static).update(
            Content.assemble(
                (shown(project.name), "bold $foreground"),
                (since, "$muted"),
                "\n",
                ("\n".join(about), "$muted" if lines else "$faint"),
            )
        )

    @on(Listing.Opened)
    def _opened(self) -> None:
        if self.project:
            self.post_message(OpenProject(self.project, "issues"))

    # Finding ---------------------------------------------------------------------------------------------

    def narrowed(self) -> None:
        resting = sum(project.archived for project in self.desk.projects.values())
        hidden = f" · {resting:,} archived" if resting and not self._archived else ""
        self.query_one(SearchBar).total = f"{counted(len(self.listing.items), 'project')}{hidden} "

    @handles("project.find")
    def find(self) -> None:
        super().find()

    @handles("project.archived")
    def show_archived(self) -> None:
        self._archived = not self._archived
        self.desk.memory.keep("archived projects", self._archived)
        self._show()

    # What one does with a project ------------------------------------------------------------------------

    def project_of_new(self) -> Project | None:
        return self.project

    def why_not(self, command: Command) -> str | None:
        if command.permission is None:
            return super().why_not(command)
        if self.project is None:
            return "there is no project under the cursor"
        return self.desk.session.can(command.permission, self.project)

    @handles("project.create")
    async def create(self) -> None:
        async def accept(values: Values) -> Project:
            return await self.desk.edits.run(
                lambda operation: self.desk.session.projects.create(
                    values["key"], values["name"], values["description"], operation=operation
                )
            )

        made = await self.app.push_screen_wait(
            Form(
                "New project",
                [
                    Entry("name", "Name", hint="Harbour Lights"),
                    Entry("key", "Key", hint="begins its issues: HL-1", follows=self._proposed),
                    Entry("description", "Description", lines=4, hint="What it is about, in Markdown"),
                ],
                accept,
                save="create",
                drafts=self.desk.drafts,
                draft="new project",
            )
        )
        if made is not None:
            await self.load()
            self.listing.go_to(made.id)
            self.listing.focus()
            self.say(f"{made.key} created", "enter opens it, n there writes its first issue")

    def _proposed(self, values: Values) -> str:
        return proposed_key(values["name"], set(self.desk.projects))

    @handles("project.edit")
    async def edit(self) -> None:
        from rhythm_tui.screens.project_form import edit_project

        project = self._here()
        saved = await edit_project(self, project)
        if saved is not None:
            self.say(f"{project.key} saved")
            await self.load()

    @handles("project.members")
    def to_settings(self) -> None:
        if self.project:
            self.post_message(OpenProject(self.project, "settings"))

    @handles("project.archive")
    async def archive(self) -> None:
        project = self._here()
        projects = self.desk.session.projects
        if project.archived:
            await self.desk.edits.run(lambda operation: projects.unarchive(project.key, operation=operation))
            self.say(f"{project.key} is taken up again")
        else:
            sure = await self.app.push_screen_wait(
                Confirm(
                    f"Archive {project.key}?",
                    "It stays readable for all its members, with its issues, board and history. Nothing in "
                    "it can be changed until an owner takes it up again.",
                    yes="archive",
                )
            )
            if not sure:
                return
            await self.desk.edits.run(lambda operation: projects.archive(project.key, operation=operation))
            self.say(f"{project.key} is archived", "A shows archived projects, X takes one up again")
        await self.load()

    def undo_in(self) -> str | None:
        return self.project.key if self.project else None

    def _here(self) -> Project:
        if self.project is None:
            raise NotFound("There is no project under the cursor.", hint="+ makes one")
        return self.project


def proposed_key(name: str, taken: set[str]) -> str:
    """A key for a project of this name: its initials, or its first letters, that no other project has."""
    words = re.findall(r"[a-z0-9]+", folded(name))
    letters = "".join(words).lstrip("0123456789").upper()
    initials = "".join(word[0] for word in words).lstrip("0123456789").upper()
    wanted = [initials[:4]] if len(initials) > 1 else []
    wanted += [letters[:length] for length in (4, 3, 5, 6, 7, 8) if len(letters) >= min(length, 2)]
    free = (key for key in wanted if len(key) > 1 and key not in taken)
    numbered = (f"{letters[:4]}{number}" for number in range(2, 99) if len(letters) > 1)
    return next(free, next((key for key in numbered if key not in taken), "") if letters else "")
