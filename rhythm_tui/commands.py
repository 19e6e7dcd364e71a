"""Every command of the app, declared once: its keys, its words, what it needs. Pure.

Keys, the bottom line, the palette, the help of what has the focus, the key table of the README and the right
that a command needs are all read from here. A handler names its command: `@handles("issue.status")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from rhythm_domain.errors import Invalid
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.policy import Permission


class Where(StrEnum):
    """Where a command works; the value is the heading in the help."""

    ANYWHERE = "Anywhere"
    LIST = "Moving about"
    ISSUES = "Issues"
    TABLE = "Issue table"
    BOARD = "Board"
    SPRINTS = "Sprints"
    REPORTS = "Reports"
    ISSUE = "An issue's page"
    TRASH = "The trash"
    PROJECTS = "Projects"
    SETTINGS = "Members and settings"
    FORM = "Forms and dialogs"


class Command(NamedTuple):
    """Something that a person can do.

    `keys` are alternatives; one of two strokes is written with a space (`g i`). `label` is a word or two for
    the bottom line, `help` a sentence. `permission` is what the project's role must allow. What is `local`
    needs the machine that the app runs on, which is another's for who comes over SSH.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: Where
    permission: Permission | None = None
    shown: bool = False
    local: bool = False

    @property
    def key(self) -> str:
        """The first key as a person reads it; empty for what only the palette has."""
        return readable(self.keys[0]) if self.keys else ""


def _command(
    id: str,
    keys: str,
    label: str,
    help: str,
    where: Where,
    needs: Permission | None = None,
    *,
    shown: bool = False,
    local: bool = False,
) -> Command:
    return Command(id, tuple(keys.split(", ")) if keys else (), label, help, where, needs, shown, local)


_W = Where

