"""``dbutils.notebook``: leaving a notebook with a value, and running another one.

Source: https://docs.databricks.com/en/notebooks/notebook-workflows.html
"""

from __future__ import annotations

import posixpath
import time
from typing import TYPE_CHECKING, Any, Never, Protocol

from bricklane_runtime.dbutils.context import Context, EntryPoint
from bricklane_runtime.dbutils.utility import Utility

if TYPE_CHECKING:
    from bricklane_runtime.rest import Rest

# https://docs.databricks.com/en/dev-tools/databricks-utils.html: "the maximum length of the string
# value returned from the run command is 5 MB".
EXIT_LIMIT = 5 * 1024 * 1024
FIRST_POLL_SECONDS = 0.1
LONGEST_POLL_SECONDS = 2.0
ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")


class NotebookExit(Exception):  # noqa: N818 - it is no error
    """Ends a notebook with success.

    Args:
        value: its exit value.
    """

    def __init__(self, value: str) -> None:
        super().__init__(f"Notebook exited: {value}")
        self.value = value


class WorkflowException(Exception):  # noqa: N818 - Databricks' name
    """A notebook that was run by another one failed."""


class NotebookRunner(Protocol):
    """Runs other notebooks."""

    def run(self, path: str, timeout_seconds: int, parameters: dict[str, str]) -> str:
        """Run the notebook at an absolute path and return its exit value.

        Raises:
            WorkflowException: it failed.
        """
        ...


class WorkspaceRunner:
    """Runs notebooks as runs of their own in a workspace.

    Args:
        rest: the workspace.
        compute: fields of a task that name the compute on which they run: that of the caller
            (https://docs.databricks.com/en/notebooks/notebook-workflows.html).
    """

    def __init__(self, rest: Rest, compute: dict[str, Any]) -> None:
        self._rest = rest
        self._compute = compute

    def run(self, path: str, timeout_seconds: int, parameters: dict[str, str]) -> str:
        """Run a notebook and return its exit value."""
        task = {"notebook_path": path, "base_parameters": parameters, "source": "WORKSPACE"}
        submitted = self._rest.call(
            "POST",
            "/api/2.2/jobs/runs/submit",
            run_name=posixpath.basename(path),
            timeout_seconds=timeout_seconds,
            tasks=[{"task_key": "notebook", "notebook_task": task, **self._compute}],
        )
        run = self._wait(int(submitted["run_id"]))
        return self._exit_value(path, run)

    def _wait(self, run_id: int) -> dict[str, Any]:
        pause = FIRST_POLL_SECONDS
        while True:
            run = self._rest.call("GET", "/api/2.2/jobs/runs/get", run_id=run_id)
            if run["state"]["life_cycle_state"] in ENDED:
                return run
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)

    def _exit_value(self, path: str, run: dict[str, Any]) -> str:
        task_run = run["tasks"][0]["run_id"] if run.get("tasks") else run["run_id"]
        output = self._rest.call("GET", "/api/2.2/jobs/runs/get-output", run_id=task_run)
        state = run["state"]
        if state.get("result_state") != "SUCCESS":
            reason = output.get("error") or state.get("state_message") or ""
            ended = state.get("result_state") or state["life_cycle_state"]
            raise WorkflowException(f"Notebook {path} ended {ended}: {reason}".rstrip(": "))
        return str((output.get("notebook_output") or {}).get("result") or "")


class Notebook(Utility):
    """Utilities for the control flow of notebooks.

    Args:
        runner: runs other notebooks.
        folder: of the notebook, from which relative paths are meant.
        context: who, where and under which ids this run executes.
    """

    def __init__(self, runner: NotebookRunner, folder: str, context: Context) -> None:
        self._runner = runner
        self._folder = folder
        self.entry_point = EntryPoint(context)

    def exit(self, value: object = "") -> Never:
        """Leave the notebook with a value."""
        text = "" if value is None else str(value)
        size = len(text.encode())
        if size > EXIT_LIMIT:
            raise ValueError(
                f"The exit value has {size} bytes; dbutils.notebook.exit takes up to {EXIT_LIMIT}"
            )
        raise NotebookExit(text)

    def getContext(self) -> Context:  # noqa: N802 - Databricks' name
        """Return who, where and under which ids this run executes."""
        return self.entry_point.getContext()

    def run(
        self,
        path: str,
        timeout_seconds: int = 0,
        arguments: dict[str, Any] | None = None,
    ) -> str:
        """Run a notebook as a run of its own and return its exit value."""
        parameters = {str(name): str(value) for name, value in (arguments or {}).items()}
        return self._runner.run(resolve(path, self._folder), int(timeout_seconds), parameters)


def resolve(path: str, base: str) -> str:
    """Return the absolute workspace path of a notebook.

    Args:
        path: as written, relative to ``base`` or absolute, with ``/Workspace`` or without.
        base: folder of the notebook that names it.
    """
    joined = posixpath.normpath(posixpath.join(base, path))
    inside = joined.removeprefix("/Workspace")
    return inside if inside.startswith("/") else joined
