"""The way in: with a server, by each of its doors, and past everything that can be in the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest
from textual.events import Paste
from textual.widgets import Input

from rhythm_domain import config
from rhythm_domain.database import Database
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.errors import Unavailable
from rhythm_domain.migrate import migrate
from rhythm_domain.services import throttle
from rhythm_domain.services.people import People
from rhythm_domain.session import Session, Tracker
from rhythm_tui.instance import Instance
from rhythm_tui.messages import SignedOut
from rhythm_tui.screens.door import Door
from tests.conftest import Postgres
from tests.instances import Team
from tests.tui.driver import Driver, at_the_door

pytestmark = pytest.mark.usefixtures("cheap_hashes")

PASSWORD = "correct horse battery"


class AtUrl(Instance):
    """An instance at a URL, with folders of the test's own."""

    def __init__(self, url: str, folder: Path, **more: str) -> None:
        super().__init__()
        self._url, self._folder, self._more = url, folder, more

    @cached_property
    def settings(self) -> config.Settings:
        base = config.Settings(database_url=self._url, state_dir=self._folder, log_dir=self._folder)
        return replace(base, **self._more)  # type: ignore[arg-type]


@pytest.fixture
def here(conninfo: str, tmp_path: Path) -> AtUrl:
    return AtUrl(conninfo, tmp_path / "state")


async def set_up(conninfo: str, name: str = "ada") -> Session:
    """The first administrator, by the same door."""
    db = Database(conninfo)
    tracker = Tracker(db)
    return (await tracker.accounts.first_administrator(name, name.title(), PASSWORD)).session


async def fill(driver: Driver, **fields: str) -> None:
    """Types into the fields of the door."""
    for name, text in fields.items():
        driver.app.screen.query_one(f"#field-{name}", Input).focus()
        await driver.write(text)


async def door(driver: Driver, way: str) -> None:
    def open_() -> bool:
        screen = driver.app.screen
        return isinstance(screen, Door) and screen.way == way and bool(screen.query("#field-password"))

    await driver.until(open_, way)


async def test_the_first_sets_the_instance_up_and_stays_signed_in(here: AtUrl) -> None:
    """The session is in a file for its owner alone; the next time nothing is asked."""
    async with at_the_door(here) as driver:
        await driver.sees("Be the first", "Nobody administers this instance yet")
        await fill(driver, name="ada", password=PASSWORD, again="something else")
        await driver.press("enter")
        await driver.sees("These two are not the same")
        await driver.press("ctrl+u")
        await fill(driver, again=PASSWORD)
        assert PASSWORD not in driver.text
        await driver.press("enter")
        await driver.sees("make your first project", "● ")
    kept = here.settings.state_dir / "sessions.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    async with at_the_door(here) as driver:
        await driver.sees("make your first project")


async def test_one_signs_in_by_name_and_password(here: AtUrl, conninfo: str) -> None:
    """What is wrong is said in place; nothing tells a wrong name from a wrong password."""
    await set_up(conninfo)
    async with at_the_door(here) as driver:
        await door(driver, "sign in")
        await fill(driver, name="ada", password="wrong")
        await driver.press("enter")
        await driver.sees("The name or the password is wrong", "ada")
        await driver.press("ctrl+u")
        driver.app.screen.query_one("#field-password", Input).post_message(Paste(PASSWORD))
        await driver.press("enter")
        await driver.sees("make your first project", "Ada")


class Slow:
    """A pace at which the second attempt is already too early."""

    def wait(self, failures: int) -> int:
        return 600 if failures else 0


