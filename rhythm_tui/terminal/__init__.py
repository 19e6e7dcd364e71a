"""Between the app and the terminal: what comes in, what goes out, how it ends."""
