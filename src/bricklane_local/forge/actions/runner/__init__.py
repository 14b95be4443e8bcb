"""Executing one job by act."""
