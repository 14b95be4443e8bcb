"""Which Python packages a task asks for: its environment's dependencies and its libraries.

Source: https://docs.databricks.com/api/workspace/jobs/create (``environments``, ``libraries``).
"""

from __future__ import annotations

from typing import Any

from bricklane_local.compute.sources import SourceError

# Kinds of libraries that name something Python can install.
REFUSED = ("jar", "egg", "maven", "cran")


def dependencies_of(settings: dict[str, Any], task: dict[str, Any]) -> list[str]:
    """Return requirement lines for a task, with paths as the job writes them.

    Raises:
        SourceError: for a library of a kind that cannot be installed.
    """
    lines = [
        line
        for environment in settings.get("environments") or []
        if environment.get("environment_key") == task.get("environment_key")
        for line in (environment.get("spec") or {}).get("dependencies") or []
    ]
    clusters = {item.get("job_cluster_key"): item for item in settings.get("job_clusters") or []}
    cluster = clusters.get(task.get("job_cluster_key")) or {}
    libraries = [*(cluster.get("libraries") or []), *(task.get("libraries") or [])]
    return [*lines, *(line for library in libraries for line in requirements_of(library))]


def requirements_of(library: dict[str, Any]) -> list[str]:
    """Return the requirement lines of a library.

    A library's own index is looked through before others, and for the other packages too: all that
    a task asks for is resolved at once.

    Raises:
        SourceError: it is of a kind that cannot be installed.
    """
    for kind in REFUSED:
        if library.get(kind):
            raise SourceError(
                f"The library {kind} {library[kind]} cannot be installed by the local workspace; "
                "it installs whl, pypi and requirements"
            )
    if library.get("pypi"):
        repository = library["pypi"].get("repo")
        index = [f"--extra-index-url {repository}"] if repository else []
        return [*index, str(library["pypi"]["package"])]
    if library.get("requirements"):
        return [f"-r {library['requirements']}"]
    if library.get("whl"):
        return [str(library["whl"])]
    raise SourceError(f"The library {library} is of no known kind")
