"""Members and settings: what one may not do is said before, where it is known, and else after."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from rhythm_domain.models import Role, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_tui.screens.once import Once
from rhythm_tui.screens.sections.section import AnySection
from rhythm_tui.screens.settings import SECTIONS, SettingsScreen
from rhythm_tui.widgets.listing import Listing
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.driver import Driver


async def go(driver: Driver, name: str) -> AnySection:
    """Goes to a section, and waits until it is read."""
    screen = driver.view
    assert isinstance(screen, SettingsScreen)
    for _ in SECTIONS:
        if screen.section.name == name:
            break
        await _step(driver, screen)
    assert screen.section.name == name
    await driver.until(lambda: not screen.busy and screen._shown is screen.section, name)
    return screen.section


async def _step(driver: Driver, screen: SettingsScreen) -> None:
    before = screen.section
    await driver.press("right_square_bracket")
    await driver.until(lambda: screen.section is not before, "the next section")


async def roles(team: Team) -> dict[str, Role]:
    return {member.user.name: member.role for member in await team.admin.members.list("CORE")}


async def on(driver: Driver, name: str) -> None:
    """Puts the cursor on somebody."""
    listing = driver.widget(Listing)
    await driver.until(lambda: any(item.user.name == name for item in listing.items))
    while listing.item is None or listing.item.user.name != name:
        await driver.press("j")


async def test_a_person_is_added_by_typing_and_given_a_role(team: Team, app: Open) -> None:
    """Two small questions; roles that one may not give say why."""
    async with app(team.maintainer, project="CORE", view="settings") as driver:
        await driver.sees("Olga", "owner", "4 members")
        await driver.press("plus")
        await driver.sees("Who comes into CORE?", "@otto")
        await driver.write("ott")
        await driver.press("enter")
        await driver.sees("Otto comes in as", "only owners may grant ownership")
        await driver.press("enter")
        await driver.sees("Otto is in CORE, as member", "5 members")
        assert (await roles(team))["otto"] is Role.MEMBER
        await driver.press("u")
        await driver.sees("can't be taken back: you added Otto as member.", "Members are changed")


async def test_undo_says_what_it_passes_over_and_asks_before_it_does(team: Team, app: Open) -> None:
    """Nobody finds something older taken back because the latest change can't be."""
    await team.maintainer.issues.create("CORE", IssueDraft(title="one"))
    await team.maintainer.issues.edit("CORE-1", IssueEdit(status=Status.DONE))
    await team.maintainer.members.add("CORE", "otto", Role.VIEWER)
    async with app(team.maintainer, project="CORE") as driver:
        await driver.sees("● done")
        await driver.press("u")
        await driver.sees("This one stays", "added Otto as viewer", "moved CORE-1 from backlog to done.")
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.view)
        assert (await team.maintainer.issues.show("CORE-1")).status is Status.DONE
        await driver.press("u")
        await driver.sees("This one stays")
        await driver.press("enter")
        await driver.sees("Undone: the status of CORE-1 is backlog again", "◌ backlog")
        assert (await roles(team))["otto"] is Role.VIEWER


async def test_a_role_is_changed(team: Team, app: Open) -> None:
    async with app(team.owner, project="CORE", view="settings") as driver:
        await on(driver, "mia")
        await driver.press("enter")
        await driver.sees("Mia is from now on")
        await driver.write("viewer")
        await driver.press("enter")
        await driver.sees("Mia is viewer now")
        assert (await roles(team))["mia"] is Role.VIEWER


async def test_a_role_that_may_not_be_given_is_not_taken(team: Team, app: Open) -> None:
    """The picker says why; enter on it does nothing."""
    async with app(team.maintainer, project="CORE", view="settings") as driver:
        await on(driver, "mia")
        await driver.press("enter")
        await driver.sees("only owners may grant ownership")
        await driver.write("owner")
        await driver.press("enter")
        await driver.sees("Mia is from now on")
        await driver.press("escape")
        assert (await roles(team))["mia"] is Role.MEMBER


async def test_who_takes_rights_from_themselves_is_asked(team: Team, app: Open) -> None:
    """Nobody could take it back but somebody else."""
    async with app(team.maintainer, project="CORE", view="settings") as driver:
        await on(driver, "max")
        await driver.press("enter")
        await driver.sees("Max is from now on")
        await driver.write("viewer")
        await driver.press("enter")
        await driver.sees("Become viewer of CORE?")
        await driver.press("escape")
        await driver.until(lambda: not driver.app.screen.is_modal)
        assert (await roles(team))["max"] is Role.MAINTAINER
        await driver.press("enter")
        await driver.sees("Max is from now on")
        await driver.write("viewer")
        await driver.press("enter", "enter")
        await driver.sees("Max is viewer now")


