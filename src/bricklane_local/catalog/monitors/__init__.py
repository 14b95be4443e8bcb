"""Quality monitors of tables."""
