"""Forges: where a repository, its pull requests and its deployments live."""
