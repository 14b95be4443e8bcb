"""Pipelines: their definitions, their updates, their event logs, and what runs them."""
