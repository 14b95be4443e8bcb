"""The GitFlow engine: branch kinds as rows, versions from tags, flows as lists of steps."""
