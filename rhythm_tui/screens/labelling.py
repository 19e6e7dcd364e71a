"""Labels of issues: some are put on, some are taken off, a new one is made on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from rhythm_domain.errors import Invalid
from rhythm_domain.models import IssueRow, LabelRef
from rhythm_domain.palette import colour_of
from rhythm_domain.policy import Permission
from rhythm_domain.text import check_label, folded, shown
from rhythm_tui.edits import issue_edit
from rhythm_tui.screens import choices
from rhythm_tui.screens.picker import Choice, MultiPicker

if TYPE_CHECKING:
    from rhythm_tui.screens.triage import TriageScreen

NO_LABELS = "No labels yet: type the name of the first one."


async def label(screen: TriageScreen, title: str, key: str, rows: Sequence[IssueRow]) -> None:
    """Asks which labels some issues of a project are to have, and changes that.

    A label that only some of them have stays as it is on each unless it is chosen. A new one is made in the
    same step, which undo takes back as one.
    """
    session = screen.desk.session
    found = await session.labels.list(key)
    why_not = screen.desk.why_not(Permission.LABEL_MANAGE, key)
    if not found and why_not:
        raise Invalid("This project has no labels yet.", hint=f"And {why_not}.")
    names = [{label.name for label in row.labels} for row in rows]
    on_any = set[str]().union(*names)
    # Of issues that were never read it is not known.
    on_all = set[str]() if screen.unread() else set.intersection(*names)
    toggled = await screen.app.push_screen_wait(
        MultiPicker(
            title,
            choices.labels(found, screen.colours, on_all.__contains__, (on_any - on_all).__contains__),
            words="" if found else NO_LABELS,
            new=offered_new((each.name for each in found), why_not or ""),
        )
    )
    if not toggled:
        return
    added = tuple(name for name, taken in toggled.items() if taken)
    removed = tuple(name for name, taken in toggled.items() if not taken)
    said = [f"labelled {', '.join(map(shown, added))}"] if added else []
    said += [f"no longer {', '.join(map(shown, removed))}"] if removed else []
    known = {label.name: label for label in found}
    new = [name for name in added if name not in known]
    count = len(rows) + len(screen.unread_beside(rows))
    if new and not await screen.sure(count, f"Change {{}}: {', '.join(said)}?"):
        return
    colours = {name: known[name].colour if name in known else colour_of(name) for name in added}
    refs = {name: LabelRef(name=name, colour=colours[name]) for name in added}

    def look(row: IssueRow) -> IssueRow:
        kept = [label for label in row.labels if label.name not in removed]
        put_on = [refs[name] for name in added if all(label.name != name for label in kept)]
        return row.replace(labels=(*kept, *put_on))

    edit = issue_edit(add_labels=added, remove_labels=removed)
    await screen.change(edit, look, ", ".join(said), rows, asked=bool(new), new_labels=new)


def offered_new(
    known: Iterable[str], why_not: str, when: str = "enter makes it"
) -> Callable[[str], Choice[str] | None]:
    """What is offered where somebody types a name that is no label's: to make it, or `why_not`. `when` says
    at which moment it is made.
    """
    names = {folded(name) for name in known}

    def offer(typed: str) -> Choice[str] | None:
        if folded(typed) in names:
            return None
        try:
            name, reason = check_label(typed), why_not
        except Invalid as error:
            name, reason = typed, error.message
        if reason:
            return Choice(
                name, Content.styled(f"no such label: {shown(reason)}", "dim"), name, why_not=reason
            )
        said = Content.assemble("create label ", (shown(name), "bold"), (f"  {when}", "dim"))
        return Choice(name, said, name)

    return offer
