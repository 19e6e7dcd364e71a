"""How things look: models -> signs, words, colours, pieces and pages; pure."""
