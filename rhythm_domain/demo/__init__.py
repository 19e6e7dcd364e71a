"""A workspace to try Rhythm on: some made-up teams at work, and any number of issues beside them."""
