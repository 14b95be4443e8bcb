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
    return [*lines, *(requirement(library) for library in libraries)]


def requirement(library: dict[str, Any]) -> str:
    """Return the requirement line of a library.

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
        return str(library["pypi"]["package"])
    if library.get("requirements"):
        return f"-r {library['requirements']}"
    if library.get("whl"):
        return str(library["whl"])
    raise SourceError(f"The library {library} is of no known kind")
