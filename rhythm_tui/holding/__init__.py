"""What views hold: stretches of lists, decks of cards, lanes, plans, versions of a text; pure."""
