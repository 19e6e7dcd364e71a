"""Signing in and the accounts: login, join, logout, whoami, user, token, ssh-key."""

from __future__ import annotations

import json

import pytest

from rhythm_tui.cli.errors import Exit
from tests.cli.conftest import Cli
from tests.instances import Instance, Team

PASSWORD = "seven green lamps in a row"


def _file(rhythm: Cli, password: str = PASSWORD) -> str:
    file = rhythm.home / "password"
    file.write_text(f"{password}\n")
    return str(file)


def test_the_first_administrator_sets_up_invites_and_the_invited_joins(
    rhythm: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = rhythm("login", "ada", "--password-file", _file(rhythm))
    assert early.code == Exit.INVALID
    assert "--set-up" in early.err
    assert rhythm("login", "ada", "--set-up", "--password-file", _file(rhythm)).code == Exit.DONE
    sessions = rhythm.home / "state/rhythm/sessions.json"
    assert sessions.stat().st_mode & 0o777 == 0o600
    assert rhythm("whoami", "--json").json["admin"] is True

    code = rhythm("user", "add", "ben", "--full-name", "Ben", "--json").json["code"]
    assert rhythm("logout").code == Exit.DONE
    assert rhythm("whoami").code == Exit.NOT_SIGNED_IN
    assert json.loads(sessions.read_text()) == {}

    given = iter(["short", "another 12 lamps"])
    with monkeypatch.context() as terminal:
        terminal.setattr("sys.stdin.isatty", lambda: True)
        terminal.setattr("click.prompt", lambda *_, **__: next(given))
        joined = rhythm("join", code)
    assert (joined.code, list(given)) == (Exit.DONE, []), "it is asked again, and the code is still good"
    assert "too short" in joined.err
    assert rhythm("whoami", "--json").json["name"] == "ben"
    again = rhythm("join", code, "--password-file", _file(rhythm))
    assert again.code == Exit.NOT_SIGNED_IN


def test_a_password_comes_from_stdin_and_never_from_an_argument(rhythm: Cli) -> None:
    assert (
        rhythm.process("login", "ada", "--set-up", "--password-stdin", text=f"{PASSWORD}\n").returncode == 0
    )
    wrong = rhythm.process("login", "ada", "--password-stdin", text="wrong\n")
    assert wrong.returncode == Exit.NOT_SIGNED_IN
    assert rhythm.process("login", "ada", "--password", "x").returncode == Exit.USAGE
    assert rhythm.process("login", "ada").returncode == Exit.USAGE


def test_a_sign_in_that_ended_elsewhere_is_forgotten_by_logging_out(rhythm: Cli, instance: Instance) -> None:
    rhythm("login", "ada", "--set-up", "--password-file", _file(rhythm))
    instance.sql.execute("UPDATE sessions SET ended_at = now()")
    assert rhythm("whoami").code == Exit.NOT_SIGNED_IN
    assert rhythm("logout").code == Exit.DONE
    assert rhythm("logout").code == Exit.NOT_SIGNED_IN


def test_sign_ins_are_refused_when_others_can_read_them(rhythm: Cli) -> None:
    rhythm("login", "ada", "--set-up", "--password-file", _file(rhythm))
    (rhythm.home / "state/rhythm/sessions.json").chmod(0o644)
    ran = rhythm("whoami")
    assert ran.code == Exit.INVALID
    assert "chmod 600" in ran.err


def test_a_token_signs_scripts_in_and_a_read_only_one_only_reads(rhythm: Cli, team: Team) -> None:
    token = rhythm("token", "create", "ci", "--read-only", by=team.owner).out.strip()
    assert rhythm("whoami", "--json", by=token).json["name"] == "olga"
    assert rhythm("label", "create", "CORE", "bug", by=token).code == Exit.FORBIDDEN
    assert [one["name"] for one in rhythm("token", "list", "--json", by=team.owner).json["items"]] == ["ci"]
    assert rhythm("token", "revoke", "ci", by=team.owner).code == Exit.DONE
    assert rhythm("whoami", by=token).code == Exit.NOT_SIGNED_IN


def test_the_tokens_text_is_all_that_a_pipe_gets(rhythm: Cli, team: Team) -> None:
    ran = rhythm("token", "create", "ci", by=team.owner)
    assert len(ran.out.split()) == 1
    assert "only once" in ran.err


def test_the_directory_is_for_everybody_and_accounts_for_administrators(rhythm: Cli, team: Team) -> None:
    assert "mia\tMia" in rhythm("user", "list", by=team.outsider).out
    assert rhythm("user", "list", "--accounts", by=team.outsider).code == Exit.FORBIDDEN
    page = rhythm("user", "list", "--accounts", "--limit", "2", "--json", by=team.admin).json
    rest = rhythm("user", "list", "--accounts", "--after", page["next"], "--json", by=team.admin).json
    every = rhythm("user", "list", "--accounts", "--all", "--json", by=team.admin).json
    assert page["items"] + rest["items"] == every["items"]
    assert every["next"] is None


def test_the_directory_can_be_read_in_pages(rhythm: Cli, team: Team) -> None:
    page = rhythm("user", "list", "--limit", "2", "--json", by=team.outsider).json
    rest = rhythm("user", "list", "--after", page["next"], "--json", by=team.outsider).json
    every = rhythm("user", "list", "--all", "--json", by=team.outsider).json
    assert len(page["items"]) == 2
    assert page["items"] + rest["items"] == every["items"]
    assert every["next"] is None


def test_a_cut_list_says_so(rhythm: Cli, team: Team) -> None:
    assert "--all" in rhythm("user", "list", "--accounts", "--limit", "2", by=team.admin).err


def test_deactivating_needs_a_yes(rhythm: Cli, team: Team) -> None:
    asked = rhythm.process("user", "deactivate", "mia", by=team.admin)
    assert asked.returncode == Exit.USAGE
    assert "--yes" in asked.stderr
    assert rhythm("user", "deactivate", "mia", "--yes", by=team.admin).code == Exit.DONE
    assert rhythm("user", "show", "mia", "--json", by=team.admin).json["active"] is False
    assert rhythm("user", "reactivate", "mia", by=team.admin).code == Exit.DONE


def test_an_administrator_sets_a_password_and_ends_sessions(rhythm: Cli, team: Team) -> None:
    mia = rhythm.token(team.member)
    assert rhythm("whoami", by=mia).code == Exit.DONE
    ran = rhythm("user", "set-password", "mia", "--password-file", _file(rhythm), by=team.admin)
    assert ran.code == Exit.DONE
    assert rhythm("whoami", by=mia).code == Exit.NOT_SIGNED_IN
    assert rhythm("login", "mia", "--password-file", _file(rhythm)).code == Exit.DONE
    assert rhythm("user", "end-sessions", "mia", "--json", by=team.admin).json == {"ended": 1}


def test_one_edits_ones_own_account(rhythm: Cli, team: Team) -> None:
    ran = rhythm(
        "user", "edit", "--full-name", "Mia B.", "--time-zone", "Europe/Berlin", "--json", by=team.member
    )
    assert (ran.json["display_name"], ran.json["time_zone"]) == ("Mia B.", "Europe/Berlin")


def test_the_owner_of_the_tables_makes_an_administrator_without_signing_in(rhythm: Cli) -> None:
    code = rhythm("user", "add", "root", "--admin", "--owner").out.strip()
    assert rhythm("join", code, "--password-file", _file(rhythm)).code == Exit.DONE
    assert rhythm("whoami", "--json").json["admin"] is True


def test_with_the_owners_url_alone_the_administrator_is_made_where_it_leads(
    rhythm: Cli, conninfo: str
) -> None:
    only = {"RHYTHM_DATABASE_URL": "", "RHYTHM_OWNER_URL": conninfo}
    code = rhythm("user", "add", "ada", "--full-name", "Ada Example", "--admin", **only).out.strip()
    assert not (rhythm.home / "data").exists()
    assert rhythm("join", code, "--password-file", _file(rhythm)).code == Exit.DONE
    assert rhythm("whoami", "--json").json["admin"] is True


def test_who_is_signed_in_makes_administrators_as_themselves(rhythm: Cli, team: Team, conninfo: str) -> None:
    ran = rhythm("user", "add", "ada", "--admin", by=team.outsider, RHYTHM_OWNER_URL=conninfo)
    assert ran.code == Exit.FORBIDDEN


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl mia@laptop"


@pytest.mark.parametrize("from_stdin", [False, True])
def test_ssh_keys_are_added_listed_and_removed(rhythm: Cli, team: Team, from_stdin: bool) -> None:
    file = rhythm.home / "key.pub"
    file.write_text(KEY)
    added = (
        rhythm.process("ssh-key", "add", "-", by=team.member, text=KEY).returncode
        if from_stdin
        else rhythm("ssh-key", "add", str(file), by=team.member).code
    )
    assert added == Exit.DONE
    (key,) = rhythm("ssh-key", "list", "--json", by=team.member).json["items"]
    assert key["name"] == "mia@laptop"
    assert rhythm("ssh-key", "remove", "mia@laptop", by=team.member).code == Exit.DONE
    assert rhythm("ssh-key", "list", by=team.member).out == ""
