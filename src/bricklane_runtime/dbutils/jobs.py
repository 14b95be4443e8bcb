"""``dbutils.jobs``: values handed from task to task of a job run.

Source: https://docs.databricks.com/en/dev-tools/databricks-utils.html#jobs-utility-dbutilsjobs
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from bricklane_runtime.dbutils.utility import Utility
from bricklane_runtime.rest import RestError

if TYPE_CHECKING:
    from bricklane_runtime.rest import Rest
    from bricklane_runtime.specification import Specification

ROUTE = "/api/2.0/bricklane/task-values"
# "The size of the JSON representation of the value cannot exceed 48 KiB."
VALUE_LIMIT = 48 * 1024


class ValueStore(Protocol):
    """Where the values of a job run's tasks are."""

    def put(self, key: str, value: Any) -> None:
        """Keep a value of this task."""
        ...

    def find(self, task: str, key: str) -> Any:
        """Return the value of a task.

        Raises:
            KeyError: it set none.
        """
        ...


class WorkspaceValues:
    """Task values that the workspace keeps.

    Args:
        rest: the workspace.
        specification: the run.
    """

    def __init__(self, rest: Rest, specification: Specification) -> None:
        self._rest = rest
        self._specification = specification

    def put(self, key: str, value: Any) -> None:
        """Keep a value of this task."""
        run_id = self._specification.context.get("run_id")
        self._rest.call("POST", ROUTE, run_id=run_id, key=key, value=value)

    def find(self, task: str, key: str) -> Any:
        """Return the value of a task."""
        run_id = self._specification.context.get("job_run_id")
        try:
            answer = self._rest.call("GET", ROUTE, job_run_id=run_id, task_key=task, key=key)
        except RestError as error:
            if error.status != 404:
                raise
            raise KeyError(key) from None
        return answer["value"]


class TaskValues(Utility):
    """Small values that tasks of a job run set for later tasks.

    Args:
        store: where they are.
    """

    def __init__(self, store: ValueStore) -> None:
        self._store = store

    def set(self, key: str, value: Any) -> None:
        """Set a task value; it must be representable as JSON, in up to 48 KiB."""
        size = len(json.dumps(value).encode())  # TypeError names what is not JSON
        if size > VALUE_LIMIT:
            raise ValueError(
                f"Task value {key!r} has {size} bytes as JSON; up to {VALUE_LIMIT} are allowed"
            )
        self._store.put(key, value)

    def get(
        self,
        taskKey: str,  # noqa: N803 - Databricks' name
        key: str,
        default: Any = None,
        debugValue: Any = None,  # noqa: N803, ARG002 - for notebooks run outside of jobs only
    ) -> Any:
        """Return what a task of this job run set, or the default when it set nothing."""
        try:
            return self._store.find(taskKey, key)
        except KeyError:
            if default is None:
                raise ValueError(
                    f"Task {taskKey!r} set no task value {key!r}, and no default was given"
                ) from None
            return default


class Jobs(Utility):
    """Utilities for jobs.

    Args:
        values: where the values of tasks are.
    """

    def __init__(self, values: ValueStore) -> None:
        self.taskValues = TaskValues(values)
