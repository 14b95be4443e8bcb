"""Secrets, which can be written but never read back, and variables, which can."""