async def test_too_many_attempts_are_told_when_to_go_on(
    here: AtUrl, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up(conninfo)
    monkeypatch.setattr(throttle, "FROM_ONE_SOURCE", Slow())
    async with at_the_door(here) as driver:
        await door(driver, "sign in")
        await fill(driver, name="ada")
        await fill(driver, password="wrong")
        await driver.press("enter")
        await driver.sees("The name or the password is wrong")
        await driver.press("enter")
        await driver.sees("Too many attempts have failed. Try again in 10", "nothing is locked")


async def test_one_joins_with_a_code(here: AtUrl, conninfo: str) -> None:
    """A password that is refused leaves the code good; the door leads back to signing in."""
    admin = await set_up(conninfo)
    _, code = await admin.people.add("grace", "Grace Example")
    async with at_the_door(here) as driver:
        await door(driver, "sign in")
        await driver.press("ctrl+o")
        await door(driver, "join")
        await fill(driver, code=code, password="short", again="short")
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen.query("#wrong-password.said, #wrong.said"), "a reason")
        for name in ("password", "again"):
            driver.app.screen.query_one(f"#field-{name}", Input).value = ""
        await fill(driver, password=PASSWORD, again=PASSWORD)
        await driver.press("enter")
        await driver.sees("make your first project", "Grace Example")


async def test_a_session_that_ended_leads_to_the_door(here: AtUrl, conninfo: str) -> None:
    """With the name that one had, and the reason."""
    admin = await set_up(conninfo)
    async with at_the_door(here) as driver:
        await fill_in(driver)
        await driver.sees("make your first project")
    await admin.people.end_sessions(keep_current=False)
    async with at_the_door(here) as driver:
        await driver.sees("Your sign-in has ended", "ada")
        password = driver.app.screen.query_one("#field-password")
        await driver.until(lambda: driver.app.focused is password)


async def fill_in(driver: Driver) -> None:
    await door(driver, "sign in")
    await fill(driver, name="ada", password=PASSWORD)
    await driver.press("enter")


async def test_one_signs_out_and_is_forgotten(here: AtUrl, conninfo: str) -> None:
    await set_up(conninfo)
    async with at_the_door(here) as driver:
        await fill_in(driver)
        await driver.sees("make your first project")
        driver.app.action_command("account.sign_out")
        await driver.until(lambda: not driver.app.is_running or driver.app._exit, "the end")
    assert not here.remembered
    assert driver.app.return_code == 0