@pytest.mark.parametrize(
    ("who", "whom", "key", "said"),
    [
        ("viewer", "mia", "d", "Only maintainers may add, change and remove members"),
        ("maintainer", "olga", "d", "Only owners may grant ownership"),
        ("viewer", "olga", "e", "Only owners may grant ownership"),
        ("owner", "olga", "d", "You are the last active owner of CORE"),
        ("owner", "olga", "e", "You are the last active owner of CORE"),
        ("member", "vic", "O", "Only owners may grant ownership"),
        ("owner", "olga", "O", "You can't hand a project over to yourself"),
    ],
)
async def test_each_refusal_is_explained(
    team: Team, app: Open, who: str, whom: str, key: str, said: str
) -> None:
    """The key is dim, and says why when it is pressed."""
    async with app(getattr(team, who), project="CORE", view="settings") as driver:
        await on(driver, whom)
        await driver.press(key)
        await driver.sees(said)


async def test_somebody_is_removed_and_their_open_work_is_nobodys(team: Team, app: Open) -> None:
    await team.member.issues.create("CORE", IssueDraft(title="one", assignee="mia"))
    async with app(team.owner, project="CORE", view="settings") as driver:
        await on(driver, "mia")
        await driver.press("d")
        await driver.sees("Remove Mia from CORE?", "nobody's")
        await driver.press("enter")
        await driver.sees("Mia is out of CORE", "3 members")
        assert (await team.owner.issues.show("CORE-1")).assignee is None


async def test_one_may_leave(team: Team, app: Open) -> None:
    """The project is gone from one's own; the settings that are left are those of the account."""
    async with app(team.viewer, project="CORE", view="settings") as driver:
        await on(driver, "vic")
        await driver.press("d")
        await driver.sees("Leave CORE?")
        await driver.press("enter")
        await driver.until(lambda: driver.app.current_mode == "projects")
        await driver.sees("make your first project")
        assert "vic" not in await roles(team)


async def test_who_is_removed_meanwhile_is_led_out(team: Team, app: Open) -> None:
    """And a role that was changed meanwhile lights the keys anew."""
    async with app(team.viewer, project="CORE", view="settings") as driver:
        await driver.sees("4 members")
        await driver.press("plus")
        await driver.sees("Only maintainers may add")
        await team.owner.members.set_role("CORE", "vic", Role.MAINTAINER)
        await driver.until(
            lambda: driver.view.desk.project and driver.view.desk.project.role is Role.MAINTAINER
        )
        await driver.press("plus")
        await driver.sees("Who comes into CORE?")
        await driver.press("escape")
        await team.owner.members.remove("CORE", "vic")
        await driver.until(lambda: driver.app.current_mode == "projects")
        await driver.sees("! CORE is no longer there for you: you are no member any more, or it was deleted")


async def test_an_administrator_is_led_out_of_what_they_deleted_elsewhere(team: Team, app: Open) -> None:
    """As the one person of an instance is: they may see all projects, but not what is deleted."""
    await team.admin.projects.create("WEB", "Web")
    async with app(team.admin, project="WEB", view="issues") as driver:
        await driver.sees("No issues yet")
        await team.admin.projects.delete("WEB")
        await driver.until(lambda: driver.app.current_mode == "projects")
        await driver.sees("! WEB is no longer there for you")


async def test_a_project_is_handed_over(team: Team, app: Open) -> None:
    async with app(team.owner, project="CORE", view="settings") as driver:
        await on(driver, "max")
        await driver.press("O")
        await driver.sees("Hand CORE over to Max?")
        await driver.press("enter")
        await driver.sees("Max owns CORE now")
        assert (await roles(team))["max"] is Role.OWNER
        assert (await roles(team))["olga"] is Role.MAINTAINER


async def test_labels_are_made_changed_and_deleted_with_the_number_of_their_issues(
    team: Team, app: Open
) -> None:
    async with app(team.maintainer, project="CORE", view="settings") as driver:
        await go(driver, "Labels")
        await driver.sees("No labels yet")
        await driver.press("plus")
        await driver.write("urgent")
        await driver.press("enter", "r", "enter")
        await driver.write("must not wait")
        await driver.press("enter")
        await driver.sees("urgent is there", "must not wait", "red")
        await team.member.issues.create("CORE", IssueDraft(title="one", labels=("urgent",)))
        await driver.press("r", "e")
        await driver.sees("Label urgent")
        await driver.write(" indeed")
        await driver.press("ctrl+s")
        await driver.sees("urgent indeed saved")
        await driver.press("d")
        await driver.sees("urgent indeed deleted", "u takes it back", "No labels yet")
        await driver.press("u")
        await driver.sees("the label urgent indeed is there again", "must not wait")
        assert (await team.member.issues.show("CORE-1")).labels


