"""Hints for guests of a shared instance."""

from __future__ import annotations

import pytest

from rhythm_domain.errors import NotFound, NotSignedIn, SchemaMismatch, Unavailable
from rhythm_tui.hosting.advice import HELP, for_guests


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (NotSignedIn.hint, HELP),
        (SchemaMismatch.hint, HELP),
        (Unavailable.hint, f"Nothing was saved. Try again. {HELP}"),
        ("Create it with `createdb`, then run `rhythm db migrate`.", HELP),
        (NotFound.hint, NotFound.hint),
        ("`rhythm issue list --help` shows how.", "`rhythm issue list --help` shows how."),
        ("`rhythm --help` shows how.", "`rhythm --help` shows how."),
        ("", ""),
    ],
)
def test_no_hint_names_a_command_that_is_not_there(hint: str, said: str) -> None:
    assert for_guests(hint) == said
