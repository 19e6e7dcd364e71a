"""The shared instance: many people over SSH, each in a process of their own."""
