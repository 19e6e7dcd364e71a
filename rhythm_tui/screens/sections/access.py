"""What opens one's account: sign-ins, access tokens for scripts, SSH keys."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime

from textual.content import Content

from rhythm_domain.errors import Invalid
from rhythm_domain.models.access import AccessToken, SignIn, SignInKind, SshKey
from rhythm_domain.text import shown
from rhythm_tui.clock import now
from rhythm_tui.looks.columns import View
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import counted, relative_time
from rhythm_tui.screens.confirm import Confirm
from rhythm_tui.screens.form import Entry, Form, Values
from rhythm_tui.screens.once import Once
from rhythm_tui.screens.sections.section import Section
from rhythm_tui.widgets.choice_line import Way
from rhythm_tui.widgets.listing import Field

_KINDS = {
    SignInKind.LOCAL: "this machine's owner",
    SignInKind.PASSWORD: "password",
    SignInKind.TOKEN: "access token",
    SignInKind.KEY: "SSH key",
}


def _by(sign_in: SignIn, _: View) -> list[Piece]:
    here = [Piece("  this one", "success")] if sign_in.current else []
    return [Piece(_KINDS[sign_in.kind]), *here]


def _ends(sign_in: SignIn, view: View) -> list[Piece]:
    return [Piece(relative_time(sign_in.expires_at, view.now) or "never", "muted")]


class SignInsSection(Section[SignIn]):
    """Where one is signed in."""

    name, noun = "Sign-ins", "sign-in"
    words = "Where you are signed in. d signs you out everywhere else."
    of_project = False
    cannot = {  # noqa: RUF012 - a constant
        "add": "a sign-in is made by signing in",
        "edit": "a sign-in can only be ended",
    }
    fields = (
        Field("SIGNED IN BY", 32, _by),
        Field("FROM", None, lambda one, _: [Piece(shown(one.source), "muted")], least=10),
        Field("LAST SEEN", 11, lambda one, view: [Piece(relative_time(one.last_seen_at, view.now))], keep=90),
        Field("ENDS UNUSED", 11, _ends, keep=40),
    )

    async def read(self) -> Sequence[SignIn]:
        return await self.session.people.sessions()

    def identity(self, item: SignIn) -> Hashable:
        return item.id

    def sought(self, item: SignIn) -> str:
        return f"{item.source} {item.kind}"

    async def remove(self, item: SignIn) -> None:
        sure = await self.ask(
            Confirm("Sign out everywhere else?", "All your other sign-ins end at once.", yes="sign out")
        )
        if sure:
            ended = await self.write(lambda operation: self.session.people.end_sessions(operation=operation))
            self.say(f"{counted(ended, 'sign-in')} ended")


def _state(token: AccessToken, view: View) -> list[Piece]:
    if token.revoked_at:
        return [Piece(f"revoked {relative_time(token.revoked_at, view.now)}", "muted")]
    if token.expires_at and token.expires_at < view.now:
        return [Piece(f"ended {relative_time(token.expires_at, view.now)}", "muted")]
    ends = relative_time(token.expires_at, view.now)
    return [Piece(f"ends {ends}" if ends else "does not end")]


def _used(at: datetime | None, view: View) -> list[Piece]:
    return [Piece(relative_time(at, view.now) or "never", "muted")]


class TokensSection(Section[AccessToken]):
    """Keys for scripts."""

    name, noun = "Tokens", "token"
    words = "What a script signs in with, as RHYTHM_TOKEN: it may do what you may, or only read."
    empty = "No access tokens. + makes one for a script."
    of_project = False
    cannot = {"edit": "a token can't be changed: + makes another"}  # noqa: RUF012 - a constant
    fields = (
        Field("TOKEN", None, lambda token, _: [Piece(shown(token.name), bold=True)], least=16),
        Field("MAY", 15, lambda token, _: [Piece("only read" if token.read_only else "what you may")]),
        Field("STATE", 20, _state),
        Field("LAST USED", 11, lambda token, view: _used(token.last_used_at, view), keep=40),
    )

    async def read(self) -> Sequence[AccessToken]:
        return await self.session.people.tokens()

    def identity(self, item: AccessToken) -> Hashable:
        return item.id

    def sought(self, item: AccessToken) -> str:
        return item.name

    def faded(self, item: AccessToken) -> bool:
        return item.revoked_at is not None or bool(item.expires_at and item.expires_at < now())

    def why_not(self, action: str, item: AccessToken | None) -> str | None:
        if action == "remove" and item is not None and self.faded(item):
            return "it opens nothing any more"
        return super().why_not(action, item)

    async def add(self) -> None:
        async def accept(values: Values) -> tuple[AccessToken, str]:
            days = values["days"].strip()
            if not days.isascii() or not days.isdigit():
                raise Invalid("Say for how many days, as a number.", field="days", hint="1 to 366.")
            return await self.write(
                lambda operation: self.session.people.create_token(
                    values["name"], int(days), read_only=values["may"] == "read", operation=operation
                )
            )

        ways = [Way("", Content("what you may")), Way("read", Content("only read"))]
        made = await self.ask(
            Form(
                "New access token",
                [
                    Entry("name", "Name", hint="what will use it: nightly report"),
                    Entry("may", "May", ways=ways),
                    Entry("days", "Days", "90", hint="1 to 366", suggested=True),
                ],
                accept,
                save="make it",
            )
        )
        if made is not None:
            token, secret = made
            await self.ask(
                Once(f"Token {token.name}", secret, "Set it as RHYTHM_TOKEN. It is shown only now.")
            )

    async def remove(self, item: AccessToken) -> None:
        words = "What signs in with it is out at once. It can't be brought back."
        if await self.ask(Confirm(f"Revoke {item.name}?", words, yes="revoke")):
            await self.write(
                lambda operation: self.session.people.revoke_token(item.name, operation=operation)
            )
            self.say(f"{shown(item.name)} opens nothing any more")


class KeysSection(Section[SshKey]):
    """Public keys for a shared instance."""

    name, noun = "SSH keys", "key"
    words = "Public keys that you sign in with where Rhythm is shared over SSH."
    empty = "No SSH keys. + adds the public one of yours, from ~/.ssh/*.pub."
    of_project = False
    cannot = {"edit": "a key can't be changed: remove it, and add another"}  # noqa: RUF012 - a constant
    fields = (
        Field("KEY", 22, lambda key, _: [Piece(shown(key.name), bold=True)]),
        Field("KIND", 13, lambda key, _: [Piece(shown(key.kind.removeprefix("ssh-")), "muted")], keep=30),
        Field("FINGERPRINT", None, lambda key, _: [Piece(shown(key.fingerprint), "muted")], least=20),
        Field("LAST USED", 11, lambda key, view: _used(key.last_used_at, view), keep=60),
    )

    async def read(self) -> Sequence[SshKey]:
        return await self.session.people.ssh_keys()

    def identity(self, item: SshKey) -> Hashable:
        return item.id

    def sought(self, item: SshKey) -> str:
        return f"{item.name} {item.fingerprint}"

    async def add(self) -> None:
        async def accept(values: Values) -> SshKey:
            return await self.write(
                lambda operation: self.session.people.add_ssh_key(
                    values["name"], values["key"].strip(), operation=operation
                )
            )

        entries = [
            Entry("key", "Public key", hint="paste it: ssh-ed25519 AAAA… you@laptop"),
            Entry("name", "Name", hint="its comment, if you say nothing"),
        ]
        if added := await self.ask(Form("Add an SSH key", entries, accept, save="add")):
            self.say(f"{shown(added.name)} opens your account now")

    async def remove(self, item: SshKey) -> None:
        words = "Whoever is signed in by it is out at once."
        if await self.ask(Confirm(f"Remove the key {item.name}?", words, yes="remove")):
            await self.write(
                lambda operation: self.session.people.remove_ssh_key(item.fingerprint, operation=operation)
            )
            self.say(f"{shown(item.name)} opens nothing any more")
