"""Pages of runs for people."""