_ALL = (
    # Anywhere
    _command("view.issues", "1, g i", "issues", "Go to the issue table.", _W.ANYWHERE),
    _command("view.board", "2, g b", "board", "Go to the board.", _W.ANYWHERE),
    _command("view.sprints", "3, g s", "sprints", "Go to the backlog and the sprints.", _W.ANYWHERE),
    _command("view.projects", "4, g p", "projects", "Go to the projects.", _W.ANYWHERE),
    _command("view.activity", "5, g a", "activity", "Go to what happened lately.", _W.ANYWHERE),
    _command("view.reports", "6, g r", "reports", "Go to burndown, velocity and flow.", _W.ANYWHERE),
    _command("view.settings", "g m", "settings", "Go to the project's members and settings.", _W.ANYWHERE),
    _command("project.switch", "g o", "project", "Choose the project that all views show.", _W.ANYWHERE),
    _command("project.all", "g 0", "all projects", "Show the issues of all your projects.", _W.ANYWHERE),
    _command("issue.jump", "g j", "jump", "Open an issue by its key.", _W.ANYWHERE),
    _command(
        "issue.create",
        "n",
        "new",
        "Write a new issue in one line.",
        _W.ANYWHERE,
        Permission.ISSUE_CREATE,
        shown=True,
    ),
    _command(
        "issue.compose",
        "N",
        "new, in full",
        "Write a new issue in a form.",
        _W.ANYWHERE,
        Permission.ISSUE_CREATE,
    ),
    _command("undo", "u", "undo", "Take your latest change back, wherever it was.", _W.ANYWHERE, shown=True),
    _command("redo", "U", "redo", "Take your latest undo back.", _W.ANYWHERE),
    _command("refresh", "r", "refresh", "Read everything that is shown again.", _W.ANYWHERE),
    _command(
        "trash", "", "trash", "Show deleted issues, to restore them.", _W.ANYWHERE, Permission.TRASH_READ
    ),
    _command("pane.next", "tab", "next pane", "Go to the next pane.", _W.ANYWHERE),
    _command("pane.zoom", "z", "zoom", "Give the pane the whole screen, or take it back.", _W.ANYWHERE),
    _command("palette", ":, ctrl+p", "commands", "Find any command by its name.", _W.ANYWHERE),
    _command("help", "?, f1", "help", "Show the keys of what has the focus.", _W.ANYWHERE, shown=True),
    _command("help.search", "", "the search language", "Explain the search language.", _W.ANYWHERE),
    _command("help.signs", "", "the signs", "Explain the signs beside an issue.", _W.ANYWHERE),
    _command("theme", "", "theme", "Choose another theme.", _W.ANYWHERE),
    _command("colours", "", "colours", "Say how many colours your terminal has.", _W.ANYWHERE),
    _command(
        "clear", "escape", "clear", "Take marks, then the search away; leave a page, not a view.", _W.ANYWHERE
    ),
    _command("back", "q", "back", "Go back to where you came from.", _W.ANYWHERE),
    _command(
        "demo", "g d", "the demo", "Go to the demo, full of made-up work, or back.", _W.ANYWHERE, local=True
    ),
    _command(
        "account.switch",
        "",
        "switch account",
        "Sign out and sign in as somebody else.",
        _W.ANYWHERE,
        local=True,
    ),
    _command(
        "suspend",
        "ctrl+z",
        "suspend",
        "Go back to the shell; `fg` brings Rhythm back.",
        _W.ANYWHERE,
        local=True,
    ),
    _command("account.sign_out", "", "sign out", "Sign out and leave.", _W.ANYWHERE),
    _command("quit", "ctrl+q", "quit", "Leave Rhythm.", _W.ANYWHERE),
    # Moving about
    _command("list.down", "j, down", "down", "Go a line down.", _W.LIST),
    _command("list.up", "k, up", "up", "Go a line up.", _W.LIST),
    _command("list.left", "h, left", "left", "Go to the left: a column, or a pane.", _W.LIST),
    _command("list.right", "l, right", "right", "Go to the right: a column, or a pane.", _W.LIST),
    _command("list.top", "g g, home", "top", "Go to the first line.", _W.LIST),
    _command("list.bottom", "G, end", "bottom", "Go to the last line.", _W.LIST),
    _command("list.page_down", "ctrl+d, pagedown", "page down", "Go a page down.", _W.LIST),
    _command("list.page_up", "ctrl+u, pageup", "page up", "Go a page up.", _W.LIST),
    _command("list.open", "enter", "open", "Open what is under the cursor.", _W.LIST, shown=True),
    # Issues: under the cursor, or all that are marked
    _command("search", "/", "search", "Search as you type.", _W.ISSUES, shown=True),
    _command(
        "issue.status",
        "s",
        "status",
        "Move it to another status.",
        _W.ISSUES,
        Permission.ISSUE_MOVE,
        shown=True,
    ),
    _command(
        "issue.priority", "p", "priority", "Set its priority.", _W.ISSUES, Permission.ISSUE_EDIT, shown=True
    ),
    _command(
        "issue.assign",
        "a",
        "assign",
        "Assign it to somebody.",
        _W.ISSUES,
        Permission.ISSUE_ASSIGN,
        shown=True,
    ),
    _command(
        "issue.assign_me",
        "i",
        "take it",
        "Assign it to yourself, or to nobody.",
        _W.ISSUES,
        Permission.ISSUE_ASSIGN,
    ),
    _command(
        "issue.labels",
        "t",
        "labels",
        "Add and remove its labels.",
        _W.ISSUES,
        Permission.ISSUE_LABEL,
        shown=True,
    ),
    _command("issue.sprint", "S", "sprint", "Plan it into a sprint.", _W.ISSUES, Permission.ISSUE_PLAN),
    _command("issue.type", "T", "type", "Say what kind of work it is.", _W.ISSUES, Permission.ISSUE_EDIT),
    _command("issue.due", "D", "due", "Set the day when it is due.", _W.ISSUES, Permission.ISSUE_EDIT),
    _command(
        "issue.estimate", ".", "estimate", "Estimate it in points.", _W.ISSUES, Permission.ISSUE_ESTIMATE
    ),
    _command(
        "issue.close",
        "x",
        "close",
        "Close it as done, or open it again.",
        _W.ISSUES,
        Permission.ISSUE_MOVE,
        shown=True,
    ),
    _command("issue.cancel", "X", "cancel", "Close it as cancelled.", _W.ISSUES, Permission.ISSUE_MOVE),
    _command("issue.title", "e", "title", "Edit its title in place.", _W.ISSUES, Permission.ISSUE_EDIT),
    _command("issue.body", "E", "body", "Edit its description.", _W.ISSUES, Permission.ISSUE_EDIT),
    _command(
        "issue.comment", "c", "comment", "Write a comment.", _W.ISSUES, Permission.COMMENT_CREATE, shown=True
    ),
    _command(
        "issue.more", "m", "more", "Set its parent and what blocks it.", _W.ISSUES, Permission.ISSUE_LINK
    ),
    _command(
        "issue.sub_issue",
        "M",
        "sub-issue",
        "Write a new sub-issue of it in a form.",
        _W.ISSUES,
        Permission.ISSUE_CREATE,
    ),
    _command("issue.delete", "d", "delete", "Move it to the trash.", _W.ISSUES, Permission.ISSUE_DELETE),
    _command("issue.copy_key", "y", "copy key", "Copy its key.", _W.ISSUES),
    _command("issue.copy_branch", "Y", "copy branch", "Copy a branch name for it.", _W.ISSUES),
    _command("mark", "space", "mark", "Mark it, or unmark it.", _W.ISSUES),
    _command("mark.range", "v", "range", "Mark from here to where you go.", _W.ISSUES),
    _command("mark.all", "A", "mark all", "Mark all that match.", _W.ISSUES),
    _command("filter", "f", "filter", "Build a filter from pieces.", _W.ISSUES),
    # Issue table
    _command("sort", "o", "sort", "Sort by another column.", _W.TABLE, shown=True),
    _command("columns", "C", "columns", "Choose the columns.", _W.TABLE),
    _command("preview", "w", "preview", "Put the preview to the side, below, or away.", _W.TABLE),
    _command("view.next", "]", "next view", "Go to the next saved view.", _W.TABLE),
    _command("view.previous", "[", "previous view", "Go to the saved view before.", _W.TABLE),
    _command("view.save", "+", "save view", "Save this search as a view.", _W.TABLE),
    _command("view.rename", "", "rename view", "Give this saved view another name.", _W.TABLE),
    _command(
        "view.publish", "", "publish view", "Show this saved view to the team, or to you alone.", _W.TABLE
    ),
    _command("view.delete", "", "delete view", "Delete this saved view.", _W.TABLE),
    # Board
    _command(
        "card.left", "H", "move left", "Move the card a column to the left.", _W.BOARD, Permission.ISSUE_MOVE
    ),
    _command(
        "card.right",
        "L",
        "move right",
        "Move the card a column to the right.",
        _W.BOARD,
        Permission.ISSUE_MOVE,
        shown=True,
    ),
    _command("card.down", "J", "move down", "Move the card down.", _W.BOARD, Permission.ISSUE_ORDER),
    _command("card.up", "K", "move up", "Move the card up.", _W.BOARD, Permission.ISSUE_ORDER),
    _command("board.group", "b", "lanes", "Group the cards into lanes.", _W.BOARD, shown=True),
    _command(
        "board.collapse",
        "minus",
        "collapse",
        "Collapse or unfold the column; on a heading, its lane.",
        _W.BOARD,
    ),
    _command("board.fold", "_", "fold lane", "Fold the lane to one line, or unfold it.", _W.BOARD),
    _command("board.fold_all", "=", "fold lanes", "Fold all lanes, or unfold them.", _W.BOARD),
    _command("board.hide", "", "hide column", "Hide the column.", _W.BOARD),
    _command("board.unhide", "", "show columns", "Show all columns again.", _W.BOARD),
    _command(
        "board.limit",
        "",
        "WIP limit",
        "Limit the column's work in progress.",
        _W.BOARD,
        Permission.PROJECT_EDIT,
    ),
    # Sprints
    _command(
        "plan.left",
        "H",
        "to the backlog",
        "Move it out of the sprint.",
        _W.SPRINTS,
        Permission.ISSUE_PLAN,
        shown=True,
    ),
    _command(
        "plan.right",
        "L",
        "to the sprint",
        "Move it into the sprint that is shown.",
        _W.SPRINTS,
        Permission.ISSUE_PLAN,
        shown=True,
    ),
    _command("plan.down", "J", "move down", "Move it down in the order.", _W.SPRINTS, Permission.ISSUE_ORDER),
    _command("plan.up", "K", "move up", "Move it up in the order.", _W.SPRINTS, Permission.ISSUE_ORDER),
    _command("sprint.next", "]", "next sprint", "Show the next sprint.", _W.SPRINTS),
    _command("sprint.previous", "[", "previous sprint", "Show the sprint before.", _W.SPRINTS),
    _command(
        "sprint.create",
        "+",
        "new sprint",
        "Plan a new sprint.",
        _W.SPRINTS,
        Permission.SPRINT_CREATE,
        shown=True,
    ),
    _command(
        "sprint.edit",
        "O",
        "edit sprint",
        "Edit the sprint's name, goal and days.",
        _W.SPRINTS,
        Permission.SPRINT_EDIT,
    ),
    _command(
        "sprint.start", "b", "start", "Start the sprint.", _W.SPRINTS, Permission.SPRINT_START, shown=True
    ),
    _command(
        "sprint.finish", "F", "finish", "Finish the sprint.", _W.SPRINTS, Permission.SPRINT_FINISH, shown=True
    ),
    _command(
        "sprint.delete",
        "",
        "delete sprint",
        "Delete the planned sprint.",
        _W.SPRINTS,
        Permission.SPRINT_DELETE,
    ),
    # Reports
    _command("report.next", "]", "next report", "Go to the next report.", _W.REPORTS, shown=True),
    _command("report.previous", "[", "report before", "Go to the report before.", _W.REPORTS),
    _command("report.sprint", "o", "sprint", "Choose the sprint of the burndown.", _W.REPORTS, shown=True),
    _command("report.unit", "p", "points or issues", "Count points, or issues.", _W.REPORTS, shown=True),
    _command("report.days", "d", "more days", "Show the flow of 30 days, or of 90.", _W.REPORTS, shown=True),
    _command(
        "report.backlog", "b", "backlog", "Show or hide the backlog in the flow.", _W.REPORTS, shown=True
    ),
    # An issue's page
    _command("issue.next", "], J", "next", "Go to the next issue of the list.", _W.ISSUE, shown=True),
    _command("issue.previous", "[, K", "previous", "Go to the issue before.", _W.ISSUE),
    _command("comment.edit", "R", "edit comment", "Edit your comment.", _W.ISSUE, Permission.COMMENT_EDIT),
    _command(
        "comment.delete",
        "ctrl+x",
        "delete comment",
        "Delete the comment.",
        _W.ISSUE,
        Permission.COMMENT_DELETE,
    ),
    _command(
        "issue.links", "L", "links", "Open a link or an issue that its text or its comments name.", _W.ISSUE
    ),
    _command("issue.history", "H", "history", "Show or hide its history.", _W.ISSUE),
    # The trash
    _command(
        "trash.restore",
        "R",
        "take back",
        "Take the issue out of the trash.",
        _W.TRASH,
        Permission.ISSUE_RESTORE,
    ),
    _command(
        "trash.purge",
        "P",
        "remove for ever",
        "Remove the issue for ever.",
        _W.TRASH,
        Permission.ISSUE_PURGE,
        shown=True,
    ),
    # Projects
    _command("project.create", "+", "new project", "Create a project.", _W.PROJECTS, shown=True),
    _command("project.edit", "e", "edit", "Edit name and description.", _W.PROJECTS, Permission.PROJECT_EDIT),
    _command("project.members", "m", "members", "Show its members and settings.", _W.PROJECTS, shown=True),
    _command(
        "project.archive",
        "X",
        "archive",
        "Archive it, or take it up again.",
        _W.PROJECTS,
        Permission.PROJECT_ARCHIVE,
    ),
    _command("project.find", "/", "find", "Find a project by its key or name.", _W.PROJECTS, shown=True),
    _command("project.archived", "A", "archived", "Show or hide archived projects.", _W.PROJECTS),
    # Members and settings
    _command("item.add", "+", "add", "Add one.", _W.SETTINGS, shown=True),
    _command("item.edit", "e", "edit", "Change it.", _W.SETTINGS, shown=True),
    _command("item.find", "/", "find", "Find one of them.", _W.SETTINGS),
    _command("section.next", "]", "next section", "Go to the next section.", _W.SETTINGS, shown=True),
    _command("section.previous", "[", "previous section", "Go to the section before.", _W.SETTINGS),
    _command("member.transfer", "O", "hand over", "Hand the project over to this member.", _W.SETTINGS),
    _command("item.remove", "d", "remove", "Remove it.", _W.SETTINGS, shown=True),
    # Forms and dialogs
    _command("form.save", "ctrl+s", "save", "Save.", _W.FORM, shown=True),
    _command("form.editor", "ctrl+e", "your editor", "Write the text in your own editor.", _W.FORM),
    _command("form.preview", "f2", "preview", "Show how the text will look.", _W.FORM),
    _command("form.discard", "ctrl+r", "discard", "Throw the draft away: what is saved is shown.", _W.FORM),
    _command("conflict.mine", "m", "save mine", "Save your text over theirs.", _W.FORM),
    _command("conflict.theirs", "t", "take theirs", "Take their text; yours is one undo away.", _W.FORM),
    _command("conflict.merge", "e", "put together", "Put both together in the editor.", _W.FORM),
    _command("choice.next", "ctrl+n, ctrl+j", "down", "Go down in a list while you type.", _W.FORM),
    _command("choice.previous", "ctrl+p, ctrl+k", "up", "Go up in a list while you type.", _W.FORM),
    _command("form.other", "ctrl+o", "another way", "Come in by another way: with a join code.", _W.FORM),
    _command("form.cancel", "escape", "cancel", "Leave it; the draft is kept.", _W.FORM, shown=True),
)

