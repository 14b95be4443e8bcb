"""Access control lists of workspace objects."""
