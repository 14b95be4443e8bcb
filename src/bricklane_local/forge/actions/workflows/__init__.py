"""Workflow files: read, checked, and matched with events."""
