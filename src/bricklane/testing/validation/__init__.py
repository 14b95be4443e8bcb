"""Checks of notebooks, scripts and SQL files that run nothing."""
