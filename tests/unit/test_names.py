"""Names that are kept of what was read."""

from __future__ import annotations

import pytest

from rhythm_domain.models import LabelRef
from rhythm_domain.names import Labelled

BUG, UI = LabelRef(name="Bug", colour="red"), LabelRef(name="ui", colour="blue")


def test_labels_are_put_together_in_their_order_without_those_that_are_gone() -> None:
    labelled = Labelled()
    labelled.known |= {7: ("ui", UI), 8: None, 9: ("bug", BUG)}
    assert labelled["{7,8,9}"] == (BUG, UI)
    assert labelled["{8}"] == labelled["{}"] == ()


def test_labels_are_put_together_only_if_all_are_known() -> None:
    labelled = Labelled()
    labelled.known[7] = ("ui", UI)
    with pytest.raises(KeyError):
        labelled["{7,8}"]
    labelled.known[8] = ("bug", BUG)
    assert labelled["{7,8}"] == (BUG, UI)
