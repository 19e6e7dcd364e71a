"""A write that lost a race is run again: every transaction of every writing method, lost once each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isfunction
from typing import Any

import pytest

from rhythm_domain import credentials, passwords
from rhythm_domain.services.accounts import Accounts
from rhythm_domain.session import Tracker
from tests.domain.actions import ACTIONS, PASSWORD, Action, Call
from tests.domain.rehearsal import Rehearsal
from tests.domain.stage import OPERATION, Stage

pytestmark = pytest.mark.usefixtures("cheap_hashes")


async def lose_each(
    rehearsal: Rehearsal, call: Callable[[], Awaitable[Any]], scene: str = "SELECT 1"
) -> list[int]:
    """Does something once as it is, then once for each of its transactions, which loses a race. How many
    events were recorded each time.
    """
    recorded: list[int] = []
    rehearsal.loses, transactions = None, 1
    while len(recorded) <= transactions:
        async with rehearsal.taken_back():
            await rehearsal.rows(scene)
            rehearsal.writes = 0
            await call()
            if rehearsal.loses is None:
                transactions = rehearsal.writes
            (found,) = await rehearsal.rows("SELECT count(*) AS events FROM events")
        recorded.append(found["events"])
        rehearsal.loses = len(recorded)
    rehearsal.loses = None
    return recorded


def acting(action: Action) -> str:
    return next(who for who in ("member", "maintainer", "owner", "admin", "viewer") if who in action.may)


@pytest.mark.parametrize("action", [one for one in ACTIONS if one.writes and one.may], ids=lambda one: one.id)
async def test_what_a_person_does_is_run_again(stage: Stage, rehearsal: Rehearsal, action: Action) -> None:
    call = Call(stage.session(acting(action), rehearsal), stage.spots["CORE"], OPERATION)
    scene = action.before(call) if action.before else "SELECT 1"
    recorded = await lose_each(rehearsal, lambda: action.call(call), scene)
    assert len(recorded) > 1
    assert len(set(recorded)) == 1


CODE, CODE_HASH = credentials.new_join_code()
TOKEN, TOKEN_HASH = credentials.new_token(credentials.SESSION_PREFIX)

KEY = -1
"""The id of olga's key."""

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGhdyIU4n0p2QL969c3zNteLpFKS1CRYryrOW9inOdl1 third"


async def _come_and_go(doors: Accounts) -> None:
    await doors.end(await doors.by_key(KEY))


DOORS: dict[str, Callable[[Accounts], Awaitable[Any]]] = {
    "local": lambda doors: doors.local("somebody"),
    "resume": lambda doors: doors.resume(TOKEN),
    "sign_in": lambda doors: doors.sign_in("olga", PASSWORD),
    "join": lambda doors: doors.join(CODE, PASSWORD),
    "needs_setup": lambda doors: doors.needs_setup(),
    "first_administrator": lambda doors: doors.first_administrator("first", "", PASSWORD),
    "key": lambda doors: doors.key("SHA256:not there"),
    "by_key": lambda doors: doors.by_key(KEY),
    "end": lambda doors: _come_and_go(doors),
    "add_administrator_with_key": lambda doors: doors.add_administrator_with_key("third", LINE),
    "add_administrator_as_owner": lambda doors: doors.add_administrator_as_owner("second"),
}
"""Every door for somebody who is not signed in."""


def test_every_door_is_tried() -> None:
    public = {name for name, value in vars(Accounts).items() if isfunction(value) and name[0] != "_"}
    assert public == DOORS.keys()


@pytest.mark.parametrize("door", DOORS)
async def test_what_opens_the_doors_is_run_again(stage: Stage, rehearsal: Rehearsal, door: str) -> None:
    accounts = Tracker(rehearsal).accounts
    hashed = await passwords.hash(PASSWORD)
    async with rehearsal.taken_back():
        olga, session = stage.people["owner"]
        for statement, *values in (
            ("UPDATE users SET password_hash = %s WHERE id = %s", hashed, olga.id),
            ("UPDATE sessions SET token_hash = %s WHERE id = %s", TOKEN_HASH, session),
            (
                "INSERT INTO ssh_keys (id, user_id, name, kind, public_key, fingerprint)"
                " OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'laptop', 'ssh-ed25519', 'AAAA', 'SHA256:there')",
                KEY,
                olga.id,
            ),
            ("INSERT INTO join_codes VALUES (%s, %s, NULL, now(), 'tomorrow')", olga.id, CODE_HASH),
        ):
            await rehearsal.rows(statement, *values)
        if door == "first_administrator":
            await rehearsal.rows("UPDATE users SET admin = false")
        recorded = await lose_each(rehearsal, lambda: DOORS[door](accounts))
    assert len(recorded) > 1
    assert len(set(recorded)) == 1
