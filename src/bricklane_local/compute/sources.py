"""Where the code of a task comes from: a notebook or file of the workspace, a volume, or DBFS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.identity.principals import Principal
from bricklane_local.permissions.access import READ
from bricklane_local.workspace.notebooks import BY_EXTENSION
from bricklane_local.workspace.objects import ObjectType

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace


class SourceError(Exception):
    """The code of a task is missing, or of a kind that cannot run."""


# The text of a SQL file task, in its run folder.
SQL_FILE = "query.sql"
OUTSIDE = ("/Volumes/", "/dbfs/")


def check_source(workspace: Workspace, path: str | None, principal: Principal) -> None:
    """Check that the principal of a run may read the code at the path that its task names.

    Raises:
        SourceError: when the code is in the workspace and the principal may not.
    """
    if not path or not path.startswith("/") or path.startswith(OUTSIDE):
        return
    if not workspace.access.allows_path(principal, path, READ):
        raise SourceError(
            f"{principal.user_name}, as whom the run acts, does not have {READ} permissions "
            f"on {path}: grant them, for a bundle with its permissions section"
        )


@dataclass(frozen=True, slots=True)
class NotebookSource:
    """A notebook about to run.

    Args:
        path: in the workspace, without extension.
        language: its default language.
        format: ``SOURCE`` or ``JUPYTER``.
        content: its bytes.
    """

    path: str
    language: str
    format: str
    content: bytes


def notebook_source(workspace: Workspace, task: dict[str, Any]) -> NotebookSource:
    """Return the notebook that a ``notebook_task`` names.

    Raises:
        SourceError: when it is not there or is no notebook.
    """
    from bricklane_local.workspace.paths import normal

    path = normal(task.get("notebook_path") or "")
    found = workspace.objects.find(path)
    if found is None:
        # Bundles of older CLIs keep the extension that the workspace drops.
        stem, _, extension = path.rpartition(".")
        if f".{extension}" in BY_EXTENSION or extension == "ipynb":
            found = workspace.objects.find(stem)
    if found is None:
        raise SourceError(f"Unable to access the notebook {path!r}: it does not exist")
    if found.object_type is not ObjectType.NOTEBOOK:
        raise SourceError(f"{path!r} is a {found.object_type.lower()}, not a notebook")
    return NotebookSource(
        found.path,
        found.language or "PYTHON",
        found.format or "SOURCE",
        workspace.objects.content(found),
    )


def python_file_source(workspace: Workspace, task: dict[str, Any]) -> tuple[str, Path]:
    """Return the path that a ``spark_python_task`` names, and the file that holds it.

    Raises:
        SourceError: when it is not there, or would come from cloud storage.
    """
    path = str(task.get("python_file") or "")
    file = local_file(workspace, path)
    if file is None or not file.is_file():
        raise SourceError(f"Unable to access the Python file {path!r}: it does not exist")
    return path, file


def sql_file_source(workspace: Workspace, task: dict[str, Any]) -> tuple[str, bytes]:
    """Return the path of the file that a ``sql_task`` names, and its content.

    Raises:
        SourceError: when the file is not there, or is no file of the workspace.
    """
    from bricklane_local.workspace.paths import normal

    path = str(task["file"].get("path") or "")
    found = workspace.objects.find(normal(path))
    if found is None:
        raise SourceError(f"Unable to access the SQL file {path!r}: it does not exist")
    if found.object_type is not ObjectType.FILE:
        raise SourceError(f"{path!r} is a {found.object_type.lower()}, not a SQL file")
    return path, workspace.objects.content(found)


def local_file(workspace: Workspace, path: str) -> Path | None:
    """Return the file that stands for a path of a workspace, volume or DBFS, or None.

    Raises:
        SourceError: for a path outside those, such as cloud storage.
    """
    paths = workspace.cloud.paths
    bare = path.removeprefix("file:").removeprefix("dbfs:")
    roots = (
        ("/Workspace/", workspace.view.path("/")),
        ("/Volumes/", paths.volumes),
        ("/dbfs/", paths.dbfs(workspace.name)),
    )
    for prefix, root in roots:
        if bare.startswith(prefix):
            return _inside(root, bare.removeprefix(prefix))
    if path.startswith("dbfs:"):
        return _inside(paths.dbfs(workspace.name), bare.lstrip("/"))
    if bare.startswith("/"):
        return _inside(workspace.view.path("/"), bare.lstrip("/"))
    raise SourceError(f"{path!r} is not a path of the workspace, a volume or DBFS")


def _inside(root: Path, relative: str) -> Path | None:
    file = (root / relative).resolve()
    return file if file.is_relative_to(root.resolve()) else None
