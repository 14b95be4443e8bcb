"""Which Python packages a task asks for: its environment's dependencies and its libraries.

Source: https://docs.databricks.com/api/workspace/jobs/create (``environments``, ``libraries``).
"""

from __future__ import annotations

from typing import Any

from bricklane_local.compute.sources import SourceError

# Kinds of libraries that nothing here can install; what installs jars is the program of a task.
REFUSED = ("egg", "maven", "cran")
JAR = "jar"


def dependencies_of(
    settings: dict[str, Any], task: dict[str, Any], *, jars: bool = False
) -> list[str]:
    """Return requirement lines for a task, with paths as the job writes them.

    Args:
        settings: of the job.
        task: of which.
        jars: the task runs on jars, which are therefore left out and not refused.

    Raises:
        SourceError: for a library of a kind that cannot be installed.
    """
    lines = [
        line for spec in _environments(settings, task) for line in spec.get("dependencies") or []
    ]
    wanted = [item for item in _libraries(settings, task) if not (jars and item.get(JAR))]
    return [*lines, *(line for library in wanted for line in requirements_of(library))]


def jars_of(settings: dict[str, Any], task: dict[str, Any], cluster: dict[str, Any]) -> list[str]:
    """Return the jars of a task, with paths as they were written.

    Args:
        settings: of the job.
        task: of which.
        cluster: that the task names, whose libraries it has; empty for none.
    """
    installed = [item["library"] for item in cluster.get("_libraries") or []]
    libraries = [*installed, *_libraries(settings, task)]
    paths = [str(library[JAR]) for library in libraries if library.get(JAR)]
    for spec in _environments(settings, task):
        paths += [str(path) for path in spec.get("java_dependencies") or []]
    return list(dict.fromkeys(paths))


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
    if library.get(JAR):
        raise SourceError(
            f"The library jar {library[JAR]} cannot be used here: the local workspace has jars in "
            "tasks of the types spark_jar_task and spark_submit_task only, which have a Spark of "
            "their own"
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
