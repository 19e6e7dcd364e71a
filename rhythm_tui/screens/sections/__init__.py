"""The sections of the settings: each a list of one kind of thing, and what one does with it."""
