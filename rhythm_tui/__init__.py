"""Rhythm in the terminal: the full-screen app and the command line, two faces of `rhythm_domain`."""