SCREENS: Mapping[str, frozenset[Where]] = {
    "issues": frozenset({_W.ANYWHERE, _W.LIST, _W.ISSUES, _W.TABLE}),
    "board": frozenset({_W.ANYWHERE, _W.LIST, _W.ISSUES, _W.BOARD}),
    "sprints": frozenset({_W.ANYWHERE, _W.LIST, _W.ISSUES, _W.SPRINTS}),
    "reports": frozenset({_W.ANYWHERE, _W.LIST, _W.REPORTS}),
    "issue": frozenset({_W.ANYWHERE, _W.LIST, _W.ISSUES, _W.ISSUE}),
    "projects": frozenset({_W.ANYWHERE, _W.LIST, _W.PROJECTS}),
    "settings": frozenset({_W.ANYWHERE, _W.LIST, _W.SETTINGS}),
    "trash": frozenset({_W.ANYWHERE, _W.LIST, _W.TRASH}),
    "forms": frozenset({_W.FORM}),
}
"""What works at the same time: within one of these a key means one thing."""


COMMANDS: Mapping[str, Command] = {command.id: command for command in _ALL}
"""Every command by its id, with the keys that it has unless a person remaps it."""

RESERVED = frozenset({"ctrl+h", "alt+f", "alt+b", "ctrl+enter", "ctrl+c"})
"""Keys that terminals send for something else, or do not send at all."""

