"""The command line: thin verbs over `rhythm_domain.session.Session`. It never imports Textual."""
