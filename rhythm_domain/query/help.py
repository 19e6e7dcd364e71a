"""The search language explained, part by part: for help screens, errors and the README."""

from __future__ import annotations

from collections.abc import Mapping

from rhythm_domain.days import FORMS
from rhythm_domain.query.tree import Sort, SortKey

HELP: tuple[tuple[str, str], ...] = (
    ("words", "All must be found, the last one may be a beginning: `login crash`"),
    ('"..."', 'These words in a row: `"exact phrase"`'),
    ("-", "Not this word, phrase or qualifier: `-draft -label:wontfix`"),
    (",", "Any of these values: `status:todo,in_review`"),
    ("< > ..", "Compared, or from one to the other: `priority:>=high`, `estimate:3..8`"),
    ("CORE-123", "Goes to that issue; `123` to that number of the project"),
    (
        "status:",
        "backlog, todo, in_progress, in_review, done, cancelled; also doing, review, open:"
        " `status:todo,in_progress`",
    ),
    ("priority:", "urgent, high, medium, low, none; p0 to p4 as well; may be compared: `priority:>=high`"),
    ("type:", "bug, feature, task, chore, epic: `type:bug`"),
    ("assignee:", "Whose it is; @me is you, none is nobody: `assignee:ada,@me`"),
    ("reporter:", "Who reported it: `reporter:@me`"),
    ("label:", 'Any of these labels; repeated, all of them: `label:ui,"needs review"`'),
    ("sprint:", "By name, or current, next, none: `sprint:current`"),
    ("project:", "By key, in lists across projects: `project:CORE`"),
    ("parent:", "What belongs to that issue: `parent:CORE-12`"),
    ("due:", "When it is due: a day, a range, or days ahead, overdue included: `due:<7d`"),
    ("created:", "When it was made: a day, a range, or an age: `created:2026-01-01..2026-03-31`"),
    ("updated:", "When it last changed: within a week `updated:<7d`, not for a month `updated:>1m`"),
    ("closed:", "When it was done or cancelled: `closed:this-week`"),
    ("estimate:", "Points, compared or a range: `estimate:3..8`"),
    ("is:", "open, closed, blocked, overdue, mine: `is:open is:blocked`"),
    ("has:", "assignee, label, sprint, due, estimate, parent, children, comments, links: `has:children`"),
    ("no:", "The opposite of has: `no:assignee`"),
    ("days", f"Written as {FORMS}: `due:friday`"),
    ("sort:", "created, updated, priority, due, rank, closed, relevance; the other way: `sort:updated-asc`"),
)
"""Each part of the language and what it means, with examples in backquotes, in the order to show them."""

ORDERS: Mapping[Sort, str] = {
    sort: words
    for key, order, other in (
        (SortKey.UPDATED, "latest change first", "oldest change first"),
        (SortKey.CREATED, "newest first", "oldest first"),
        (SortKey.PRIORITY, "most pressing first", "least pressing first"),
        (SortKey.DUE, "due soonest first, closed last", "due last first, closed last"),
        (SortKey.RANK, "as on the board", "the board from its end"),
        (SortKey.CLOSED, "closed last first", "closed longest ago first"),
        (SortKey.RELEVANCE, "best match first", "weakest match first"),
    )
    for sort, words in ((Sort.by(key), order), (Sort.by(key, reverse=True), other))
}
"""Every order of a list, and what it puts first."""
