"""The project itself: its name, its key, and how it rests or ends."""

from __future__ import annotations

from collections.abc import Sequence

from rhythm_domain.errors import Invalid
from rhythm_domain.models import Project
from rhythm_domain.policy import Permission
from rhythm_tui.looks.markdown import gist
from rhythm_tui.looks.wording import relative_time
from rhythm_tui.messages import OpenProject, Say
from rhythm_tui.screens.confirm import Confirm
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.screens.sections.properties import Properties, Property


class ProjectSection(Properties):
    """Name, description, key, archive, delete."""

    name, noun = "Project", "setting"
    words = "The project itself."

    async def read(self) -> Sequence[Property]:
        project = self._texts = await self.session.projects.show(self.key)
        edit, rest = self.may(Permission.PROJECT_EDIT), self.may(Permission.PROJECT_ARCHIVE)
        first = next(iter(gist(project.description)), "none yet")
        resting = (
            f"archived {relative_time(project.archived_at, self.desk.now())}"
            if project.archived
            else "in work"
        )
        wakes = "Archived, it can be read and not be changed. Enter takes it up again."
        rests = "Archiving lays it to rest: it can be read, and nothing in it be changed, until an owner "
        return [
            Property("Name", project.name, "What people call it.", edit, self._edit_texts),
            Property("Description", first, "What it is about, in Markdown.", edit, self._edit_texts),
            Property(
                "Key",
                project.key,
                "It begins the key of every issue. Old keys keep leading here after a change.",
                self.may(Permission.PROJECT_KEY),
                self._rekey,
            ),
            Property(
                "Trash",
                "deleted issues",
                "Deleted issues can be taken back, or removed for ever.",
                self.may(Permission.TRASH_READ),
                self._open_trash,
            ),
            Property(
                "State",
                resting,
                wakes if project.archived else f"{rests}takes it up again.",
                rest,
                self._unarchive if project.archived else self._archive,
            ),
            Property(
                "Delete the project",
                "",
                "It is gone for everybody. Its owners and administrators can restore it.",
                self.may(Permission.PROJECT_DELETE),
                self._delete,
                danger=True,
            ),
        ]

    async def _open_trash(self) -> None:
        self.screen.open_trash()

    async def _edit_texts(self) -> None:
        from rhythm_tui.screens.project_form import edit_project

        if await edit_project(self.screen, self.project):
            self.say(f"{self.key} saved")

    async def _rekey(self) -> None:
        async def accept(typed: str) -> Project:
            return await self.write(
                lambda operation: self.session.projects.rekey(self.key, typed, operation=operation)
            )

        saved = await self.ask(
            Prompt(
                f"Another key for {self.key}",
                accept,
                value=self.key,
                words="2 to 10 letters and digits. What was written with the old key still leads here.",
            )
        )
        if saved is not None:
            self.desk.project = saved
            self.say(f"It is {saved.key} now")

    async def _archive(self) -> None:
        sure = await self.ask(
            Confirm(
                f"Archive {self.key}?",
                "It stays readable for all its members, with its issues, board and history. Nothing in it "
                "can be changed until an owner takes it up again.",
                yes="archive",
            )
        )
        if sure:
            await self.write(lambda operation: self.session.projects.archive(self.key, operation=operation))
            self.say(f"{self.key} is archived", "enter takes it up again")

    async def _unarchive(self) -> None:
        await self.write(lambda operation: self.session.projects.unarchive(self.key, operation=operation))
        self.say(f"{self.key} is taken up again")

    async def _delete(self) -> None:
        key = self.key

        async def accept(typed: str) -> bool:
            if typed.strip().upper() != key:
                raise Invalid(f"That is not {key}.", field="key", hint="Type the project's key, or leave.")
            await self.write(lambda operation: self.session.projects.delete(key, operation=operation))
            return True

        opened, closed = self._texts.open_count, self._texts.closed_count
        gone = await self.ask(
            Prompt(
                f"Delete {key}?",
                accept,
                words=f"Its {opened:,} open and {closed:,} closed issues are gone for "
                f"everybody, and its key stays taken. `rhythm project restore {key}` brings it back. "
                f"To delete it type its key: {key}",
                foot="enter delete · esc cancel",
            )
        )
        if gone:
            self.desk.project = None  # Nothing of it can be read any more.
            self.screen.post_message(OpenProject(None, "projects"))
            self.screen.post_message(
                Say(f"{key} is deleted", f"`rhythm project restore {key}` brings it back")
            )
