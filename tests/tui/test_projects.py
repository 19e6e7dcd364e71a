"""The projects: what is seen of them, how one begins, rests and is found again."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from rhythm_domain.models.drafts import IssueDraft
from rhythm_tui.looks.markdown import gist
from rhythm_tui.screens.projects import ProjectsScreen, proposed_key
from rhythm_tui.widgets.listing import Listing
from tests.instances import Team
from tests.tui.conftest import Open


async def test_projects_are_listed_and_opened(team: Team, app: Open) -> None:
    """Key, name, counts and my role; enter shows the issues."""
    await team.member.issues.create("CORE", IssueDraft(title="Login fails on Safari"))
    async with app(team.member, view="projects") as driver:
        await driver.sees("CORE", "Project CORE", "member", "1 project", "just now")
        await driver.press("enter")
        await driver.sees("Login fails on Safari")
        assert driver.app.desk is not None
        assert driver.app.desk.key == "CORE"


async def test_a_new_instance_says_what_to_do_first(team: Team, app: Open) -> None:
    """Somebody without a project makes one, with a key that its name proposes."""
    async with app(team.outsider, view="projects") as driver:
        await driver.sees("rhythm", "make your first project", "demo")
        await driver.press("plus")
        await driver.write("Harbour Lights")
        await driver.until(lambda: driver.app.screen.query_one("#field-key", Input).value == "HL")
        await driver.press("ctrl+s")
        await driver.sees("HL created", "Harbour Lights", "owner")
        await driver.misses("make your first project")


async def test_a_wrong_key_is_said_at_its_field(team: Team, app: Open) -> None:
    """What was typed stays there, and outlives a cancel."""
    async with app(team.outsider, view="projects") as driver:
        await driver.press("plus")
        await driver.write("Harbour")
        await driver.press("enter", *["backspace"] * 4)
        await driver.write("CORE")
        await driver.press("ctrl+s")
        await driver.sees("is, or was, another project's", "Harbour")
        await driver.press("escape")
        await driver.misses("Harbour")
        await driver.press("plus")
        await driver.sees("Harbour", "CORE", "Draft restored", "^r throws it away")
        await driver.press("ctrl+r")
        await driver.misses("CORE", "restored")
        await driver.write("Light House")
        await driver.sees("LH")
        await driver.press("enter")
        await driver.write("LAMP")
        await driver.press("ctrl+s")
        await driver.sees("LAMP created")


async def test_a_project_is_found_by_typing(team: Team, app: Open) -> None:
    """Among hundreds; escape shows all again."""
    for number in range(300):
        team.instance.project(f"P{number}", owner=team.owner)
    async with app(team.owner, view="projects") as driver:
        await driver.sees("301 projects")
        await driver.press("slash")
        await driver.write("p299")
        await driver.until(lambda: len(driver.widget(Listing).items) == 1)
        await driver.sees("  1 project")
        await driver.press("enter", "enter")
        await driver.until(lambda: driver.app.desk is not None and driver.app.desk.key == "P299")


async def test_a_project_is_laid_to_rest_and_taken_up_again(team: Team, app: Open) -> None:
    """The box says what it means; archived ones are seen when they are asked for."""
    async with app(team.owner, view="projects") as driver:
        await driver.sees("CORE")
        await driver.press("X")
        await driver.sees("Archive CORE?", "stays readable")
        await driver.press("enter")
        await driver.sees("CORE is archived", "1 archived")
        assert (await team.owner.projects.show("CORE")).archived
        await driver.press("A")
        await driver.sees("Project CORE  archived")
        await driver.press("X")
        await driver.sees("taken up again")
        assert not (await team.owner.projects.show("CORE")).archived


async def test_who_may_not_is_told_why(team: Team, app: Open) -> None:
    """A member may neither archive nor edit."""
    async with app(team.member, view="projects") as driver:
        await driver.sees("CORE")
        await driver.press("X")
        await driver.sees("Only owners may archive")
        await driver.press("e")
        await driver.sees("Only maintainers may change the project's settings")


async def test_texts_that_two_people_change_are_both_kept(team: Team, app: Open) -> None:
    """A description that only she changed stays hers; of the name that both did, both are put together."""
    async with app(team.owner, view="projects") as driver:
        await driver.sees("CORE")
        await driver.press("e")
        await driver.sees("Edit CORE")
        await team.maintainer.projects.edit("CORE", name="My project CORE", description="Hers")
        await driver.press("end")
        await driver.write(" of mine")
        await driver.press("ctrl+s")
        await driver.sees("Both of you changed the name", "− My project CORE", "+ Project CORE of mine")
        await driver.press("e")
        await driver.sees("Both changes are in it.")
        await driver.press("ctrl+s")
        await driver.sees("CORE saved")
    now = await team.viewer.projects.show("CORE")
    assert (now.name, now.description) == ("My project CORE of mine", "Hers")


async def test_projects_follow_what_others_do(team: Team, app: Open) -> None:
    """Counts, names, and being made a member of another one."""
    async with app(team.member, view="projects") as driver:
        await driver.sees("CORE")
        await team.owner.issues.create("CORE", IssueDraft(title="one"))
        await driver.until(lambda: driver.widget(Listing).items[0].open_count == 1)
        await team.outsider.projects.create("NEW", "Newly made")
        await team.outsider.members.add("NEW", "mia", (await team.owner.members.list("CORE"))[0].role)
        await driver.sees("Newly made")


async def test_what_somebody_wrote_is_only_read(team: Team, app: Open) -> None:
    """Markup, control characters and bidi controls in a name and a description do nothing."""
    name = "[/][@click=app.quit]x[/] [red]"
    await team.owner.projects.edit("CORE", name=name, description="[/b] **bold** \u2028 [link='x']y")
    async with app(team.owner, view="projects") as driver:
        await driver.sees("[/][@click=app.quit]x[/] [red]")
        assert isinstance(driver.view, ProjectsScreen)


@pytest.mark.parametrize(
    ("name", "taken", "key"),
    [
        ("Harbour Lights", set(), "HL"),
        ("Harbour Lights", {"HL"}, "HARB"),
        ("Harbour", set(), "HARB"),
        ("Ärzte Café", set(), "AC"),
        ("3 Amigos", set(), "AMIG"),
        ("X", set(), ""),
        ("日本", set(), ""),
        ("ab", {"AB"}, "AB2"),
    ],
)
def test_a_key_is_proposed_from_a_name(name: str, taken: set[str], key: str) -> None:
    assert proposed_key(name, taken) == key


@pytest.mark.parametrize(
    ("markdown", "lines"),
    [
        (
            "Firmware of the **Petrel** station, see `README`.",
            ["Firmware of the Petrel station, see README."],
        ),
        ("# Title\n\nFirst\nline\n\n- one\n- two", ["Title", "First line", "one", "two"]),
        ("[/][b] \x1b[31m", ["[/][b] ␛[31m"]),
        ("", []),
    ],
)
def test_a_description_is_shown_without_the_signs_of_markdown(markdown: str, lines: list[str]) -> None:
    assert gist(markdown) == lines
