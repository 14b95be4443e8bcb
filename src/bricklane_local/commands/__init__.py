"""Command execution (API 1.2): Python and SQL commands on clusters."""
