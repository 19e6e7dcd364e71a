"""Writes that are sent twice with one --operation happen once."""

from __future__ import annotations

from uuid import uuid4

import click

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
