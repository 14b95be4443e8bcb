"""Pages for people: a repository, its pull requests, releases and commits as HTML."""