async def test_somebody_else_takes_the_seat(
    here: AtUrl, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The views are theirs, not those of who sat there before; nothing of these asks them to come back."""
    admin = await set_up(conninfo)
    await admin.projects.create("SECRET", "Of Ada alone")
    _, code = await admin.people.add("grace", "Grace Example")
    async with at_the_door(here) as driver:
        await fill_in(driver)
        await driver.sees("Of Ada alone")
        sign_out = People.sign_out

        async def told(people: People, **options: Any) -> None:
            await sign_out(people, **options)
            driver.app.post_message(SignedOut("It ended."))
            await asyncio.sleep(0.05)

        monkeypatch.setattr(People, "sign_out", told)
        driver.app.action_command("account.switch")
        await door(driver, "sign in")
        assert "Of Ada alone" not in driver.text
        await driver.press("ctrl+o")
        await door(driver, "join")
        await fill(driver, code=code, password=PASSWORD, again=PASSWORD)
        await driver.press("enter")
        await driver.sees("make your first project", "Grace Example")
        assert driver.app.desk is not None
        assert driver.app.desk.session.user.name == "grace"
        assert not driver.app.desk.projects


async def test_typed_text_outlives_the_end_of_a_session(team: Team, tmp_path: Path, conninfo: str) -> None:
    """The door opens over the box; behind it the text still stands, and is saved."""
    _, code = await team.admin.people.add("grace", "Grace Example")
    await team.owner.members.add("CORE", "grace", (await team.owner.members.list("CORE"))[2].role)
    here = AtUrl(conninfo, tmp_path / "state")
    async with at_the_door(here) as driver:
        await door(driver, "sign in")
        await driver.press("ctrl+o")
        await door(driver, "join")
        await fill(driver, code=code, password=PASSWORD, again=PASSWORD)
        await driver.press("enter")
        await driver.sees("Project CORE")
        await driver.press("enter")
        await driver.sees("0 issues")
        await driver.press("n")
        await driver.write("Typed before the end")
        await team.admin.people.end_sessions_of("grace")
        await driver.press("enter")
        await door(driver, "sign in")
        await driver.sees("grace")
        await fill(driver, password=PASSWORD)
        await driver.press("enter")
        await driver.until(lambda: not isinstance(driver.app.screen, Door))
        await driver.sees("Typed before the end")
        await driver.press("enter")
        await driver.sees("CORE-1 created")
    assert (await team.owner.issues.show("CORE-1")).title == "Typed before the end"


async def test_the_end_of_a_session_is_noticed_when_nothing_is_pressed(
    team: Team, tmp_path: Path, conninfo: str
) -> None:
    _, code = await team.admin.people.add("grace")
    here = AtUrl(conninfo, tmp_path / "state")
    async with at_the_door(here) as driver:
        await door(driver, "sign in")
        await driver.press("ctrl+o")
        await door(driver, "join")
        await fill(driver, code=code, password=PASSWORD, again=PASSWORD)
        await driver.press("enter")
        await driver.sees("make your first project")
        await team.admin.people.deactivate("grace")
        await door(driver, "sign in")


async def test_a_token_that_is_no_good_is_named(conninfo: str, tmp_path: Path) -> None:
    await set_up(conninfo)
    async with at_the_door(AtUrl(conninfo, tmp_path, token="rhy_nonsense")) as driver:
        await driver.sees("RHYTHM_TOKEN is not valid", "Unset it", "try again")


# In the way -------------------------------------------------------------------------------------------------


async def test_an_unreachable_server_is_tried_again(
    postgres: Postgres, template: str, tmp_path: Path
) -> None:
    """By itself: once it is there one is asked in."""
    name = f"late_{tmp_path.name}"
    async with at_the_door(AtUrl(postgres.conninfo(name), tmp_path)) as driver:
        await driver.sees("Database unavailable", "does not exist", "Trying again in", "^q leave")
        with postgres.admin() as admin:
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER rhythm'.encode())
        await driver.sees("Be the first")
    with postgres.admin() as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


async def test_a_server_that_refuses_is_named(tmp_path: Path) -> None:
    """Without the password; the next try can be had at once."""
    url = "postgresql://ada:s3cret@127.0.0.1:1/rhythm"
    async with at_the_door(AtUrl(url, tmp_path)) as driver:
        await driver.sees("refused", "postgresql://ada@127.0.0.1:1/rhythm", "rhythm doctor", "r now")
        assert "s3cret" not in driver.text


async def test_a_url_that_can_t_be_read(tmp_path: Path) -> None:
    async with at_the_door(AtUrl("postgresql://ada:p@ss%@host:port/x", tmp_path)) as driver:
        await driver.sees("URL can't be read", "postgresql://USER@HOST/NAME", "try again")


async def test_an_empty_database_is_told_how_to_set_up(postgres: Postgres, tmp_path: Path) -> None:
    """Somebody runs the command in another terminal, and `r` goes in."""
    name = f"empty_{tmp_path.name}"
    with postgres.admin() as admin:
        admin.execute(f'CREATE DATABASE "{name}" OWNER rhythm'.encode())
    async with at_the_door(AtUrl(postgres.conninfo(name), tmp_path)) as driver:
        await driver.sees("Schema mismatch", "rhythm db migrate")
        await asyncio.to_thread(migrate, postgres.conninfo(name))
        await driver.press("r")
        await driver.sees("Be the first")
    with postgres.admin() as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


async def test_a_newer_schema_asks_for_a_newer_program(conninfo: str, here: AtUrl) -> None:
    with psycopg.connect(conninfo) as connection:
        connection.execute("INSERT INTO schema_versions VALUES (9999, 'future', 9999)")
    async with at_the_door(here) as driver:
        await driver.sees("too old", "Install the newer Rhythm")


class FromFile(Instance):
    """An instance whose settings are read from a file."""

    def __init__(self, file: Path, conninfo: str, folder: Path) -> None:
        super().__init__()
        self._file, self._conninfo, self._folder = file, conninfo, folder

    @cached_property
    def settings(self) -> config.Settings:
        read = config.load(environ={}, file=self._file)
        return replace(read, database_url=self._conninfo, state_dir=self._folder, log_dir=self._folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense = 1", "There is no setting nonsense"),
        ("theme = [", "is no TOML"),
        ('theme = "rhythm-drak"', "There is no theme"),
        ('[keys]\n"issue.status" = "p"', "is a key of both"),
    ],
)
async def test_wrong_settings_are_corrected_while_it_waits(
    text: str, said: str, conninfo: str, tmp_path: Path
) -> None:
    """`r` reads the file again."""
    file = tmp_path / "config.toml"
    file.write_text(text)
    async with at_the_door(FromFile(file, conninfo, tmp_path)) as driver:
        await driver.sees("Not valid", said, "r try again")
        file.write_text('theme = "rhythm-light"')
        await driver.press("r")
        await driver.sees("Be the first")
        assert driver.app.theme == "rhythm-light"


async def test_a_server_of_ones_own_that_can_t_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And starts once it can."""

    class Own(Instance):
        @cached_property
        def settings(self) -> config.Settings:
            return config.Settings(data_dir=tmp_path, state_dir=tmp_path / "state", log_dir=tmp_path / "log")

    def start(_: EmbeddedServer) -> str:
        raise Unavailable(
            "PostgreSQL could not start: no space left on device.", hint="Make room, then try again."
        )

    monkeypatch.setattr(EmbeddedServer, "start", start)
    async with at_the_door(Own()) as driver:
        await driver.sees("could not start: no space left", "Make room", "Trying again in")


async def test_hostile_words_of_a_server_are_only_read(tmp_path: Path) -> None:
    """A database's name with markup, in the server's own complaint."""
    name = "[/][@click=app.quit]x[/]"
    async with at_the_door(AtUrl(f"host=/nowhere dbname='{name}'", tmp_path)) as driver:
        await driver.sees("Database unavailable", name)


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (80, 24), (300, 100)])
async def test_it_fits_everywhere(size: tuple[int, int], tmp_path: Path) -> None:
    async with at_the_door(AtUrl("host=/nowhere", tmp_path), size=size) as driver:
        await driver.until(lambda: driver.app.way_in.query("#news.said"))
        assert driver.app.is_running


