"""GitFlow delivery for Databricks that can be rehearsed end to end on a laptop."""

__version__ = "0.1.0"
