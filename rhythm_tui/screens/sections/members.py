"""The members of a project: who is in it, in which role, and who may change that."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from textual.content import Content

from rhythm_domain.errors import NotFound
from rhythm_domain.models import Member, Role
from rhythm_domain.policy import Permission, to_change_member
from rhythm_domain.text import shown
from rhythm_tui.looks.columns import View
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import relative_time
from rhythm_tui.screens.confirm import Confirm
from rhythm_tui.screens.picker import Choice, Picker
from rhythm_tui.screens.sections.section import NOTHING_HERE, Section
from rhythm_tui.widgets.listing import Field

MAY = {
    Role.VIEWER: "reads everything, changes nothing",
    Role.MEMBER: "works on issues: writes, moves, plans",
    Role.MAINTAINER: "also runs sprints, members and labels",
    Role.OWNER: "also hands over, archives and deletes",
}
"""What each role may, in a few words."""


class MembersSection(Section[Member]):
    """Who is in the project."""

    name, noun = "Members", "member"
    words = "Who is in this project, and what each may do in it."
    empty = "Nobody is in this project. + adds somebody."

    @property
    def fields(self) -> Sequence[Field[Member]]:  # type: ignore[override]
        return (
            Field("NAME", None, self._name, least=18),
            Field("USER", 18, lambda member, _: [Piece(f"@{member.user.name}", "muted")], keep=60),
            Field("ROLE", 12, self._role, keep=100),
            Field("SINCE", 11, _since, keep=40),
        )

    def _name(self, member: Member, view: View) -> list[Piece]:
        name = Piece(shown(member.user.display_name), view.colours.person(member.user))
        me = [Piece("  you", "muted")] if self._me(member) else []
        return [name, *me, *([] if member.active else [Piece("  deactivated", "muted")])]

    def _role(self, member: Member, _: View) -> list[Piece]:
        strong = member.role is Role.OWNER
        return [Piece(member.role.value, "foreground" if member.role.rank > 1 else "muted", bold=strong)]

    async def read(self) -> Sequence[Member]:
        self._members = await self.session.members.list(self.key)
        return self._members

    _members: Sequence[Member] = ()

    def identity(self, item: Member) -> Hashable:
        return item.user.id

    def sought(self, item: Member) -> str:
        return f"{item.user.display_name} {item.user.name} {item.role}"

    def faded(self, item: Member) -> bool:
        return not item.active

    def about(self, item: Member) -> Content:
        who = shown(item.user.display_name)
        return Content.assemble((who, "bold"), f"  {item.role.value}", (f": {MAY[item.role]}.", "$muted"))

    def _me(self, member: Member) -> bool:
        return member.user.id == self.session.user.id

    def _last_owner(self, member: Member) -> bool:
        return member.role is Role.OWNER and not any(
            other.role is Role.OWNER and other.active and other.user.id != member.user.id
            for other in self._members
        )

    def why_not(self, action: str, item: Member | None) -> str | None:
        if action == "add" or item is None:
            return self.may(Permission.MEMBER_MANAGE) if action == "add" else super().why_not(action, item)
        if not self._me(item) and (reason := self.may(to_change_member(item.role, None))):
            return reason
        if self._last_owner(item):
            whom = "you are" if self._me(item) else f"{shown(item.user.display_name)} is"
            return f"{whom} the last active owner of {self.key}: make somebody else an owner first"
        return self.may(Permission.MEMBER_LEAVE) if self._me(item) else None

    # What one does with members ----------------------------------------------------------------------------

    async def add(self) -> None:
        there = {member.user.id for member in self._members}
        people = [person for person in await self.session.people.directory() if person.id not in there]
        if not people:
            raise NotFound(
                "Everybody is in this project already.",
                hint="An administrator adds people: `rhythm user add NAME`.",
            )
        person = await self.ask(
            Picker(
                f"Who comes into {self.key}?",
                [
                    Choice(
                        person,
                        Content.assemble(
                            (shown(person.display_name), self.colours.person(person)),
                            (f"  @{person.name}", "$muted"),
                        ),
                        f"{person.display_name} {person.name}",
                    )
                    for person in people
                ],
            )
        )
        if person is None:
            return
        role = await self._ask_role(f"{person.display_name} comes in as", None, Role.MEMBER)
        if role is None:
            return
        await self.write(
            lambda operation: self.session.members.add(self.key, person.name, role, operation=operation)
        )
        self.say(f"{shown(person.display_name)} is in {self.key}, as {role.value}")

    async def edit(self, item: Member) -> None:
        role = await self._ask_role(f"{item.user.display_name} is from now on", item, item.role)
        if role is None or role is item.role:
            return
        if self._me(item) and role.rank < item.role.rank and not await self.ask(self._less(item, role)):
            return
        await self.write(
            lambda operation: self.session.members.set_role(
                self.key, item.user.name, role, operation=operation
            )
        )
        self.say(f"{shown(item.user.display_name)} is {role.value} now")

    def _less(self, me: Member, role: Role) -> Confirm:
        """The question before somebody takes rights from themselves."""
        words = f"You are its {me.role.value} now. You can't take it back: somebody else has to."
        return Confirm(f"Become {role.value} of {self.key}?", words, yes=f"become {role.value}")

    async def _ask_role(self, title: str, member: Member | None, now: Role) -> Role | None:
        """The role that is chosen; those that the person may not give say why."""
        choices = []
        for role in reversed(Role):
            own = member is not None and self._me(member) and role.rank <= member.role.rank
            why = None if own else self.may(to_change_member(member.role if member else None, role))
            label = Content.assemble(
                (f"{role.value:<12}", "$faint" if why else "bold"),
                (why or MAY[role], "$muted"),
            )
            choices.append(Choice(role, label, role.value, role is now, why_not=why or ""))
        return await self.ask(Picker(title, choices))

    async def remove(self, item: Member) -> None:
        if self._me(item):
            title, words, yes = (
                f"Leave {self.key}?",
                "You will not see it any more, until somebody adds you again. ",
                "leave",
            )
        else:
            title = f"Remove {item.user.display_name} from {self.key}?"
            words, yes = "They will not see it any more. ", "remove"
        words += "Open issues that are assigned become nobody's; closed ones stay as they are."
        if not await self.ask(Confirm(title, words, yes=yes)):
            return
        members, name = self.session.members, item.user.name
        if self._me(item):
            await self.write(lambda operation: members.leave(self.key, operation=operation))
        else:
            await self.write(lambda operation: members.remove(self.key, name, operation=operation))
            self.say(f"{shown(item.user.display_name)} is out of {self.key}")

    def why_not_transfer(self, item: Member | None) -> str | None:
        """Why the project can't be handed over to somebody."""
        if item is None:
            return NOTHING_HERE
        if self._me(item):
            return "you can't hand a project over to yourself"
        return self.may(Permission.OWNER_MANAGE)

    async def transfer(self, item: Member) -> None:
        """Hands the project over to a member."""
        sure = await self.ask(
            Confirm(
                f"Hand {self.key} over to {item.user.display_name}?",
                "They become its owner, and you a maintainer. Only they, or another owner, can give it back.",
                yes="hand over",
            )
        )
        if sure:
            await self.write(
                lambda operation: self.session.members.transfer(self.key, item.user.name, operation=operation)
            )
            self.say(f"{shown(item.user.display_name)} owns {self.key} now")


def _since(member: Member, view: View) -> list[Piece]:
    return [Piece(relative_time(member.since, view.now), "muted")]
