"""The commands, a module for each noun; `main.py` loads the one that runs."""
