"""Writes that are sent twice with one --operation happen once."""

from __future__ import annotations

from uuid import uuid4

import click
import pytest

from rhythm_tui.cli.errors import Exit
from rhythm_tui.cli.main import ENTRIES, root
from tests.cli.conftest import Cli
from tests.instances import Instance, Team

READS = {"list", "show", "history", "trash", "sessions", "report"}
"""Verbs that change nothing."""


def test_every_write_takes_an_operation() -> None:
    without = set()
    for noun in ("issue", "sprint", "project", "member", "label", "view", "user", "token", "ssh-key"):
        group = root.get_command(click.Context(root), noun)
        assert isinstance(group, click.Group)
        without |= {
            f"{noun} {verb.name}"
            for verb in group.commands.values()
            if verb.name not in READS and not any("--operation" in one.opts for one in verb.params)
        }
    for name in ("undo", "redo", "import"):
        command = root.get_command(click.Context(root), name)
        assert command is not None
        assert any("--operation" in one.opts for one in command.params), name
        assert name in ENTRIES
    assert without == set()


def test_several_writes_of_one_edit_happen_once_each(rhythm: Cli, team: Team, instance: Instance) -> None:
    edit = ("project", "edit", "CORE", "--name", "Once", "--wip", "todo=3", "--wip", "in_progress=2")
    operation = ("--operation", str(uuid4()))
    assert rhythm(*edit, *operation, by=team.owner).code == Exit.DONE
    assert rhythm("project", "edit", "CORE", "--name", "Later", by=team.owner).code == Exit.DONE
    assert rhythm(*edit, *operation, by=team.owner).code == Exit.DONE
    assert rhythm("project", "show", "CORE", "--json", by=team.owner).json["name"] == "Later"
    assert instance.value("SELECT count(*) FROM events WHERE kind = 'project.edited'") == 4


def test_a_label_is_made_once(rhythm: Cli, team: Team) -> None:
    create = ("label", "create", "CORE", "bug", "--operation", str(uuid4()))
    assert rhythm(*create, by=team.owner).code == Exit.DONE
    assert rhythm(*create, by=team.owner).code == Exit.DONE


def test_an_edit_of_all_that_match_is_answered_from_its_own_operation(
    rhythm: Cli, team: Team, instance: Instance
) -> None:
    """Sent again, it would find what matches by now."""
    for title in ("One", "Two"):
        rhythm("issue", "create", "CORE", title, by=team.owner)
    edit = ("issue", "edit", "--matching", "status:backlog", "--project", "CORE", "--status", "todo", "--yes")
    operation = ("--operation", str(uuid4()))
    first = rhythm(*edit, *operation, by=team.owner)
    rhythm("issue", "create", "CORE", "Three", by=team.owner)
    again = rhythm(*edit, *operation, by=team.owner)
    assert (again.code, again.out) == (first.code, first.out)
    assert first.out == "Changed 2 issues. `rhythm undo CORE` takes it back.\n"
    assert instance.value("SELECT count(*) FROM issues WHERE status = 'todo'") == 2


def test_more_than_can_be_changed_at_once_is_said(
    rhythm: Cli, team: Team, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rhythm_tui.cli.commands.issue.MOST_MATCHING", 1)
    for title in ("One", "Two"):
        rhythm("issue", "create", "CORE", title, by=team.owner)
    edit = ("issue", "edit", "--matching", "is:open", "--project", "CORE", "--priority", "p3", "--yes")
    ran = rhythm(*edit, by=team.owner)
    assert ran.code == Exit.INVALID
    assert ran.err.startswith("rhythm: More than 1 issues match: nothing was changed.\nTake them in parts")
    assert instance.value("SELECT count(*) FROM issues WHERE priority = 'low'") == 0
