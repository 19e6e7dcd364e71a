"""Programs that measure and strain Rhythm, run by hand: `python -m tests.benchmarks.stress --help`."""
