"""JAR tasks call the main method of a class, in a Java virtual machine of their own.

Source: https://docs.databricks.com/api/workspace/jobs/create (``spark_jar_task``) and
https://docs.databricks.com/en/jobs/jar.html.
"""

from __future__ import annotations

import os
from pathlib import Path

from bricklane_local.app.errors import invalid
from bricklane_local.compute.claims import cluster_of
from bricklane_local.jobs.execution import Attempt
from bricklane_local.jobs.task_types.task_type import Body, TaskType
from bricklane_local.jobs.task_types.worker import in_worker, logs

NAME = "spark_jar_task"


def _check(key: str, body: Body) -> None:
    if body.get("jar_uri"):
        raise invalid(
            f"Task {key}: {NAME}.jar_uri is deprecated and not supported: name the jar in the "
            "task's libraries, or in java_dependencies of its environment"
        )
    if body.get("run_as_repl") is False:
        raise invalid(f"Task {key}: {NAME}.run_as_repl can no longer be false")


def _part(attempt: Attempt, folder: Path) -> Body:
    body, jars = attempt.body, [str(jar) for jar in attempt.jars]
    parameters = [str(value) for value in body.get("parameters") or []]
    return {
        "kind": NAME,
        "working_directory": str(folder),
        "jvm": {
            "arguments": [os.pathsep.join(jars), body["main_class_name"], *parameters],
            "conf": dict(cluster_of(attempt).get("spark_conf") or {}),
        },
    }


SPARK_JAR = TaskType(
    NAME,
    in_worker(_part),
    required=("main_class_name",),
    check=_check,
    alone=True,
    jvm=True,
    overrides={"jar_params": "parameters"},
    output=logs,
)
