"""GitHub, GitHub Enterprise, and whatever else answers their REST API."""
