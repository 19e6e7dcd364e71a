"""Three made-up teams and half a year of their work: a weather station, its dashboard and its app.

Everybody here is invented. The stories are in text files; who did what and when follows from dice that fall
the same every time, counted back from now. The person who runs the demo owns the first project.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from rhythm_domain.demo.chronicle import HISTORY, Chronicle, Team
from rhythm_domain.models import Role
from rhythm_domain.repository.bulk import Rows, loading
from rhythm_domain.text import folded

MAIN = "STN"
"""The key of the project of the person who runs the demo; an instance that has it was filled already."""

_PEOPLE = {
    "nebelhorn": "Imke Nebelhorn",
    "rainmere": "Hollis Rainmere",
    "snegovey": "Юна Снеговей",
    "brindevent": "Noé Brindevent",
    "kazemori": "風森 なみ",
    "starwick": "Kofi Starwick",
    "frostgarth": "Tilda Frostgarth",
    "chmurnik": "Łucja Chmurnik",
    "donnerblitz": "Mirko Donnerblitz",
}
_LEFT = "donnerblitz"
"""Left two months ago; what they closed still has their name."""

_ME = ""
"""The person who runs the demo."""

_VIEWS = (
    ("Firmware bugs", f"project:{MAIN} type:bug is:open sort:priority", False),
    ("Waiting for review", "status:in_review sort:updated-asc", True),
    ("What customers wait for", "label:customer is:open", True),
    ("Overdue", "is:overdue sort:due", False),
)
"""Name, query, and whether it is published to the main project's team."""


def create(conninfo: str, *, owner: int, now: datetime | None = None) -> bool:
    """Creates the three projects; `owner` is the id of the person who runs the demo.

    All or nothing. False if they were there already: then nothing is done.
    """
    with loading(conninfo, unless=MAIN) as load:
        if load is None:
            return False
        now = now or datetime.now(UTC)
        rows = Rows()
        people = {name: load.next_ids["users"] + at for at, name in enumerate(_PEOPLE)}
        for name, display_name in _PEOPLE.items():
            rows.add("users", people[name], name, display_name, True, True, now - HISTORY)
        main = load.next_ids["projects"]
        for team in _teams(people, owner):
            Chronicle(rows, load.next_ids, team, now).write()
        for at, (name, query, published) in enumerate(_VIEWS):
            project = main if published else None
            view = load.next_ids["saved_views"] + at
            rows.add("saved_views", view, owner, project, name, folded(name), query, published, now)
        load.copy(rows.encoded())
        load.finish(lambda _: None)
    return True


def _teams(people: Mapping[str, int], me: int) -> tuple[Team, ...]:
    """The three teams, with everybody's ids."""
    ids = {**people, _ME: me}

    def with_roles(*members: tuple[str, Role]) -> dict[int, Role]:
        return {ids[name]: role for name, role in members}

    return (
        Team(
            key=MAIN,
            name="Petrel weather station",
            about="Firmware, electronics and field work of the **Petrel** station. Boards B, C and D.",
            stories="station",
            people=with_roles(
                (_ME, Role.OWNER),
                ("nebelhorn", Role.MAINTAINER),
                ("rainmere", Role.MEMBER),
                ("snegovey", Role.MEMBER),
                ("starwick", Role.MEMBER),
                (_LEFT, Role.MEMBER),
                ("brindevent", Role.VIEWER),
            ),
            me=me,
            left=ids[_LEFT],
            finished_sprints=6,
            versions=("2.2.4", "2.3.0", "2.3.1", "2.4.0-rc1"),
            wip_limits={"in_progress": 9, "in_review": 3},
        ),
        Team(
            key="WEB",
            name="Petrel dashboard",
            about="What growers and technicians see at `dashboard.petrel.example`, and the API behind it.",
            stories="dashboard",
            people=with_roles(
                ("nebelhorn", Role.OWNER),
                (_ME, Role.MAINTAINER),
                ("chmurnik", Role.MEMBER),
                ("kazemori", Role.MEMBER),
                ("frostgarth", Role.MEMBER),
                ("rainmere", Role.VIEWER),
            ),
            me=me,
            left=None,
            finished_sprints=4,
            versions=("v1.18", "v2.0.0-beta.2", "v2.0.0"),
            wip_limits={"in_review": 2},
        ),
        Team(
            key="APP",
            name="Petrel app",
            about="The app for Android and iOS. No sprints here: what is on top is next.",
            stories="app",
            people=with_roles(
                ("kazemori", Role.OWNER),
                ("brindevent", Role.MAINTAINER),
                (_ME, Role.MEMBER),
                ("frostgarth", Role.MEMBER),
                ("starwick", Role.VIEWER),
            ),
            me=me,
            left=None,
            finished_sprints=None,
            versions=("2.8.0", "2.8.1", "2.9.0"),
            wip_limits={"in_progress": 6},
        ),
    )
