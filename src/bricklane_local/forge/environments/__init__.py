"""Environments: what a job must pass before it may deploy."""
