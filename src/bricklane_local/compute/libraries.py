"""What a task asks for beyond what every task has: dependencies of its environment, libraries.

Source: https://docs.databricks.com/api/workspace/jobs/create (``environments``, ``libraries``).
"""

from __future__ import annotations

from typing import Any

from bricklane_local.compute.sources import SourceError

# Kinds of libraries that nothing here can install.
REFUSED = ("egg", "cran")
# Kinds that are for the Java virtual machine.
JAR, MAVEN = "jar", "maven"


def dependencies_of(
    settings: dict[str, Any], task: dict[str, Any], *, jars: bool = False
) -> list[str]:
    """Return requirement lines for a task, with paths as the job writes them.

    Args:
        settings: of the job.
        task: of which.
        jars: the task has use for jars, which are therefore left out and not refused.

    Raises:
        SourceError: for a library of a kind that cannot be installed.
    """
    lines = [
        line for spec in _environments(settings, task) for line in spec.get("dependencies") or []
    ]
    wanted = [item for item in _libraries(settings, task) if not (jars and of_java(item))]
    return [*lines, *(line for library in wanted for line in requirements_of(library))]


def of_java(library: dict[str, Any]) -> bool:
    """Say whether a library is one of the Java virtual machine: a jar, or Maven coordinates."""
    return bool(library.get(JAR) or library.get(MAVEN))


def java_libraries_of(
    settings: dict[str, Any], task: dict[str, Any], installed: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the libraries of a task for the Java virtual machine, with paths as they were written.

    Args:
        settings: of the job.
        task: of which.
        installed: libraries of the cluster that the task names.
    """
    found = [item for item in [*installed, *_libraries(settings, task)] if of_java(item)]
    for spec in _environments(settings, task):
        found += [{JAR: path} for path in spec.get("java_dependencies") or []]
    return [item for number, item in enumerate(found) if item not in found[:number]]


def _environments(settings: dict[str, Any], task: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        environment.get("spec") or {}
        for environment in settings.get("environments") or []
        if environment.get("environment_key") == task.get("environment_key")
    ]


def _libraries(settings: dict[str, Any], task: dict[str, Any]) -> list[dict[str, Any]]:
    clusters = {item.get("job_cluster_key"): item for item in settings.get("job_clusters") or []}
    cluster = clusters.get(task.get("job_cluster_key")) or {}
    return [*(cluster.get("libraries") or []), *(task.get("libraries") or [])]


def requirements_of(library: dict[str, Any]) -> list[str]:
    """Return the requirement lines of a library.

    A library's own index is looked through before others, and for the other packages too: all that
    a task asks for is resolved at once.

    Raises:
        SourceError: it is of a kind that cannot be installed.
    """
    if of_java(library):
        name = library.get(JAR) or library[MAVEN].get("coordinates")
        raise SourceError(
            f"The library {name} cannot be used here: this task runs nothing in the Java virtual "
            "machine"
        )
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
