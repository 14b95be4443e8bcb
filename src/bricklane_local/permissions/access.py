"""What access control lists forbid.

Source: https://docs.databricks.com/en/security/auth/access-control/. Administrators may do
everything; others what the lists of an object, and of the folders that hold it, give to them or to
their groups. Everybody manages their home folder and shares ``/Shared``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.principals import Principal
from bricklane_local.permissions.kinds import KINDS, MANAGE, OWNER, ObjectKind
from bricklane_local.workspace.objects import ROOTS, ObjectType, WorkspaceObject
from bricklane_local.workspace.paths import normal, parent_of

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

SHARED = ("/Shared", "/Repos")
READ, EDIT = "CAN_READ", "CAN_EDIT"
VIEW, MANAGE_RUN = "CAN_VIEW", "CAN_MANAGE_RUN"
KIND_OF = {
    ObjectType.DIRECTORY: KINDS["directories"],
    ObjectType.NOTEBOOK: KINDS["notebooks"],
    ObjectType.FILE: KINDS["files"],
}
JOBS = KINDS["jobs"]


class Access:
    """Decides for one workspace what its lists allow.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def allows_job(self, caller: Principal, job_id: int, level: str) -> bool:
        """Say whether ``caller`` holds a level on a job; on one that is gone nobody else does."""
        return caller.is_admin or self._listed(caller, JOBS, str(job_id), level)

    def require_job(self, caller: Principal, job_id: int, level: str) -> None:
        """Refuse who does not hold a level on a job.

        Raises:
            ApiError: PERMISSION_DENIED, except for a job that does not exist.
        """
        exists = JOBS.exists(self._workspace, str(job_id))
        if exists and not self.allows_job(caller, job_id, level):
            raise _denied(caller, level, f"job {job_id}")

    def allows_path(self, caller: Principal, path: str, level: str) -> bool:
        """Say whether ``caller`` holds a level on a path of the workspace, existing or not."""
        path = normal(path)
        if caller.is_admin or _within(path, caller.home) or any(_within(path, s) for s in SHARED):
            return True
        if path in ROOTS and level == READ:
            return True
        return any(
            self._listed(caller, KIND_OF[item.object_type], str(item.object_id), level)
            for item in self._upwards(path)
        )

    def allows_change(self, caller: Principal, path: str) -> bool:
        """Say whether ``caller`` may change what is at a path, or make something there."""
        exists = self._workspace.objects.find(normal(path)) is not None
        return self.allows_path(caller, path, EDIT if exists else MANAGE)

    def require_change(self, caller: Principal, path: str) -> None:
        """Refuse who may not change what is at a path, or make something there.

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        exists = self._workspace.objects.find(normal(path)) is not None
        self.require_path(caller, path, EDIT if exists else MANAGE)

    def require_path(self, caller: Principal, path: str, level: str) -> None:
        """Refuse who does not hold a level on a path.

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        if not self.allows_path(caller, path, level):
            raise _denied(caller, level, normal(path))

    def require_object(
        self, caller: Principal, kind: ObjectKind, object_id: str, *, manage: bool
    ) -> None:
        """Refuse who may not see, or with ``manage`` not change, the list of an object.

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        level = MANAGE if manage else next(iter(kind.levels))
        if kind is JOBS:
            self.require_job(caller, int(object_id) if object_id.isdigit() else 0, level)
            return
        found = self._workspace.objects.by_id(object_id)
        if found is not None:
            self.require_path(caller, found.path, level)

    def _upwards(self, path: str) -> Iterator[WorkspaceObject]:
        while path:
            found = self._workspace.objects.find(path)
            if found is not None:
                yield found
            path = parent_of(path)

    def _listed(self, caller: Principal, kind: ObjectKind, object_id: str, level: str) -> bool:
        wanted = _rank(kind, level)
        for entry in self._workspace.permissions.direct(kind, object_id):
            named = (
                entry.get(caller.kind.value) == caller.user_name
                or entry.get("group_name") in caller.groups
            )
            if named and _rank(kind, entry["permission_level"]) >= wanted:
                return True
        return False


def _rank(kind: ObjectKind, level: str) -> int:
    # An owner may do whatever a manager may.
    return list(kind.levels).index(MANAGE if level == OWNER else level)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _denied(caller: Principal, level: str, what: str) -> ApiError:
    return ApiError(
        "PERMISSION_DENIED",
        f"{caller.user_name} does not have {level} permissions on {what}. "
        "Please contact the owner or an administrator for access.",
    )
