"""Looking after an instance as a whole: its backups, its health, its queries' plans, its search index.

It is for whoever holds the database's URL, and asks nobody to sign in; the tracker itself never needs it.
"""
