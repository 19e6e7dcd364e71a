"""One's own account: name, time zone, password."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

from textual.suggester import SuggestFromList

from rhythm_domain.errors import Invalid
from rhythm_domain.models import User
from rhythm_domain.models.access import SignInKind
from rhythm_tui.looks.wording import REMOVE_DEMO
from rhythm_tui.screens.form import Entry, Form, Values
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.screens.sections.properties import Properties, Property


class AccountSection(Properties):
    """The person who is signed in."""

    name, noun = "You", "setting"
    words = "Your account, the same in all projects."
    of_project = False

    async def read(self) -> Sequence[Property]:
        await self.desk.read_person()
        user = self.session.user
        kinds = {one.kind for one in await self.session.people.sessions() if one.current}
        here = self.desk.now()
        local = "this instance is your own: you are signed in without a password"
        demo = Property(
            "Instance",
            "the demo",
            f"In {self.desk.demo}. To remove it: {REMOVE_DEMO}",
            f"{self.desk.commands['demo'].key} goes to your own, and back",
            self._edit_name,
        )
        return [
            Property("Name", user.display_name, "How others see you.", None, self._edit_name),
            Property(
                "User name", f"@{user.name}", "What you sign in with.", "it stays as it is", self._edit_name
            ),
            Property(
                "Time zone",
                f"{user.time_zone}  {here:%H:%M}",
                "Where your days begin: what is due today, and what is overdue.",
                None,
                self._edit_zone,
            ),
            Property(
                "Password",
                "",
                "A new one signs you out everywhere else. Access tokens keep working.",
                local if SignInKind.LOCAL in kinds else None,
                self._edit_password,
            ),
            *([demo] if self.desk.demo else ()),
        ]

    async def _edit_name(self) -> None:
        async def accept(typed: str) -> User:
            return await self.write(
                lambda operation: self.session.people.set_display_name(typed, operation=operation)
            )

        if saved := await self.ask(Prompt("Your name", accept, value=self.session.user.display_name)):
            self.say(f"You are {saved.display_name} now")

    async def _edit_zone(self) -> None:
        async def accept(typed: str) -> User:
            return await self.write(
                lambda operation: self.session.people.set_time_zone(typed, operation=operation)
            )

        zones = SuggestFromList(sorted(available_timezones()), case_sensitive=False)
        saved = await self.ask(
            Prompt(
                "Your time zone",
                accept,
                value=self.session.user.time_zone,
                words="A place, such as Europe/Berlin; → completes it.",
                suggester=zones,
            )
        )
        if saved is not None:
            self.say(f"Your days are those of {saved.time_zone} now")

    async def _edit_password(self) -> None:
        async def accept(values: Values) -> bool:
            if values["new"] != values["again"]:
                raise Invalid("These two are not the same.", field="again", hint="Type the new one again.")
            await self.write(
                lambda operation: self.session.people.change_password(
                    values["old"], values["new"], operation=operation
                )
            )
            return True

        entries = [
            Entry("old", "Present one", secret=True),
            Entry("new", "New one", secret=True, hint="8 characters or more"),
            Entry("again", "Once more", secret=True),
        ]
        if await self.ask(Form("Another password", entries, accept)):
            self.say("Your password is changed", "you are signed out everywhere else")
