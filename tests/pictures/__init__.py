"""What the app looks like: the demo at one moment for ever, pictures of it, and those of the README."""
