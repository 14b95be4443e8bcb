"""Runs notebooks: parses them, executes their cells in an IPython shell, records the outputs."""
