"""Primary and foreign keys of tables, which are informational."""
