"""Setting a machine up: what is written, that it is written once, and that sshd takes it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rhythm_domain.errors import AlreadyExists, Invalid
from rhythm_domain.session import Tracker
from rhythm_tui.cli.main import run
from rhythm_tui.hosting import install, settings
from tests.hosting.sshd import SSHD, Key
from tests.instances import Team


@pytest.fixture(autouse=True)
def a_plain_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rhythm may be tested from any path; it is only hosted from one that sshd can be told."""
    monkeypatch.setattr(
        install, "program", lambda: [Path("/opt/rhythm/bin/python"), Path("/opt/rhythm/key_shim.py")]
    )


def below(root: Path) -> list[install.Step]:
    """The steps of a machine that has the account already."""
    for folder in ("etc/ssh/sshd_config.d", "etc/systemd/system", "etc/rhythm"):
        (root / folder).mkdir(parents=True)
    return install.steps("rhythm", root / "etc/rhythm/host.toml", root=root)[1:]


def test_what_is_done_once_is_not_done_again(tmp_path: Path) -> None:
    steps = below(tmp_path)
    for step in steps:
        assert step.missing()
        step.do()
        assert not step.missing()
    config = tmp_path / "etc/ssh/sshd_config.d/rhythm.conf"
    written = config.read_text()
    config.write_text("Match User rhythm\n")
    config.chmod(0o666)
    again = [step for step in steps if step.missing()]
    assert len(again) == 1
    again[0].do()
    assert (config.read_text(), config.stat().st_mode & 0o777) == (written, 0o644)


def test_an_administrators_settings_are_never_written_over(tmp_path: Path) -> None:
    """They are read as they were written, and their mode is put right."""
    steps = below(tmp_path)
    file = tmp_path / "etc/rhythm/host.toml"
    for step in steps:
        step.do()
    assert settings.load(file).limits.sessions_per_person == 20
    file.write_text('name = "Ours"\ndatabase_url = "postgresql:///ours"\n')
    file.chmod(0o666)
    with pytest.raises(Invalid, match="could change"):
        settings.load(file)
    for step in steps:
        step.do()
    found = settings.load(file)
    assert (found.name, found.settings.database_url) == ("Ours", "postgresql:///ours")
    assert file.stat().st_mode & 0o777 == 0o640


ANALYSE = shutil.which("systemd-analyze")


@pytest.mark.skipif(SSHD is None, reason="there is no sshd here: install openssh-server")
def test_sshd_takes_what_it_is_told(tmp_path: Path) -> None:
    """For the account alone: others come in as before."""
    Key.made(tmp_path, "host_key")
    config = tmp_path / "sshd_config"
    text = install.match("rhythm", settings.FILE)
    config.write_text(f"HostKey {tmp_path}/host_key\nInclude {tmp_path}/*.conf\nPasswordAuthentication yes\n")
    (tmp_path / "rhythm.conf").write_text(text)

    def told(user: str) -> list[str]:
        who = f"user={user},host=x,addr=192.0.2.1"
        words = [SSHD or "", "-T", "-C", who, "-f", str(config)]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()

    ours = told("rhythm")
    for line in (
        "disableforwarding yes",
        "authorizedkeysfile none",
        "trustedusercakeys none",
        "authenticationmethods publickey",
        "forcecommand none",
        "permituserrc no",
        "clientaliveinterval 5",
    ):
        assert line in ours
    knows_of_unused = any(line.startswith("unusedconnectiontimeout") for line in ours)
    assert ("unusedconnectiontimeout 60" in ours) == knows_of_unused
    assert any(line.startswith("authorizedkeyscommand /") and line.endswith("%f %t %k") for line in ours)
    others = told("somebody")
    assert "authorizedkeyscommand none" in others
    assert "disableforwarding no" in others


@pytest.mark.skipif(ANALYSE is None, reason="there is no systemd here")
def test_systemd_understands_its_unit(tmp_path: Path) -> None:
    """Each line of it: one that it can't read it leaves out, and says so."""
    unit = tmp_path / "rhythm.service"
    unit.write_text(install.unit("rhythm", settings.FILE))

    def complaints() -> list[str]:
        words = [ANALYSE or "", "verify", "--man=no", str(unit)]
        said = subprocess.run(words, capture_output=True, text=True, check=False).stderr
        return [line for line in said.splitlines() if line.startswith(f"{unit}:")]

    assert complaints() == []
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystem=maybe"))
    assert len(complaints()) == 1


def test_a_program_that_others_could_change_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "python"
    program.parent.mkdir()
    program.touch()
    program.parent.chmod(0o777)
    with pytest.raises(Invalid, match="could change"):
        install.require_safe_program([program])


@pytest.mark.parametrize("account", ["", "rhythm\nMatch all", "-x", "a b", "A"])
def test_what_is_no_account_is_refused(account: str) -> None:
    with pytest.raises(Invalid):
        install.steps(account, settings.FILE)
    with pytest.raises(Invalid):
        install.steps("rhythm", Path("/etc/rhythm/a b"))


def test_what_is_left_to_do_is_what_the_readme_says() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    given = {"NAME": "ada", "KEY.pub": "/root/ada.pub"}
    left = install.LEFT.format(file=settings.FILE, account="rhythm")
    commands = [line for line in left.splitlines() if line.startswith("  ")]
    assert len(commands) == 5
    for command in commands:
        for word, ours in given.items():
            command = command.replace(word, ours)
        assert f"\n {command}\n" in readme, command


def test_it_is_said_before_it_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    """As a script that a shell reads."""
    if run(["host", "install", "--dry-run"]) == 7:
        pytest.skip("the program is at a path that no host could have")
    script = capsys.readouterr().out
    assert "Match User rhythm" in script
    assert subprocess.run(["/bin/sh", "-n"], input=script, text=True, check=False).returncode == 0
    if os.geteuid() != 0:
        assert run(["host", "install"]) == 4
    else:
        assert run(["host", "serve"]) == 4
        assert "sessions as root" in capsys.readouterr().err


async def test_who_owns_the_database_makes_the_first_administrator(
    team: Team, conninfo: str, tmp_path: Path
) -> None:
    """With their key, and again without harm; nobody else's key, and nobody who does not own it."""
    key = Key.made(tmp_path, "root@desk").public
    async with Tracker.open(conninfo) as tracker:
        for _ in range(2):
            added = await tracker.accounts.add_administrator_with_key("root", key)
        session = await tracker.accounts.by_key(added.id)
        assert (session.user.name, session.user.admin, added.name) == ("root", True, "root@desk")
        with pytest.raises(Invalid):
            await tracker.accounts.add_administrator_with_key("vic", "ssh-rsa AAAA")
        with pytest.raises(AlreadyExists, match="registered already"):
            await tracker.accounts.add_administrator_with_key("vic", key)
    assert not (await team.admin.people.show("vic")).admin
