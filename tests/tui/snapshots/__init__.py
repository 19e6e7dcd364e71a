"""Snapshots: every screen as it looks, over the demo at one moment for ever.

A snapshot is what stands in every cell and how it looks there (`Picture.described`): the text, to be read in
a diff, below it a letter for each character's look, then what the letters mean. A comparison of SVG files
would fail with Rich's template, its fonts and the order of its style classes, and nobody can read their diff;
this one fails only where a person would see something else.

`pytest -n 0 tests/tui/snapshots --snapshot-update` writes them anew and removes those that no test asks for.
With RHYTHM_TEST_PICTURES=FOLDER each is also drawn there as SVG, to be looked at.
"""
