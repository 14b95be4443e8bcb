"""GitHub Actions: events start runs, the forge plans their jobs, act executes each."""
