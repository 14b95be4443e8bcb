"""Git for the forge: bare repositories, pushes and fetches over HTTP, and merging."""
