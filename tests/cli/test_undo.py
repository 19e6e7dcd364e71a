"""`rhythm undo` and `rhythm redo`."""

from __future__ import annotations

from rhythm_tui.cli.errors import Exit
from tests.cli.conftest import Cli
from tests.instances import Team


def test_undo_says_what_it_took_back(rhythm: Cli, team: Team) -> None:
    rhythm("label", "create", "CORE", "bug", by=team.owner)
    ran = rhythm("undo", "core", by=team.owner)
    assert (ran.code, ran.out) == (Exit.DONE, "Undone: the label bug is deleted.\n")
    assert rhythm("label", "list", "CORE", "--json", by=team.owner).json["items"] == []
    assert rhythm("redo", "core", by=team.owner).code == Exit.DONE
    assert len(rhythm("label", "list", "CORE", "--json", by=team.owner).json["items"]) == 1


def test_undo_passes_over_nothing_unless_asked(rhythm: Cli, team: Team) -> None:
    rhythm("issue", "create", "CORE", "One", by=team.owner)
    rhythm("member", "add", "CORE", "otto", "viewer", by=team.owner)
    ran = rhythm("undo", "CORE", by=team.owner)
    assert ran.code == Exit.INVALID
    assert ran.err == (
        "rhythm: Your latest change in CORE can't be taken back: you added Otto as viewer.\n"
        "Members are changed in the project's settings, or by `rhythm member`."
        " Before it you created CORE-1: `rhythm undo CORE --past` takes that back.\n"
    )
    ran = rhythm("undo", "CORE", "--past", by=team.owner)
    assert (ran.code, ran.out) == (Exit.DONE, "Undone: CORE-1 is in the trash.\n")
    assert ran.err == (
        "Left alone: you added Otto as viewer."
        " Members are changed in the project's settings, or by `rhythm member`.\n"
    )
