"""`rhythm user`: the accounts of an instance; most of it is for administrators."""

from __future__ import annotations

import click

from rhythm_domain.models import PersonRef, User
from rhythm_domain.models.access import SignIn
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.operation import operation_option, parts
from rhythm_tui.cli.paging import Paging, paging_options
from rhythm_tui.cli.prompts import PasswordSource, confirm, password_options, yes_option
from rhythm_tui.cli.table import Column
from rhythm_tui.looks.wording import counted

group = Noun(
    "user", help="Accounts. `edit`, `list` and `password` are for everybody, the rest for administrators."
)

_DIRECTORY: list[Column[PersonRef]] = [
    Column("user", lambda person: person.name, "bold"),
    Column("name", lambda person: person.display_name, shrink=1),
]

_ACCOUNTS: list[Column[User]] = [
    Column("user", lambda user: user.name, "bold"),
    Column("name", lambda user: user.display_name, shrink=1),
    Column("administrator", lambda user: "yes" if user.admin else ""),
    Column("state", lambda user: _state(user), lambda user: "" if _state(user) == "active" else "dim"),
    Column("since", lambda user: user.created_at, "dim"),
]

_SESSIONS: list[Column[SignIn]] = [
    Column("id", lambda one: str(one.id), "dim", align="right"),
    Column("by", lambda one: one.kind),
    Column("from", lambda one: one.source, shrink=1),
    Column("since", lambda one: one.created_at, "dim"),
    Column("last seen", lambda one: one.last_seen_at),
    Column("ends", lambda one: one.expires_at or "never", "dim"),
]


def _state(user: User) -> str:
    if user.claimed:
        return "active" if user.active else "deactivated"
    return "has not joined yet" if user.active else "imported author"


def _page(context: Context, user: User) -> None:
    context.out.details(
        user,
        [
            ("User", user.name),
            ("Name", user.display_name),
            ("Administrator", "yes" if user.admin else "no"),
            ("State", _state(user)),
            ("Time zone", user.time_zone),
            ("Since", user.created_at),
        ],
    )


@group.verb(
    "add", examples=["rhythm user add ada --full-name 'Ada Example'", "rhythm user add ada --admin --owner"]
)
@click.argument("name")
@click.option("--full-name", default="", help="Their full name.")
@click.option("--admin", is_flag=True, help="They administer the instance.")
@click.option(
    "--owner", is_flag=True, help="By RHYTHM_OWNER_URL instead of a sign-in: to make administrators."
)
@operation_option
@pass_context
async def add(context: Context, name: str, full_name: str, admin: bool, owner: bool) -> None:
    """Make an account; prints the one-time code with which its person joins.

    With RHYTHM_OWNER_URL set and nobody signed in, an administrator is made as with --owner.
    """
    if owner or (admin and context.only_owner):
        from rhythm_domain.session import Tracker

        if not admin:
            raise click.UsageError("With --owner only administrators are made: add --admin.")
        async with Tracker.open(context.owner_conninfo()) as tracker:
            code = await tracker.accounts.add_administrator_as_owner(name, full_name)
    else:
        async with context.session() as session:
            _, code = await session.people.add(name, full_name, admin=admin, operation=context.operation)
    _say_code(context, name, code)


def _say_code(context: Context, name: str, code: str) -> None:
    context.out.done(code, {"name": name, "code": code})
    if context.local:
        told = f"Give this code to {name}, who then runs: rhythm join CODE. It is good for seven days."
    else:
        told = (
            f"{name} comes in by a key: ssh-key add - --user {name} < KEY.pub. The code is for `rhythm join`."
        )
    context.out.note(told)


@group.verb("invite", examples=["rhythm user invite ada"])
@click.argument("name")
@operation_option
@pass_context
async def invite(context: Context, name: str) -> None:
    """Print a new code for somebody who has not joined yet, or forgot their password."""
    async with context.session() as session:
        code = await session.people.new_join_code(name, operation=context.operation)
    _say_code(context, name, code)


@group.verb("list", examples=["rhythm user list", "rhythm user list --accounts --json"])
@click.option("--accounts", is_flag=True, help="All accounts with their state; for administrators.")
@click.option("--begins", default="", metavar="TEXT", help="Whose name begins so.")
@paging_options
@pass_context
async def list_users(context: Context, accounts: bool, begins: str, paging: Paging) -> None:
    """The people of this instance."""
    async with context.session() as session:
        if not accounts:
            people = paging.of(await session.people.directory(begins), lambda person: person.name)
            context.out.page(_DIRECTORY, people, empty="Nobody.")
            return
        page = await paging.read(lambda cursor, limit: session.people.list(cursor=cursor, limit=limit))
    context.out.page(_ACCOUNTS, page, empty="Nobody.")


