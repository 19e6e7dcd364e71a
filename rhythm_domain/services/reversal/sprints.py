"""How changes of sprints are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rhythm_domain.database import Row
from rhythm_domain.models import SprintState
from rhythm_domain.repository import sprints
from rhythm_domain.repository.sprints import Values
from rhythm_domain.services.sprints import write
from rhythm_domain.transaction import Tx


async def changed(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Sprints of which every column that was changed is still as it was left."""
    done = set()
    for row in events:
        created = row["kind"] == "sprint.created"
        before, after = ({"deleted": True}, {"deleted": False}) if created else (row["before"], row["after"])
        now = await sprints.held(tx, row["after"]["id"])
        columns = [column for column in before if column != "id" and before[column] != after[column]]
        # A finish that is redone has another time than the one that was recorded first.
        kept = [column for column in columns if column != "finished_at"]
        if now is None or any(now[column] != after[column] for column in kept):
            continue
        wanted = {column: before[column] for column in columns}
        if wanted.get("finished_at"):
            wanted["finished_at"], _ = await sprints.clock(tx)
        if await _sprint_can_be(tx, {**now, **wanted}):
            await write(tx, BACK[row["kind"]], now, wanted, undoes=undoes)
            done.add(row["seq"])
    return done


async def _sprint_can_be(tx: Tx, sprint: Values) -> bool:
    """Whether the project can have a sprint like this now."""
    if sprint["deleted"]:
        return not await sprints.held_issues(tx, sprint["id"])
    if await sprints.name_is_taken(tx, sprint["name"], besides=sprint["id"]):
        return False
    match sprint["state"]:
        case SprintState.ACTIVE:
            active = await sprints.active(tx)
            return active is None or active["id"] == sprint["id"]
        case SprintState.FINISHED:
            return not await sprints.held_issues(tx, sprint["id"], open_only=True)
        case _:
            return True


BACK = {
    "sprint.created": "sprint.deleted",
    "sprint.deleted": "sprint.restored",
    "sprint.restored": "sprint.deleted",
    "sprint.edited": "sprint.edited",
    "sprint.started": "sprint.stopped",
    "sprint.stopped": "sprint.started",
    "sprint.finished": "sprint.reopened",
    "sprint.reopened": "sprint.finished",
}
"""What taking a change of a sprint back is called."""
