"""Used by all bundles of the repository."""

MOST = 5000
