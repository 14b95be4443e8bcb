"""Pages for people: jobs and runs as HTML."""
