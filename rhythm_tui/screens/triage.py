"""What one does with issues wherever they are shown: one key, one small question at most, done.

The issue table, the board, the planner and an issue's page all derive from `TriageScreen`: they say which
issues are meant (`targets`) and draw what comes back (`replaced`).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from textual.geometry import Region

from rhythm_domain.days import parse_day
from rhythm_domain.errors import Invalid
from rhythm_domain.models import IssueRow, PersonRef, Status
from rhythm_domain.text import folded, shown
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command
from rhythm_tui.edits import Change, issue_edit
from rhythm_tui.looks import signs
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.wording import NO_ISSUE, counted, day_said, points
from rhythm_tui.screens import choices
from rhythm_tui.screens.confirm import Confirm
from rhythm_tui.screens.picker import Choice, Picker
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.screens.work import WorkScreen
from rhythm_tui.widgets.theming import colours_of

if TYPE_CHECKING:
    from rhythm_domain.models.drafts import IssueEdit

T = TypeVar("T")

MANY = 20
"""More issues than this are changed only after a question."""

BULK = 500
"""More issues than this are changed with a bar that says how far it is."""


class TriageScreen(WorkScreen):
    """A view of issues."""

    _nothing = True
    """Whether there was no issue under the cursor when it was last looked at."""

    def targets(self) -> list[IssueRow]:
        """The issues that a command is about: those that are marked, else the one under the cursor."""
        return []

    def unread(self) -> list[int]:
        """Marked issues that were never read: all that match can be more than what was scrolled through."""
        return []

    def replaced(self, rows: Sequence[IssueRow]) -> None:
        """Draws what the database holds now of some issues."""

    def done_with(self, issues: Sequence[int]) -> None:
        """Some issues are no longer where they were shown: they are in the trash."""

    def end_range(self) -> None:
        """Something is done with what is marked: moving on marks no more."""

    def linked(self, rows: Sequence[IssueRow]) -> None:
        """The parent or the links of some issues changed; a line of a list shows them already."""

    def follow(self, row: IssueRow) -> None:
        """The person comes back from the page of an issue: the cursor goes there, if it is in the list."""

    def title_region(self) -> Region | None:
        """Where on the screen the title under the cursor stands, to be edited there."""
        return None

    def why_not(self, command: Command) -> str | None:
        if command.permission is None:
            return None
        if command.id in ("issue.create", "issue.compose"):
            return self.desk.why_not(command.permission)
        about = command.id.startswith(("issue.", "card.", "plan."))
        rows = self.targets() if about else []
        if about and not rows and not self.unread():
            return NO_ISSUE
        if not rows:
            return super().why_not(command) if self.desk.project else None
        me = self.desk.session.user.id
        for row in rows:
            author = row.reporter.id == me
            if reason := self.desk.why_not(command.permission, row.project_key, author=author):
                return reason
        return None

    @property
    def colours(self) -> Colours:
        """The colours of the theme."""
        return colours_of(self)

    def cursor_moved(self) -> None:
        """Where there is no issue the keys for one are faint."""
        nothing = not self.targets()
        if nothing is not self._nothing:
            self._nothing = nothing
            self.light_keys()

    # Asking and changing -------------------------------------------------------------------------------

    async def pick(self, title: str, choices: Sequence[Choice[T]]) -> T | None:
        """What the person chooses; None if they don't."""
        return await self.app.push_screen_wait(Picker(title, choices))

    async def sure(self, count: int, question: str, *, many: int = MANY) -> bool:
        """Whether a change of so many issues is meant: of more than `many`, else than one sees at once, it is
        asked.

        In the question `{}` stands for them.
        """
        if count <= many:
            return True
        issues = counted(count, "issue")
        confirm = Confirm("Many at once", question.replace("{}", issues, 1), yes="go on")
        answer = await self.app.push_screen_wait(confirm)
        return bool(answer)

    def unread_beside(self, rows: Sequence[IssueRow]) -> list[int]:
        """The issues that are meant with the targets, as they were when a command began, and had not been
        read; some may have been by now. None beside others than the targets.
        """
        given, now = {row.id for row in rows}, {row.id for row in self.targets()}
        return [*(now - given), *self.unread()] if given <= now else []

    async def change(
        self,
        edit: IssueEdit,
        look: Change,
        said: str,
        rows: Sequence[IssueRow],
        question: str = "",
        *,
        asked: bool = False,
        new_labels: Sequence[str] = (),
    ) -> None:
        """Makes one change to some issues, in each project as one step. `look` is how they look meanwhile.

        With `rows` being the targets, issues that are marked and were never read are changed with them. Of
        many the `question` is asked first, see `sure`; if there is none it is made of what is `said` then.
        With `asked` it was asked already. `new_labels` are made in the same step.
        """
        self.end_range()
        unread = self.unread_beside(rows)
        count = len(rows) + len(unread)
        what = rows[0].key if count == 1 and rows else counted(count, "issue")
        others = [row for row in rows if look(row) != row]
        if rows and not unread and not others:
            self.say(f"{what}: it is so already", brief=True)
            return
        if not asked and not await self.sure(count, question or f"Change {{}}: {said}?"):
            return
        if unread or len(rows) > BULK:
            await self._change_many([*(row.id for row in rows), *unread], edit, said, new_labels)
            return
        with self.desk.edits.trail.together():
            for _, group in groupby(sorted(rows, key=_project), key=_project):
                these = list(group)
                ids = [row.id for row in these]
                saved = await self.desk.edits.run(
                    _edit_many(self.desk.session.issues.edit_many, ids, edit, new_labels),
                    issues=ids,
                    change=look,
                )
                self.replaced(saved)
        if rows:
            what = what if len(others) == count else f"{len(others):,} of {what}"
            self.say(f"{what}: {said}", "u takes it back", brief=count == 1)

    async def _change_many(
        self, ids: Sequence[int], edit: IssueEdit, said: str, new_labels: Sequence[str]
    ) -> None:
        """Makes one change to any number of issues, in each project as one step, with a bar."""
        from rhythm_tui.screens.working import Working

        issues = self.desk.session.issues

        async def work(progress: Callable[[int], None]) -> int:
            changed = 0
            with self.desk.edits.trail.together():
                for these in await self._by_project(ids):
                    changed += await self.desk.edits.run(
                        _edit_all(issues.edit_all, these, edit, new_labels, progress, changed), stoppable=True
                    )
            return changed

        working = Working(counted(len(ids), "issue"), len(ids), work)
        changed = await self.app.push_screen_wait(working)
        if changed is None:
            if not working.failed:  # Else it was said why.
                self.say("Stopped", "u takes back what was done", warning=True)
        else:
            self.say(f"{counted(changed, 'issue')}: {said}", "u takes it back")
        self.reload()

    async def _by_project(self, ids: Sequence[int]) -> list[Sequence[int]]:
        """The same issues, those of each project together."""
        if self.desk.project is not None:
            return [ids]
        found: dict[str, list[int]] = {}
        for at in range(0, len(ids), BULK):
            for row in await self.desk.session.search.again(ids[at : at + BULK]):
                found.setdefault(row.project_key, []).append(row.id)
        return [*found.values()]

    def titled(self, what: str) -> str:
        """The title of a question about the issues that are meant."""
        rows = self.targets()
        count = len(rows) + len(self.unread())
        return f"{what} · {rows[0].key}" if count == 1 else f"{what} · {counted(count, 'issue')}"

    def _one(self) -> IssueRow | None:
        """The single issue that a command is about; several are too many for it."""
        rows = self.targets()
        if len(rows) + len(self.unread()) > 1:
            raise Invalid("That is for one issue at a time.", hint="esc takes the marks away")
        return rows[0] if rows else None

    # Fields ----------------------------------------------------------------------------------------------

    @handles("issue.status")
    async def choose_status(self) -> None:
        rows = self.targets()
        if not rows:
            return
        offered = choices.statuses(self.colours, {row.status for row in rows})
        chosen = await self.pick(self.titled("Status"), offered)
        if chosen is not None:
            await self.move(rows, chosen)

    async def move(self, rows: Sequence[IssueRow], status: Status) -> None:
        """Gives issues a status; of many it is asked first."""
        look, said = setting(status=status), f"moved to {signs.words(status)}"
        await self.change(issue_edit(status=status), look, said, rows, moving(status))

    @handles("issue.close")
    async def close_or_reopen(self) -> None:
        rows = self.targets()
        closed = bool(rows) and all(row.status.closed for row in rows)
        await self.move(rows, Status.TODO if closed else Status.DONE)

    @handles("issue.cancel")
    async def cancel_issue(self) -> None:
        await self.move(self.targets(), Status.CANCELLED)

    @handles("issue.priority")
    async def choose_priority(self) -> None:
        rows = self.targets()
        if not rows:
            return
        offered = choices.priorities(self.colours, {row.priority for row in rows})
        chosen = await self.pick(self.titled("Priority"), offered)
        if chosen is not None:
            said = f"{chosen.value} priority"
            await self.change(issue_edit(priority=chosen), setting(priority=chosen), said, rows)

    @handles("issue.type")
    async def choose_type(self) -> None:
        rows = self.targets()
        if not rows:
            return
        offered = choices.types(self.colours, {row.type for row in rows})
        chosen = await self.pick(self.titled("Type"), offered)
        if chosen is not None:
            await self.change(issue_edit(type=chosen), setting(type=chosen), chosen.value, rows)

    @handles("issue.assign")
    async def choose_assignee(self) -> None:
        rows = self.targets()
        if not rows:
            return
        key = _same_project(rows)
        members = await self.desk.session.members.list(key)
        current = {row.assignee.name if row.assignee else None for row in rows}
        me = self.desk.session.user.name
        offered = choices.people(members, me, self.colours, current)
        chosen = await self.pick(self.titled("Assign"), offered)
        if chosen is not None:
            who = next((member.user for member in members if member.user.name == chosen), None)
            await self._assign(rows, who)

    @handles("issue.assign_me")
    async def assign_me(self) -> None:
        rows = self.targets()
        me = self.desk.session.user.ref
        mine = all(row.assignee is not None and row.assignee.id == me.id for row in rows)
        await self._assign(rows, None if mine else me)

    async def _assign(self, rows: Sequence[IssueRow], who: PersonRef | None) -> None:
        said = f"assigned to {shown(who.display_name)}" if who else "assigned to nobody"
        await self.change(issue_edit(assignee=who.name if who else None), setting(assignee=who), said, rows)

    @handles("issue.labels")
    async def choose_labels(self) -> None:
        from rhythm_tui.screens.labelling import label

        if rows := self.targets():
            await label(self, self.titled("Labels"), _same_project(rows), rows)

    @handles("issue.sprint")
    async def choose_sprint(self) -> None:
        rows = self.targets()
        if not rows:
            return
        sprints = await self.desk.session.sprints.list(_same_project(rows), finished=False)
        offered = choices.sprints(sprints, {row.sprint_id for row in rows})
        chosen = await self.pick(self.titled("Sprint"), offered)
        if chosen is not None:
            (sprint,) = chosen
            look = setting(sprint=sprint and sprint.name, sprint_id=sprint and sprint.id)
            said = f"planned into {shown(sprint.name)}" if sprint else "back in the backlog"
            await self.change(issue_edit(sprint=sprint.name if sprint else None), look, said, rows)

    @handles("issue.due")
    async def ask_due(self) -> None:
        rows = self.targets()
        if not rows:
            return

        async def accept(text: str) -> bool:
            due = parse_day(text).resolve(self.desk.today())[1] if text.strip() else None
            said = f"due {day_said(due, self.desk.today())}" if due else "not due"
            await self.change(issue_edit(due=due), setting(due=due), said, rows)
            return True

        before = rows[0].due.isoformat() if len(rows) == 1 and rows[0].due else ""
        await self.app.push_screen_wait(
            Prompt(
                self.titled("Due"),
                accept,
                value=before,
                words="A day such as 2026-05-01, tomorrow, friday, next-friday, 7d, 2w. Empty for none.",
            )
        )

    @handles("issue.estimate")
    async def ask_estimate(self) -> None:
        rows = self.targets()
        if not rows:
            return

        async def accept(text: str) -> bool:
            estimate = choices.estimate(text)
            said = f"estimated at {points(estimate)}" if estimate is not None else "not estimated"
            await self.change(issue_edit(estimate=estimate), setting(estimate=estimate), said, rows)
            return True

        before = rows[0].estimate
        await self.app.push_screen_wait(
            Prompt(
                self.titled("Estimate"),
                accept,
                value="" if before is None or len(rows) > 1 else f"{before.normalize():f}",
                words="Points. Empty for none.",
            )
        )

    # Texts -----------------------------------------------------------------------------------------------

    @handles("issue.title")
    async def edit_title(self) -> None:
        from rhythm_tui.screens.writing import edit_title

        if row := self._one():
            await edit_title(self, row)

    @handles("issue.body")
    async def edit_body(self) -> None:
        from rhythm_tui.screens.writing import edit_body

        if row := self._one():
            edited = await edit_body(self, row)
            if edited is not None:
                self.replaced([edited])

    @handles("issue.comment")
    async def write_comment(self) -> None:
        from rhythm_tui.screens.writing import write_comment

        if (row := self._one()) and await write_comment(self, row) is not None:
            self.say(f"Comment under {row.key} sent", "u takes it back")

    @handles("issue.more")
    async def set_more(self) -> None:
        from rhythm_tui.screens.linking import more

        if rows := self.targets():
            await more(self, rows)

    @handles("issue.sub_issue")
    async def write_sub_issue(self) -> None:
        from rhythm_tui.screens.linking import sub_issue

        if row := self._one():
            await sub_issue(self, row)

    # All else --------------------------------------------------------------------------------------------

    @handles("issue.delete")
    async def delete(self) -> None:
        rows, unread = self.targets(), self.unread()
        count = len(rows) + len(unread)
        if not await self.sure(count, "Move {} to the trash?", many=1):
            return
        parts = [list(group) for _, group in groupby(sorted(rows, key=_project), key=_project)]
        lots = [[row.id for row in part] for part in parts]
        if unread:
            lots = [[*(issue for lot in lots for issue in lot), *unread]]
        for ids in lots:
            await self.desk.edits.run(_delete(self.desk.session.issues.delete, ids), issues=ids)
            self.done_with(ids)
        if count:
            what = rows[0].key if count == 1 else counted(count, "issue")
            self.say(f"{what} moved to the trash", "u takes it back")

    @handles("issue.copy_key")
    def copy_key(self) -> None:
        keys = " ".join(row.key for row in self.targets())
        if keys:
            self.app.copy_to_clipboard(keys)
            self.say(f"Copied {keys}")

    @handles("issue.copy_branch")
    def copy_branch(self) -> None:
        if row := self._one():
            name = branch_name(row)
            self.app.copy_to_clipboard(name)
            self.say(f"Copied {name}")

    def undo_in(self) -> str | None:
        rows = self.targets()
        return rows[0].project_key if rows else self.desk.key


