"""The rules, one module per capability. Services never see the pool: the guard is their one door."""
