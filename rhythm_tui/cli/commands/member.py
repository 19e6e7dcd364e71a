"""`rhythm member`: who is in a project, and as what."""

from __future__ import annotations

import click

from rhythm_domain.models import Member, Role
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.operation import operation_option
from rhythm_tui.cli.prompts import confirm, yes_option
from rhythm_tui.cli.table import Column

group = Noun("member", help="Who is in a project, in which role.")

COLUMNS: list[Column[Member]] = [
    Column("user", lambda member: member.user.name, "bold"),
    Column("name", lambda member: member.user.display_name, shrink=1),
    Column("role", lambda member: member.role),
    Column("since", lambda member: member.since, "dim"),
    Column(
        "state", lambda member: _state(member), lambda member: "" if _state(member) == "active" else "dim"
    ),
    Column("until", lambda member: member.ended_at, "dim"),
]

_role = click.Choice([role.value for role in Role], case_sensitive=False)


def _state(member: Member) -> str:
    if member.ended_at:
        return "left"
    return "active" if member.active else "deactivated"


@group.verb("list", examples=["rhythm member list CORE", "rhythm member list CORE --former --json"])
@click.argument("key")
@click.option("--former", is_flag=True, help="Those who left, too.")
@pass_context
async def list_members(context: Context, key: str, former: bool) -> None:
    """The members of a project, owners first."""
    async with context.session() as session:
        members = await session.members.list(key, former=former)
    context.out.table(COLUMNS, members, empty="Nobody.")


@group.verb("add", examples=["rhythm member add CORE ada member"])
@click.argument("key")
@click.argument("user")
@click.argument("role", type=_role)
@operation_option
@pass_context
async def add(context: Context, key: str, user: str, role: str) -> None:
    """Make a person a member of a project.

    ROLE is viewer, member, maintainer or owner.
    """
    async with context.session() as session:
        member = await session.members.add(key, user, Role(role), operation=context.operation)
    context.out.done(f"{member.user.name} is in {key.upper()} now, as {member.role}.", member)


@group.verb("set-role", examples=["rhythm member set-role CORE ada maintainer"])
@click.argument("key")
@click.argument("user")
@click.argument("role", type=_role)
@operation_option
@pass_context
async def set_role(context: Context, key: str, user: str, role: str) -> None:
    """Give a member another role. Anyone may lower their own."""
    async with context.session() as session:
        member = await session.members.set_role(key, user, Role(role), operation=context.operation)
    context.out.done(f"{member.user.name} is {member.role} in {key.upper()} now.", member)


@group.verb("remove", examples=["rhythm member remove CORE ada --yes"])
@click.argument("key")
@click.argument("user")
@yes_option
@operation_option
@pass_context
async def remove(context: Context, key: str, user: str, yes: bool) -> None:
    """End a membership: the person's open issues are nobody's then. Anyone may remove themselves."""
    async with context.session() as session:
        confirm(f"Remove {user} from {key.upper()}, and from their open issues there?", yes=yes)
        await session.members.remove(key, user, operation=context.operation)
    context.out.done(f"{user} is no member of {key.upper()} any more.")


@group.verb("transfer", examples=["rhythm member transfer CORE ada"])
@click.argument("key")
@click.argument("user")
@yes_option
@operation_option
@pass_context
async def transfer(context: Context, key: str, user: str, yes: bool) -> None:
    """Hand a project over: the member becomes its owner, and you its maintainer."""
    async with context.session() as session:
        confirm(f"Make {user} the owner of {key.upper()}, and yourself its maintainer?", yes=yes)
        member = await session.members.transfer(key, user, operation=context.operation)
    context.out.done(f"{member.user.name} owns {key.upper()} now.", member)
