"""Jars by Maven coordinates, with what they depend on, fetched once for each set of libraries."""

from bricklane_local.compute.maven.library import MavenLibrary
from bricklane_local.compute.maven.store import MavenLibraries

__all__ = ["MavenLibraries", "MavenLibrary"]
