"""Members and settings: of the project that is shown, and of one's own account."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from rhythm_domain.live import Change
from rhythm_domain.models import Member
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command
from rhythm_tui.desk import Desk
from rhythm_tui.looks.wording import counted
from rhythm_tui.screens.narrowing import NarrowingScreen
from rhythm_tui.screens.sections.access import KeysSection, SignInsSection, TokensSection
from rhythm_tui.screens.sections.account import AccountSection
from rhythm_tui.screens.sections.labels import LabelsSection
from rhythm_tui.screens.sections.limits import LimitsSection
from rhythm_tui.screens.sections.members import MembersSection
from rhythm_tui.screens.sections.project import ProjectSection
from rhythm_tui.screens.sections.section import AnySection
from rhythm_tui.screens.sections.views import ViewsSection
from rhythm_tui.widgets.key_bar import KeyBar
from rhythm_tui.widgets.listing import Listing
from rhythm_tui.widgets.search_bar import SearchBar
from rhythm_tui.widgets.view_tabs import ViewTabs

SECTIONS: tuple[type[AnySection], ...] = (
    MembersSection,
    LabelsSection,
    LimitsSection,
    ProjectSection,
    ViewsSection,
    AccountSection,
    SignInsSection,
    TokensSection,
    KeysSection,
)


class SettingsScreen(NarrowingScreen):
    """A list a section, the sections as tabs. Without a project there are only those of the account."""

    VIEW: ClassVar[str] = "settings"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["searching.tcss", "settings.tcss"]
    AUTO_FOCUS = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._sections = [section(self) for section in SECTIONS]
        self._chosen: AnySection = self._sections[0]
        self._shown: AnySection | None = None

    def body(self) -> ComposeResult:
        yield ViewTabs()
        yield SearchBar(placeholder="find")
        listing = Listing[Any]((), identity=id, words=str, id="items")
        listing.now = self.desk.now
        yield listing
        yield Static(id="about")

    @property
    def section(self) -> AnySection:
        """The one that is shown, or is about to be."""
        return self._chosen if self._chosen in self.sections else self.sections[0]

    @property
    def sections(self) -> list[AnySection]:
        """Those that there are: without a project only the account's."""
        return [section for section in self._sections if self.desk.project or not section.of_project]

    def on_mount(self) -> None:
        self.listing.focus()

    @property
    def item(self) -> Any | None:
        """The one under the cursor; none before those of the section are there."""
        return self.listing.item if self.is_mounted and self._shown is self.section else None

    # Reading ---------------------------------------------------------------------------------------------

    async def load(self) -> None:
        if self.desk.project:
            await self.desk.read_projects()
        section = self.section
        items = await section.read()
        if section is not self.section:
            return  # Another tab was gone to meanwhile.
        names = [each.name for each in self.sections]
        self.query_one(ViewTabs).show(names, self.sections.index(section))
        if section is not self._shown:
            self._shown = section
            search = self.query_one(SearchBar)
            search.placeholder = f"find a {section.noun}"
            search.set_text("")
            self.listing.become(
                section.fields, section.identity, section.sought, section.faded, section.empty
            )
        self.listing.show(items)
        self._say_where()
        self.narrowed()

    async def changes(self, changes: list[Change]) -> None:
        if self.section.of_project and any(change.project_key == self.desk.key for change in changes):
            await self.load()

    @on(Listing.Highlighted)
    def narrowed(self) -> None:
        item, section = self.listing.item, self._shown
        if section is None:
            return
        self.query_one("#about", Static).update(
            Content(section.words) if item is None else section.about(item)
        )
        self.query_one(SearchBar).total = f"{counted(len(self.listing.items), section.noun)} "
        self.query_one(KeyBar).refresh()

    # Sections ----------------------------------------------------------------------------------------------

    def go_to_section(self, section: AnySection) -> None:
        """Shows another section."""
        self._chosen = section
        self.query_one(ViewTabs).current = self.sections.index(section)
        self._read_again()

    def _read_again(self) -> None:
        """The next key is for what is read now, such as a name that was just changed."""
        self.hold_keys()
        self.reload()

    @on(ViewTabs.Chosen)
    def _pressed(self, event: ViewTabs.Chosen) -> None:
        self.go_to_section(self.sections[event.at])

    @handles("pane.next")
    def next_pane(self) -> None:
        self._step(1)

    @handles("section.next")
    def next_section(self) -> None:
        self._step(1)

    @handles("section.previous")
    def previous_section(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        sections = self.sections
        self.go_to_section(sections[(sections.index(self.section) + step) % len(sections)])

    # Finding -----------------------------------------------------------------------------------------------

    @handles("item.find")
    def find(self) -> None:
        super().find()

    def leave(self) -> None:
        self.back()

    # What one does with an item ----------------------------------------------------------------------------

    def why_not(self, command: Command) -> str | None:
        match command.id:
            case "item.add" | "item.edit" | "item.remove":
                return self.section.why_not(command.id.removeprefix("item."), self.item)
            case "member.transfer":
                if not isinstance(self.section, MembersSection):
                    return "go to the members first"
                return self.section.why_not_transfer(self.item)
            case _:
                return super().why_not(command)

    @handles("item.add")
    async def add_item(self) -> None:
        await self.section.add()
        self._read_again()

    @handles("item.edit")
    async def edit_item(self) -> None:
        await self.section.edit(self.item)
        self._read_again()

    @on(Listing.Opened)
    def _opened(self) -> None:
        self.action_command("item.edit")

    @handles("item.remove")
    async def remove_item(self) -> None:
        await self.section.remove(self.item)
        self._read_again()

    @handles("member.transfer")
    async def transfer(self) -> None:
        if isinstance(self.section, MembersSection):
            await self.section.transfer(cast("Member", self.item))
            self._read_again()
