"""Rhythm's domain: the tracker itself. It knows nothing of terminals and never imports Textual."""
