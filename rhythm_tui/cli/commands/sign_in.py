"""`rhythm login`, `join`, `logout`, `whoami`: who a person is at this instance, and staying signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rhythm_domain.errors import Invalid, NotSignedIn
from rhythm_tui.cli.command import Verb, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.prompts import PasswordSource, password_options
from rhythm_tui.person import system_person

if TYPE_CHECKING:
    from rhythm_domain.services.accounts import SignedIn


@click.command(
    cls=Verb,
    examples=[
        "rhythm login ada",
        "rhythm login ada --password-stdin < password",
        "rhythm login ada --set-up      # the first administrator of a new instance",
    ],
)
@click.argument("name")
@click.option("--set-up", is_flag=True, help="Become the first administrator of a new instance.")
@click.option("--full-name", default="", help="Your full name, with --set-up.")
@password_options
@pass_context
async def login(context: Context, name: str, set_up: bool, full_name: str, password: PasswordSource) -> None:
    """Sign in by name and password, and stay signed in on this machine."""
    source = system_person().source
    async with context.tracker() as tracker:
        empty = await tracker.accounts.needs_setup()
        if empty and not set_up:
            raise Invalid(
                "Nobody administers this instance yet.", hint=f"Be the first: rhythm login {name} --set-up"
            )
        secret = password.read(new=set_up and empty)
        signed_in = (
            await tracker.accounts.first_administrator(name, full_name, secret, source=source)
            if set_up
            else await tracker.accounts.sign_in(name, secret, source=source)
        )
        _keep(context, signed_in)


@click.command(cls=Verb, examples=["rhythm join 7KQ2-94MD-..."])
@click.argument("code", required=False)
@password_options
@pass_context
async def join(context: Context, code: str | None, password: PasswordSource) -> None:
    """Take the account that you were given a code for, with a password of your own.

    `rhythm user add` prints such a code; it is good once, for seven days. It is asked for if it is not given.
    """
    code = code or click.prompt("Code", err=True)
    async with context.tracker() as tracker:
        while True:
            secret = password.read(new=True)
            try:
                _keep(context, await tracker.accounts.join(code, secret, source=system_person().source))
            except Invalid as refused:
                if not password.asks:
                    raise
                context.out.note(f"{refused.message} {refused.hint}")  # The code is still good.
            else:
                return


def _keep(context: Context, signed_in: SignedIn) -> None:
    context.remember(signed_in.token)
    user = signed_in.session.user
    context.out.done(f"Signed in as {user.name} ({user.display_name}).", user)
    if context.settings.token:
        context.out.note("RHYTHM_TOKEN is set, too, and comes first: unset it to be who you signed in as.")


@click.command(cls=Verb, examples=["rhythm logout", "rhythm logout --everywhere"])
@click.option("--everywhere", is_flag=True, help="End your sessions on other machines, too.")
@pass_context
async def logout(context: Context, everywhere: bool) -> None:
    """Sign out on this machine."""
    try:
        async with context.session() as session:
            if everywhere:
                await session.people.end_sessions()
            await session.people.sign_out()
    except NotSignedIn:
        if context.instance_name not in context.remembered:
            raise  # Else it had ended already, and only has to be forgotten.
    context.remember(None)
    context.out.done("Signed out.")


@click.command(cls=Verb, examples=["rhythm whoami", "rhythm whoami --json | jq -r .name"])
@pass_context
async def whoami(context: Context) -> None:
    """Who you are at this instance, and where that is."""
    async with context.session() as session:
        me = await session.people.me()
    context.out.details(
        me,
        [
            ("User", me.name),
            ("Name", me.display_name),
            ("Administrator", "yes" if me.admin else "no"),
            ("Time zone", me.time_zone),
            ("Instance", context.instance_name),
        ],
    )