async def test_a_label_that_is_there_already_is_said_at_its_name(team: Team, app: Open) -> None:
    await team.owner.labels.create("CORE", "ui")
    async with app(team.maintainer, project="CORE", view="settings") as driver:
        await go(driver, "Labels")
        await driver.press("plus")
        await driver.write("UI")
        await driver.press("ctrl+s")
        await driver.sees("There is already a label of that name", "New label")


async def test_limits_are_set_and_say_when_they_are_passed(team: Team, app: Open) -> None:
    for title in ("one", "two"):
        await team.member.issues.create("CORE", IssueDraft(title=title, status=Status.TODO))
    async with app(team.maintainer, project="CORE", view="settings") as driver:
        await go(driver, "Limits")
        await driver.sees("no limit", "4 columns")
        await driver.press("j", "enter")
        await driver.sees("At most how many todo?", "2 issues now")
        await driver.write("0")
        await driver.press("enter")
        await driver.sees("0 can't be a limit")
        await driver.press("backspace", "1", "enter")
        await driver.sees("todo: at most 1", "! 1 over")
        await driver.press("d")
        await driver.sees("todo: no limit")
        assert not (await team.owner.projects.show("CORE")).wip_limits


async def test_a_project_is_deleted_only_by_typing_its_key(team: Team, app: Open) -> None:
    async with app(team.owner, project="CORE", view="settings") as driver:
        await go(driver, "Project")
        await driver.press("G", "enter")
        await driver.sees("Delete CORE?", "To delete it type its key: CORE")
        await driver.write("CODE")
        await driver.press("enter")
        await driver.sees("That is not CORE")
        await driver.press(*["backspace"] * 4)
        await driver.write("core")
        await driver.press("enter")
        await driver.until(lambda: driver.app.current_mode == "projects")
        await driver.sees("CORE is deleted  `rhythm project restore CORE`")
        assert not await team.owner.projects.list()
        assert (await team.owner.projects.restore("CORE")).key == "CORE"


async def test_another_key_leaves_the_old_one_leading_here(team: Team, app: Open) -> None:
    async with app(team.owner, project="CORE", view="settings") as driver:
        await go(driver, "Project")
        await driver.press("j", "j", "enter")
        await driver.sees("Another key for CORE")
        await driver.press(*["backspace"] * 4)
        await driver.write("hull")
        await driver.press("enter")
        await driver.sees("It is HULL now", "HULL  Project CORE")
        assert (await team.owner.projects.show("CORE")).key == "HULL"


async def test_a_maintainer_is_told_what_is_for_owners(team: Team, app: Open) -> None:
    async with app(team.maintainer, project="CORE", view="settings") as driver:
        await go(driver, "Project")
        await driver.press("G", "enter")
        await driver.sees("Only owners may delete the project")


async def test_a_long_list_follows_the_cursor(team: Team, app: Open) -> None:
    """Down to its last line, on a small screen."""
    for number in range(30):
        await team.maintainer.labels.create("CORE", f"label {number:02}")
    async with app(team.viewer, project="CORE", view="settings", size=(80, 24)) as driver:
        await go(driver, "Labels")
        await driver.sees("label 00")
        await driver.press("G")
        await driver.sees("label 29")
        await driver.press("g", "g")
        await driver.sees("label 00")


async def test_views_are_published_to_the_team(team: Team, app: Open) -> None:
    async with app(team.member, project="CORE", view="settings") as driver:
        await go(driver, "Views")
        await driver.press("plus")
        await driver.write("Crashes")
        await driver.press("enter")
        await driver.write("nonsense:x")
        await driver.press("enter", "right", "enter")
        await driver.sees("nonsense")
        await driver.press("ctrl+u")
        await driver.write("type:bug")
        await driver.press("ctrl+s")
        await driver.sees("Crashes saved", "the team")
    views = await team.viewer.views.list("CORE")
    assert [(view.name, view.published) for view in views if not view.built_in] == [("Crashes", True)]
    async with app(team.viewer, project="CORE", view="settings") as driver:
        await go(driver, "Views")
        await driver.sees("Crashes")
        await driver.press("d")
        await driver.sees("Only maintainers may")


async def test_a_view_that_undo_does_not_know_is_deleted_after_a_question(team: Team, app: Open) -> None:
    """One that the team sees goes at once, and undo brings it back."""
    for name, published in (("Mine", False), ("Ours", True)):
        await team.member.views.save(name, f"label:{name}", key="CORE", published=published)

    async def names() -> list[str]:
        return [view.name for view in await team.member.views.list("CORE") if not view.built_in]

    async with app(team.member, project="CORE", view="settings") as driver:
        await go(driver, "Views")
        await driver.sees("Mine", "Ours")
        await driver.press("d")
        await driver.sees("Mine (label:Mine) is gone for good")
        await driver.press("escape")
        await driver.misses("gone for good")
        await driver.press("j", "d")
        await driver.sees("Ours deleted", "u takes it back")
        assert await names() == ["Mine"]
        await driver.press("u")
        await driver.sees("Undone", "label:Ours")
        await driver.press("home", "d", "enter")
        await driver.sees("Mine deleted")
        assert await names() == ["Ours"]
        await driver.press("u")
        await driver.sees("This one stays", "You deleted the view Mine.", "before it in CORE")
        await driver.press("escape")
        await driver.misses("This one stays")
        assert await names() == ["Ours"]


