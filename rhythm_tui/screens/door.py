"""The doors for somebody who is not signed in: signing in, joining with a code, being the first."""

from __future__ import annotations

from typing import Literal

from rhythm_domain.errors import Invalid
from rhythm_domain.services.accounts import SignedIn
from rhythm_domain.session import Tracker
from rhythm_domain.text import shown
from rhythm_tui.commanding import handles
from rhythm_tui.person import system_person
from rhythm_tui.screens.form import Entry, Form, Values

Way = Literal["sign in", "join", "first"]

OTHER: dict[Way, Way] = {"sign in": "join", "join": "sign in", "first": "join"}
"""Where `form.other` leads to from each door."""


class Door(Form[SignedIn]):
    """A form that ends with a session. Dismissed with None when the other door is wanted."""

    def __init__(
        self, tracker: Tracker, way: Way, *, words: str = "", name: str = "", once: bool = False
    ) -> None:
        self._tracker, self.way = tracker, way
        entries, title, save = _FORMS[way](name)
        other = "" if once else f" · ^o {_OTHERS[way]}"
        self._keys = f"enter next, then {save}{other} · ^q leave"
        self._once = once
        super().__init__(title, entries, self._enter, words=words or _WORDS[way], save=save)

    def keys_in(self, entry: Entry, *, last: bool) -> str:
        return self._keys

    def on_mount(self) -> None:
        if self._entries.get("name", Entry("", "")).value:
            self.query_one("#field-password").focus()

    @handles("form.other")
    def other(self) -> None:
        if not self._once:
            self.dismiss(None)

    @handles("form.cancel")
    def cancel(self) -> None:
        """There is nothing behind this door to go back to."""

    async def _enter(self, values: Values) -> SignedIn:
        accounts, source = self._tracker.accounts, system_person().source
        match self.way:
            case "sign in":
                return await accounts.sign_in(values["name"], values["password"], source=source)
            case "join":
                _same(values)
                return await accounts.join(values["code"].strip(), values["password"], source=source)
            case "first":
                _same(values)
                return await accounts.first_administrator(
                    values["name"], values["display name"], values["password"], source=source
                )


def _same(values: Values) -> None:
    if values["password"] != values["again"]:
        raise Invalid("These two are not the same.", field="again", hint="Type it once more.")


def _password(label: str = "Password") -> list[Entry]:
    return [
        Entry("password", label, secret=True, hint="8 characters or more"),
        Entry("again", "Once more", secret=True),
    ]


def _sign_in(name: str) -> tuple[list[Entry], str, str]:
    entries = [Entry("name", "User name", name), Entry("password", "Password", secret=True)]
    return entries, "Sign in", "sign in"


def _join(_name: str) -> tuple[list[Entry], str, str]:
    entries = [Entry("code", "Code", hint="7KQ2-94MD-…"), *_password("New password")]
    return entries, "Join with a code", "join"


def _first(_name: str) -> tuple[list[Entry], str, str]:
    me = system_person()
    full_name = me.full_name if me.full_name != me.name else ""
    entries = [
        Entry("name", "User name", hint=shown(me.name)),
        Entry("display name", "Full name", full_name, hint="Ada Example"),
        *_password(),
    ]
    return entries, "Be the first", "set it up"


_FORMS = {"sign in": _sign_in, "join": _join, "first": _first}
_WORDS: dict[Way, str] = {
    "sign in": "",
    "join": "An administrator gave you a code. With it and a password of your own the account is yours.",
    "first": "Nobody administers this instance yet: its first administrator is you. You can add the others.",
}
_OTHERS: dict[Way, str] = {"sign in": "I have a join code", "join": "sign in", "first": "I have a join code"}
