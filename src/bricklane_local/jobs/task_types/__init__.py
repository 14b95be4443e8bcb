"""Types of tasks: a file for each, and a line for each in ``table.py``."""