async def test_ones_own_name_and_time_zone(team: Team, app: Open) -> None:
    """They are seen at once, in the top line too."""
    async with app(team.viewer, project="CORE", view="settings") as driver:
        await go(driver, "You")
        await driver.press("enter", *["backspace"] * 3)
        await driver.write("Vicky")
        await driver.press("enter")
        await driver.sees("You are Vicky now", "● Vicky")
        await driver.press("j", "j", "enter")
        await driver.sees("Your time zone")
        await driver.press(*["backspace"] * 3)
        await driver.write("Asia/Tokio")
        await driver.press("enter")
        await driver.sees("is no time zone")
        await driver.press("backspace", "backspace")
        await driver.write("yo")
        await driver.press("enter")
        await driver.sees("Your days are those of Asia/Tokyo")


async def test_a_token_is_shown_once(team: Team, app: Open) -> None:
    """And is good for signing in; then it is revoked."""
    async with app(team.viewer, project="CORE", view="settings") as driver:
        await go(driver, "Tokens")
        await driver.press("plus")
        await driver.write("nightly")
        await driver.press("enter", "right", "ctrl+s")
        await driver.sees("Token nightly", "shown only now")
        assert isinstance(driver.app.screen, Once)
        secret = driver.app.screen._secret
        assert str(driver.app.screen.query_one("#secret", Static).content) == secret
        await driver.press("x", "enter")
        await driver.sees("only read", "1 token")
        assert secret not in driver.text
        await driver.press("d")
        await driver.sees("Revoke nightly?")
        await driver.press("enter")
        await driver.sees("opens nothing any more", "revoked")


async def test_ssh_keys_are_added_and_removed(team: Team, app: Open) -> None:
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB5tPYmDgz3bD7vBq5SNNyYJ0yYkIyv8BYkcB0PBVlHk vic@laptop"
    async with app(team.viewer, project="CORE", view="settings") as driver:
        await go(driver, "SSH keys")
        await driver.press("plus")
        await driver.write("nonsense")
        await driver.press("ctrl+s")
        await driver.until(lambda: driver.app.screen.query(".wrong.said"), "a reason")
        await driver.press("ctrl+u")
        await driver.write(public)
        await driver.press("ctrl+s")
        await driver.sees("vic@laptop opens your account now")
        await driver.sees("1 key")
        await driver.press("d")
        await driver.sees("Remove the key")
        await driver.press("enter")
        await driver.sees("No SSH keys")


async def test_without_a_project_there_is_the_account(team: Team, app: Open) -> None:
    async with app(team.outsider, view="settings") as driver:
        await driver.sees("You", "Tokens", "@otto")
        await driver.misses("Members")


async def test_what_somebody_wrote_is_only_read(team: Team, app: Open) -> None:
    """Names of people, labels and views with markup and bidi controls: seen literally in every section."""
    evil = "[/][@click=app.quit]x[/]"
    await team.viewer.people.set_display_name(evil)
    await team.owner.labels.create("CORE", evil[:20], description=evil)
    await team.owner.views.save(evil, "type:bug", key="CORE", published=True)
    async with app(team.owner, project="CORE", view="settings") as driver:
        for name, seen in (("Members", evil), ("Labels", evil), ("Views", "[/][@click=app.quit]x")):
            await go(driver, name)
            await driver.sees(seen)
        await go(driver, "Members")
        await on(driver, "vic")
        await driver.press("e")
        await driver.sees(f"{evil} is from now on")
        await driver.press("escape", "d")
        await driver.sees(f"Remove {evil}")


async def test_sections_follow_what_others_do(team: Team, app: Open) -> None:
    key = (await team.member.issues.create("CORE", IssueDraft(title="one"))).key
    async with app(team.owner, project="CORE", view="settings") as driver:
        await driver.sees("4 members")
        await team.maintainer.members.add("CORE", "otto", Role.VIEWER)
        await driver.sees("5 members", "Otto")
        await go(driver, "Labels")
        await team.maintainer.labels.create("CORE", "ui")
        await driver.sees("•ui")
        await team.member.issues.edit(key, IssueEdit(add_labels=("ui",)))
        await driver.until(lambda: driver.widget(Listing).items[0].issue_count.count == 1)