_READABLE = {
    "escape": "esc", "minus": "-", "plus": "+", "full_stop": ".", "question_mark": "?", "slash": "/",
    "left_square_bracket": "[", "right_square_bracket": "]", "colon": ":", "down": "↓", "up": "↑",
    "left": "←", "right": "→", "pagedown": "pgdn", "pageup": "pgup",
}  # fmt: skip


def readable(key: str) -> str:
    """A key as a person reads it: `escape` as esc, `ctrl+p` as ^p."""
    return " ".join(
        _READABLE.get(stroke, stroke.replace("ctrl+", "^") if stroke.startswith("ctrl+") else stroke)
        for stroke in key.split(" ")
    )


def remapped(keys: Mapping[str, str]) -> dict[str, Command]:
    """The commands with the keys that a person chose: command id -> keys, separated by commas.

    Raises `Invalid` (field `keys`) for an unknown command, a reserved key, and two commands of one screen on
    one key, naming both.
    """
    commands = dict(COMMANDS)
    for id_, written in keys.items():
        if id_ not in commands:
            raise Invalid(
                f"There is no command {id_!r} to give a key to.",
                field="keys",
                hint=did_you_mean(id_, commands, "The key table of the README has their ids."),
            )
        chosen = tuple(" ".join(key.split()) for key in written.split(",") if key.strip())
        for key in chosen:
            if key in RESERVED:
                raise Invalid(
                    f"{key} can't be a key of {id_}: terminals use it otherwise.",
                    field="keys",
                    hint="Choose another one.",
                )
        commands[id_] = commands[id_]._replace(keys=chosen)
    if clash := _clash(commands):
        one, other, key = clash
        raise Invalid(
            f"{readable(key)} is a key of both {one.id} ({one.label}) and {other.id} ({other.label}).",
            field="keys",
            hint="Give one of them another key in [keys] of config.toml.",
        )
    return commands


def _clash(commands: Mapping[str, Command]) -> tuple[Command, Command, str] | None:
    """Two commands that work at the same time and have the same key, or one whose key begins the other's."""
    for places in SCREENS.values():
        known: dict[str, Command] = {}
        here = [command for command in commands.values() if command.where in places]
        for command in here:
            for key in command.keys:
                if key in known:
                    return known[key], command, key
                known[key] = command
        for key, command in known.items():
            first = key.split(" ")[0]
            if first != key and first in known:
                return known[first], command, first
    return None