@group.verb("show", examples=["rhythm user show ada"])
@click.argument("name")
@pass_context
async def show(context: Context, name: str) -> None:
    """One account; your own, or as an administrator any."""
    async with context.session() as session:
        user = await session.people.show(name)
    _page(context, user)


@group.verb(
    "edit",
    examples=["rhythm user edit --full-name 'Ada Example'", "rhythm user edit --time-zone Europe/London"],
)
@click.option("--full-name", help="Your full name.")
@click.option("--time-zone", help="Where your days begin and end.")
@operation_option
@pass_context
async def edit(context: Context, full_name: str | None, time_zone: str | None) -> None:
    """Change your own account."""
    if full_name is None and time_zone is None:
        raise click.UsageError("Nothing to change: give --full-name or --time-zone.")
    with parts(context) as part:
        async with context.session() as session:
            if full_name is not None:
                await session.people.set_display_name(full_name, operation=part("name"))
            if time_zone is not None:
                await session.people.set_time_zone(time_zone, operation=part("zone"))
            me = await session.people.me()
    context.out.done(f"Changed the account of {me.name}.", me)


@group.verb("deactivate", examples=["rhythm user deactivate ada"])
@click.argument("name")
@yes_option
@operation_option
@pass_context
async def deactivate(context: Context, name: str, yes: bool) -> None:
    """End an account; what its person did stays. You become the owner of projects left without one."""
    async with context.session() as session:
        confirm(f"Deactivate {name}, and sign them out everywhere?", yes=yes)
        user = await session.people.deactivate(name, operation=context.operation)
    context.out.done(f"Deactivated {user.name}.", user)


@group.verb("reactivate", examples=["rhythm user reactivate ada"])
@click.argument("name")
@operation_option
@pass_context
async def reactivate(context: Context, name: str) -> None:
    """Open an account again."""
    async with context.session() as session:
        user = await session.people.reactivate(name, operation=context.operation)
    context.out.done(f"Reactivated {user.name}.", user)


@group.verb("password", examples=["rhythm user password"])
@operation_option
@pass_context
async def password(context: Context) -> None:
    """Change your own password; your other sessions end."""
    old = PasswordSource(False, None).read(label="Present password")
    new = PasswordSource(False, None).read(new=True)
    async with context.session() as session:
        await session.people.change_password(old, new, operation=context.operation)
    context.out.done("Changed your password.")


@group.verb("set-password", examples=["rhythm user set-password ada --password-file new-password"])
@click.argument("name")
@password_options
@operation_option
@pass_context
async def set_password(context: Context, name: str, password: PasswordSource) -> None:
    """Give somebody a password and sign them out everywhere. `rhythm user invite` lets them choose."""
    async with context.session() as session:
        user = await session.people.set_password(name, password.read(new=True), operation=context.operation)
    context.out.done(f"{user.name} has a new password, and is signed out everywhere.", user)


@group.verb("set-admin", examples=["rhythm user set-admin ada", "rhythm user set-admin ada --no"])
@click.argument("name")
@click.option("--no", "withdraw", is_flag=True, help="They administer no longer.")
@operation_option
@pass_context
async def set_admin(context: Context, name: str, withdraw: bool) -> None:
    """Make somebody an administrator of this instance, or no longer one."""
    async with context.session() as session:
        user = await session.people.set_admin(name, not withdraw, operation=context.operation)
    verb = "administers this instance now" if user.admin else "is no administrator now"
    context.out.done(f"{user.name} {verb}.", user)


@group.verb("sessions", examples=["rhythm user sessions", "rhythm user sessions ada"])
@click.argument("name", required=False)
@pass_context
async def sessions(context: Context, name: str | None) -> None:
    """Where you are signed in; as an administrator, where anybody is."""
    async with context.session() as session:
        found = await (session.people.sessions_of(name) if name else session.people.sessions())
    context.out.table(_SESSIONS, found, empty="Nowhere.")


@group.verb("end-sessions", examples=["rhythm user end-sessions", "rhythm user end-sessions ada"])
@click.argument("name", required=False)
@operation_option
@pass_context
async def end_sessions(context: Context, name: str | None) -> None:
    """Sign yourself out everywhere else; as an administrator, anybody everywhere, tokens included."""
    async with context.session() as session:
        ended = await (
            session.people.end_sessions_of(name, operation=context.operation)
            if name
            else session.people.end_sessions(operation=context.operation)
        )
    context.out.done(f"Ended {counted(ended, 'session')}.", {"ended": ended})
