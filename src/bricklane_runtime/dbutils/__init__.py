"""``dbutils``: what notebooks and jobs on Databricks use to reach the workspace.

Source: https://docs.databricks.com/en/dev-tools/databricks-utils.html
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Never

from bricklane_runtime.dbutils.context import context_of
from bricklane_runtime.dbutils.fs import FileSystem
from bricklane_runtime.dbutils.jobs import Jobs, WorkspaceValues
from bricklane_runtime.dbutils.notebook import Notebook, NotebookExit, WorkspaceRunner
from bricklane_runtime.dbutils.secrets import Secrets, WorkspaceSecrets
from bricklane_runtime.dbutils.stores import DbfsStore, LocalStore, VolumeStore
from bricklane_runtime.dbutils.utility import Utility, refuse
from bricklane_runtime.dbutils.widgets import Widgets
from bricklane_runtime.rest import Rest

if TYPE_CHECKING:
    from bricklane_runtime.task import Task

__all__ = ["DBUtils", "NotebookExit"]

REFUSED = {
    "credentials": "runs have no cloud credentials; the run acts as its job's identity",
    "data": "data profiles are made by the Databricks user interface",
    "meta": "it is for Scala cells",
    "preview": "its features are in other parts of dbutils now",
}


class Library(Utility):
    """Utilities for libraries of this run.

    Args:
        restart: clears the Python state; None outside of notebooks.
    """

    def __init__(self, restart: Callable[[], None] | None) -> None:
        self._restart = restart

    def restartPython(self) -> None:  # noqa: N802 - Databricks' name
        """Clear the Python state of the notebook, so that new libraries take effect."""
        if self._restart is None:
            refuse("library.restartPython", "this task is no notebook")
        self._restart()


class Refused:
    """A part of ``dbutils`` that is not there; using any of its functions says so.

    Args:
        name: its name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, function: str) -> Callable[..., Never]:
        if function.startswith("_"):
            raise AttributeError(function)
        name = f"{self._name}.{function}"
        return lambda *_arguments, **_named: refuse(name, REFUSED[self._name])


class DBUtils(Utility):
    """Databricks utilities: fs, jobs, library, notebook, secrets, widgets.

    Args:
        fs: utilities for files.
        jobs: utilities for jobs.
        notebook: utilities for the control flow of notebooks.
        secrets: utilities for secrets.
        widgets: the parameters.
        restart: clears the Python state; None outside of notebooks.
    """

    def __init__(
        self,
        fs: FileSystem,
        jobs: Jobs,
        notebook: Notebook,
        secrets: Secrets,
        widgets: Widgets,
        restart: Callable[[], None] | None = None,
    ) -> None:
        self.fs = fs
        self.jobs = jobs
        self.library = Library(restart)
        self.notebook = notebook
        self.secrets = secrets
        self.widgets = widgets

    @classmethod
    def of_task(cls, task: Task, restart: Callable[[], None] | None = None) -> DBUtils:
        """Return the utilities of a task of the local cloud.

        Args:
            task: the run.
            restart: clears the Python state; None for a task that is no notebook.
        """
        specification = task.specification
        rest = Rest(specification.host, specification.token)
        notebook = specification.notebook
        folder = posixpath.dirname(notebook.path) if notebook else "/"
        return cls(
            FileSystem(VolumeStore(rest), DbfsStore(rest), LocalStore()),
            Jobs(WorkspaceValues(rest, specification)),
            Notebook(
                WorkspaceRunner(rest, specification.compute), folder, context_of(specification)
            ),
            Secrets(WorkspaceSecrets(rest), task.vault.hide),
            Widgets(notebook.parameters if notebook else {}),
            restart,
        )

    def __getattr__(self, name: str) -> Any:
        if name in REFUSED:
            return Refused(name)
        known = "fs, jobs, library, notebook, secrets, widgets"
        raise AttributeError(f"dbutils has no {name!r}; it has: {known}")
