"""Secret scopes, their secrets and their access control lists."""