def _project(row: IssueRow) -> str:
    return row.project_key


def _same_project(rows: Sequence[IssueRow]) -> str:
    keys = {row.project_key for row in rows}
    if len(keys) > 1:
        raise Invalid("These issues are of several projects.", hint="Mark those of one project.")
    return keys.pop()


def moving(status: Status) -> str:
    """The question before many issues are moved, see `TriageScreen.sure`."""
    return f"Move {{}} to {signs.words(status)}?"


def setting(**fields: Any) -> Change:
    """A change that sets fields of an issue as it is shown."""
    return lambda row: row.replace(**fields)


def _edit_many(
    edit_many: Callable[..., Awaitable[tuple[IssueRow, ...]]],
    ids: Sequence[int],
    edit: IssueEdit,
    new_labels: Sequence[str],
) -> Callable[[UUID], Awaitable[tuple[IssueRow, ...]]]:
    return lambda operation: edit_many(ids, edit, new_labels=new_labels, operation=operation)


def _edit_all(
    edit_all: Callable[..., Awaitable[int]],
    ids: Sequence[int],
    edit: IssueEdit,
    new_labels: Sequence[str],
    progress: Callable[[int], None],
    before: int,
) -> Callable[[UUID], Awaitable[int]]:
    """Of several such changes one behind the other, `before` says how many issues are changed already."""
    return lambda operation: edit_all(
        ids,
        edit,
        new_labels=new_labels,
        operation=operation,
        progress=lambda done: progress(before + done),
    )


def _delete(
    delete: Callable[..., Awaitable[tuple[str, ...]]], ids: Sequence[int]
) -> Callable[[UUID], Awaitable[tuple[str, ...]]]:
    return lambda operation: delete(ids, operation=operation)


def branch_name(row: IssueRow) -> str:
    """A name for a git branch: `core-12-sign-in-fails-on-safari`."""
    words = re.sub(r"[^a-z0-9]+", "-", folded(row.title)).strip("-")
    return f"{row.key.lower()}-{words[:50].rstrip('-')}".rstrip("-")
