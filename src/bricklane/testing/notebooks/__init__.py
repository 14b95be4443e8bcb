"""Notebooks run by tests: in the test's process, on its Spark, with stand-ins for the workspace."""