async def test_keys_of_the_views_do_nothing_at_the_door(tmp_path: Path) -> None:
    """Not even those that lead somewhere else."""
    async with at_the_door(AtUrl("host=/nowhere", tmp_path)) as driver:
        await driver.sees("Database unavailable")
        await driver.press("1", "g", "d", "g", "o", "u", "n", "colon", "escape", "r")
        await driver.sees("Database unavailable", "Trying again")
        assert driver.app.desk is None


async def test_one_goes_to_the_demo_and_back(
    here: AtUrl, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is another instance: nothing of the first is left on the screen."""
    admin = await set_up(conninfo)
    await admin.projects.create("MINE", "Of Ada alone")
    demos: list[dict[str, object]] = []

    def demo(flags: dict[str, object]) -> Instance:
        demos.append(flags)
        here.demo = True
        return here

    monkeypatch.setattr("rhythm_tui.app.Instance", demo)
    async with at_the_door(here) as driver:
        await fill_in(driver)
        await driver.sees("Of Ada alone")
        await driver.press("g", "d")
        await driver.until(lambda: bool(demos))
        await driver.sees("Of Ada alone", "All projects demo")
        assert demos == [{"demo": True}]
        await driver.press("question_mark")
        await driver.sees("You are in it", f"{here.embedded.home}", "rhythm demo --remove")
