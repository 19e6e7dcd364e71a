"""`rhythm token`: access tokens with which scripts do what a person may."""

from __future__ import annotations

import click

from rhythm_domain.models.access import AccessToken
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.operation import operation_option
from rhythm_tui.cli.table import Column
from rhythm_tui.looks.wording import relative_time

group = Noun("token", help="Access tokens for scripts: RHYTHM_TOKEN.")

_COLUMNS: list[Column[AccessToken]] = [
    Column("name", lambda token: token.name, "bold", shrink=1),
    Column("may", lambda token: "read" if token.read_only else "read and write"),
    Column("created", lambda token: token.created_at, "dim"),
    Column("last used", lambda token: token.last_used_at or "never", "dim"),
    Column("ends", lambda token: token.expires_at or "never"),
    Column("state", lambda token: "revoked" if token.revoked_at else "", "red"),
]


@group.verb(
    "create",
    examples=[
        "rhythm token create nightly-report --read-only --days 30",
        "export RHYTHM_TOKEN=$(rhythm token create ci)",
    ],
)
@click.argument("name")
@click.option("--days", default=90, show_default=True, help="How long it is good; 1 to 366.")
@click.option("--read-only", is_flag=True, help="It may change nothing.")
@operation_option
@pass_context
async def create(context: Context, name: str, days: int, read_only: bool) -> None:
    """Make a token; its text is printed this once."""
    async with context.session() as session:
        token, text = await session.people.create_token(
            name, days, read_only=read_only, operation=context.operation
        )
    if context.out.as_json:
        context.out.document({"token": text, "about": token})
        return
    context.out.done(text)
    context.out.note(
        f"Keep it now: it is shown only once. It ends {relative_time(token.expires_at, context.out.now())}."
    )


@group.verb("list", examples=["rhythm token list"])
@pass_context
async def list_tokens(context: Context) -> None:
    """Your tokens, the newest first; those that ended too."""
    async with context.session() as session:
        tokens = await session.people.tokens()
    context.out.table(_COLUMNS, tokens, empty="You have no token. Make one: rhythm token create NAME")


@group.verb("revoke", examples=["rhythm token revoke nightly-report"])
@click.argument("name")
@operation_option
@pass_context
async def revoke(context: Context, name: str) -> None:
    """End a token at once."""
    async with context.session() as session:
        await session.people.revoke_token(name, operation=context.operation)
    context.out.done(f"Revoked the token {name}.")
