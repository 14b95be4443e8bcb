"""Deployments: what was put where, and what became of it."""
