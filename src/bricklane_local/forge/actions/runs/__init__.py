"""Workflow runs and their jobs: what is remembered, and what happens next."""
