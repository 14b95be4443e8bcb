"""Kinds of objects that have permissions, one row each.

Source: https://docs.databricks.com/en/security/auth/access-control/ (levels of each object type).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

OWNER = "IS_OWNER"
MANAGE = "CAN_MANAGE"


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """A kind of object with an access control list.

    Args:
        name: as in the path of the API.
        type: as in ``object_type`` of answers.
        levels: level → what it allows, weakest first.
        exists: says whether a workspace has the object with this id.
        parents: ids of the directories whose permissions an object inherits, nearest first.
        owned: the object has exactly one owner.
        on_owner: told who owns an object of an owned kind.
    """

    name: str
    type: str
    levels: dict[str, str]
    exists: Callable[[Workspace, str], bool]
    parents: Callable[[Workspace, str], list[str]] = lambda _workspace, _object_id: []
    owned: bool = False
    on_owner: Callable[[Workspace, str, str], None] = lambda _workspace, _object_id, _owner: None


def _job_exists(workspace: Workspace, object_id: str) -> bool:
    return workspace.space.get("job", object_id) is not None


def _job_owner(workspace: Workspace, object_id: str, owner: str) -> None:
    workspace.engine.jobs.set_owner(int(object_id), owner)


def _tree_object_exists(workspace: Workspace, object_id: str) -> bool:
    return workspace.objects.by_id(object_id) is not None


def _directories_above(workspace: Workspace, object_id: str) -> list[str]:
    from bricklane_local.workspace.paths import parent_of

    found = workspace.objects.by_id(object_id)
    path = parent_of(found.path) if found else ""
    above = []
    while path:
        directory = workspace.objects.find(path)
        if directory is not None:
            above.append(str(directory.object_id))
        path = parent_of(path)
    return above


TREE_LEVELS = {
    "CAN_READ": "Can view and comment",
    "CAN_RUN": "Can view, comment, attach and run",
    "CAN_EDIT": "Can view, comment, attach, run and edit",
    MANAGE: "Can view, comment, attach, run, edit and change permissions",
}
JOB_LEVELS = {
    "CAN_VIEW": "Can view the job and its runs",
    "CAN_MANAGE_RUN": "Can view, run and cancel the job",
    OWNER: "Is the owner of the job",
    MANAGE: "Can view, run, cancel, edit and change permissions",
}

KINDS = {
    kind.name: kind
    for kind in (
        ObjectKind("jobs", "job", JOB_LEVELS, _job_exists, owned=True, on_owner=_job_owner),
        *(
            ObjectKind(name, kind, TREE_LEVELS, _tree_object_exists, _directories_above)
            for name, kind in (
                ("directories", "directory"),
                ("notebooks", "notebook"),
                ("files", "file"),
            )
        ),
    )
}
