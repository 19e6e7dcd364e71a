"""project, member, label and view on the command line."""

from __future__ import annotations

import shlex
from datetime import datetime
from uuid import uuid4

from rhythm_tui.cli.errors import Exit
from tests.cli.conftest import Cli
from tests.instances import Instance, Team


def test_a_project_from_its_creation_to_its_end(rhythm: Cli, team: Team) -> None:
    olga = team.owner
    made = rhythm("project", "create", "web", "The site", "--json", by=olga).json
    assert (made["key"], made["role"]) == ("WEB", "owner")
    edited = rhythm(
        "project",
        "edit",
        "WEB",
        "--name",
        "Site",
        "--key",
        "SITE",
        "--wip",
        "in_progress=3",
        "--json",
        by=olga,
    ).json
    assert (edited["key"], edited["name"], edited["wip_limits"]) == ("SITE", "Site", {"in_progress": 3})
    assert rhythm("project", "show", "WEB", "--json", by=olga).json["key"] == "SITE"
    assert rhythm("project", "archive", "SITE", by=olga).code == Exit.DONE
    keys = [one["key"] for one in rhythm("project", "list", "--json", by=olga).json["items"]]
    assert keys == ["CORE"]
    assert rhythm("project", "edit", "SITE", "--name", "x", by=olga).code == Exit.FORBIDDEN
    assert rhythm("project", "unarchive", "SITE", by=olga).code == Exit.DONE
    assert rhythm("project", "delete", "SITE", "--yes", by=olga).code == Exit.DONE
    assert rhythm("project", "show", "SITE", by=olga).code == Exit.NOT_FOUND
    assert rhythm("project", "restore", "SITE", by=olga).code == Exit.DONE


def test_in_a_pipe_a_project_is_a_line_of_tabs(rhythm: Cli, team: Team) -> None:
    (line,) = rhythm("project", "list", by=team.viewer).out.splitlines()
    assert line.split("\t")[:3] == ["CORE", "Project CORE", "viewer"]


def test_to_an_outsider_a_project_is_not_there(rhythm: Cli, team: Team) -> None:
    hidden = rhythm("project", "show", "CORE", by=team.outsider)
    never = rhythm("project", "show", "NEVER", by=team.outsider)
    assert hidden.code == never.code == Exit.NOT_FOUND
    assert hidden.err == never.err.replace("NEVER", "CORE")


def test_a_stored_text_can_do_nothing_to_a_terminal(rhythm: Cli, team: Team, instance: Instance) -> None:
    instance.sql.execute("UPDATE projects SET name = E'a\\u202eb', description = E'one\\u2066\\n\\ttwo'")
    assert "a<202E>b" in rhythm("project", "list", by=team.owner).out
    assert "one<2066>\n    two" in rhythm("project", "show", "CORE", by=team.owner).out
    ran = rhythm("project", "list", "--json", by=team.owner)
    assert ran.out.isascii()
    assert ran.json["items"][0]["name"] == "a\u202eb"


def test_members_come_change_and_go(rhythm: Cli, team: Team) -> None:
    olga = team.owner
    assert rhythm("member", "add", "core", "otto", "viewer", by=olga).code == Exit.DONE
    assert rhythm("member", "set-role", "CORE", "otto", "member", by=olga).code == Exit.DONE
    roles = {
        one["user"]["name"]: one["role"]
        for one in rhythm("member", "list", "CORE", "--json", by=olga).json["items"]
    }
    assert roles["otto"] == "member"
    assert rhythm("member", "remove", "CORE", "otto", "--yes", by=olga).code == Exit.DONE
    *_, state, until = rhythm("member", "list", "CORE", "--former", by=olga).out.splitlines()[-1].split("\t")
    assert (state, datetime.fromisoformat(until).tzinfo is not None) == ("left", True)
    refused = rhythm("member", "set-role", "CORE", "olga", "member", by=olga)
    assert refused.code == Exit.INVALID
    assert rhythm("member", "add", "CORE", "otto", "owner", by=team.maintainer).code == Exit.FORBIDDEN
    assert rhythm("member", "transfer", "CORE", "max", "--yes", by=olga).code == Exit.DONE


def test_labels(rhythm: Cli, team: Team) -> None:
    max_ = team.maintainer
    assert rhythm("label", "list", "CORE", by=max_).out == ""
    assert rhythm("label", "create", "CORE", "bug", "--colour", "red", by=max_).code == Exit.DONE
    assert rhythm("label", "create", "CORE", "BUG", by=max_).code == Exit.CONFLICT
    assert rhythm("label", "edit", "CORE", "bug", "--name", "defect", by=max_).code == Exit.DONE
    (label,) = rhythm("label", "list", "CORE", "--json", by=team.viewer).json["items"]
    assert (label["name"], label["colour"]) == ("defect", "red")
    assert rhythm("label", "delete", "CORE", "defect", "--yes", by=max_).code == Exit.DONE


def test_views(rhythm: Cli, team: Team) -> None:
    mia = team.member
    saved = rhythm(
        "view", "save", "Bugs", "type:bug is:open", "--project", "CORE", "--publish", "--json", by=mia
    )
    assert saved.json["published"] is True
    assert "Bugs" in rhythm("view", "list", "--project", "CORE", by=team.viewer).out
    wrong = rhythm("view", "save", "Wrong", "colour:red", by=mia)
    assert wrong.code == Exit.INVALID
    assert rhythm("view", "save", "Bugs", "is:open", "--publish", by=mia).code == Exit.USAGE
    again = (
        "view",
        "rename",
        "bugs",
        "Open bugs",
        "--project",
        "CORE",
        "--json",
        "--operation",
        str(uuid4()),
    )
    renamed = [rhythm(*again, by=mia).json for _ in range(2)]
    assert {(one["name"], one["query"], one["published"]) for one in renamed} == {
        ("Open bugs", "type:bug is:open", True)
    }
    assert (
        "Did you mean Open bugs?"
        in rhythm("view", "rename", "Open bug", "x", "--project", "CORE", by=mia).err
    )
    assert rhythm("view", "delete", "Open bugs", "--project", "CORE", by=mia).code == Exit.DONE


def test_a_board_in_a_pipe_has_a_card_a_line_and_counts_beside(rhythm: Cli, team: Team) -> None:
    for title in ("one", "two", "three"):
        rhythm("issue", "create", "CORE", title, by=team.member)
    rhythm("issue", "move", "CORE-1", "in_review", by=team.member)
    board = rhythm("board", "CORE", "is:open", "--cards", "1", by=team.viewer)
    assert [line.split("\t")[:2] for line in board.out.splitlines()] == [
        ["CORE-2", "backlog"],
        ["CORE-1", "in_review"],
    ]
    assert "In all: 2 backlog, 0 todo, 0 in progress, 1 in review" in board.err
    command = board.err.partition("rhythm ")[2]
    listed = rhythm(*shlex.split(command), by=team.viewer)
    assert {line.split("\t")[0] for line in listed.out.splitlines()} == {"CORE-2", "CORE-3"}
    updated = datetime.fromisoformat(listed.out.splitlines()[0].split("\t")[-1])
    assert updated.tzinfo is not None, "times are for scripts here"


def test_a_list_of_nothing_says_which_names_are_nobodys(rhythm: Cli, team: Team) -> None:
    said = rhythm("issue", "list", "label:nope", "assignee:@mai", "-P", "CORE", by=team.owner)
    assert said.code == Exit.DONE
    assert "No issue matches." in said.err
    assert "There is no label nope." in said.err
    assert "mia" in said.err
