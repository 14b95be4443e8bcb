"""Spark for tests: one warm server on this machine, or wherever a run says; isolation of tests."""
