"""Compute: Spark, the worker processes of runs, and the Python environments they run in."""
