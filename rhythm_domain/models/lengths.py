"""How long texts may be, in characters."""

TITLE_LENGTH = 250
TEXT_LENGTH = 100_000
NAME_LENGTH = 100
