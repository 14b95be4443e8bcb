"""What access control lists forbid.

Source: https://docs.databricks.com/en/security/auth/access-control/. Administrators may do
everything; others what the lists of an object, and of the folders that hold it, give to them or to
their groups. Everybody manages their home folder and the one in ``/Repos``, and shares
``/Shared``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.principals import Principal
from bricklane_local.permissions.kinds import KINDS, MANAGE, OWNER, ObjectKind
from bricklane_local.permissions.levels import EDIT, MANAGE_RUN, READ, VIEW
from bricklane_local.workspace.objects import ROOTS, ObjectType, WorkspaceObject
from bricklane_local.workspace.paths import normal, parent_of

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

__all__ = ["EDIT", "MANAGE_RUN", "READ", "VIEW", "Access"]

SHARED, REPOS = "/Shared", "/Repos"
# Commits that runs have checked out: nobody changes them.
CHECKOUTS = "/Repos/.internal"
KIND_OF = {
    ObjectType.DIRECTORY: KINDS["directories"],
    ObjectType.NOTEBOOK: KINDS["notebooks"],
    ObjectType.FILE: KINDS["files"],
    ObjectType.DASHBOARD: KINDS["dashboards"],
    ObjectType.REPO: KINDS["repos"],
}
JOBS = KINDS["jobs"]


class Access:
    """Decides for one workspace what its lists allow.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def allows(self, caller: Principal, kind: ObjectKind, object_id: str, level: str) -> bool:
        """Say whether ``caller`` holds a level on an object, by its list or its folder's.

        Args:
            caller: who asks.
            kind: of the object.
            object_id: of the object; on one that is gone only administrators hold anything.
            level: one of the kind's.
        """
        if caller.is_admin or self.listed(caller, kind, object_id, level):
            return True
        path = kind.path(self._workspace, object_id) or kind.folder(self._workspace, object_id)
        return bool(path) and self.allows_path(caller, path, level)

    def allows_change(self, caller: Principal, path: str) -> bool:
        """Say whether ``caller`` may change what is at a path, or make something there."""
        if _within(normal(path), CHECKOUTS):
            return False
        exists = self._workspace.objects.find(normal(path)) is not None
        return self.allows_path(caller, path, EDIT if exists else MANAGE)

    def require_change(self, caller: Principal, path: str) -> None:
        """Refuse who may not change what is at a path, or make something there.

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        exists = self._workspace.objects.find(normal(path)) is not None
        self.require_path(caller, path, EDIT if exists else MANAGE)
        if not self.allows_change(caller, path):
            raise denied(caller, EDIT, normal(path))

    def listed(self, caller: Principal, kind: ObjectKind, object_id: str, level: str) -> bool:
        """Say whether an object's own list gives ``caller`` a level, or a stronger one."""
        wanted = _rank(kind, level)
        for entry in self._workspace.permissions.direct(kind, object_id):
            named = (
                entry.get(caller.kind.value) == caller.user_name
                or entry.get("group_name") in caller.groups
            )
            if named and _rank(kind, entry["permission_level"]) >= wanted:
                return True
        return False

    def require(
        self, caller: Principal, kind: ObjectKind, object_id: str, level: str, what: str
    ) -> None:
        """Refuse who does not hold a level on an object.

        Args:
            caller: who asks.
            kind: of the object.
            object_id: of the object.
            level: one of the kind's.
            what: names the object in the message.

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        if not self.allows(caller, kind, object_id, level):
            raise denied(caller, level, what)

    def level(self, caller: Principal, kind: ObjectKind, object_id: str) -> str | None:
        """Return the strongest level that ``caller`` holds on an object, or None."""
        held = (level for level in reversed(kind.levels) if level != OWNER)
        return next((x for x in held if self.allows(caller, kind, object_id, x)), None)

    def allows_job(self, caller: Principal, job_id: int, level: str) -> bool:
        """Say whether ``caller`` holds a level on a job; on one that is gone nobody else does."""
        return self.allows(caller, JOBS, str(job_id), level)

    def require_job(self, caller: Principal, job_id: int, level: str) -> None:
        """Refuse who does not hold a level on a job.

        Raises:
            ApiError: PERMISSION_DENIED, except for a job that does not exist.
        """
        if JOBS.exists(self._workspace, str(job_id)):
            self.require(caller, JOBS, str(job_id), level, f"job {job_id}")

    def allows_path(self, caller: Principal, path: str, level: str) -> bool:
        """Say whether ``caller`` holds a level on a path of the workspace, existing or not."""
        path = normal(path)
        own = (SHARED, caller.home, f"{REPOS}/{caller.user_name}")
        if caller.is_admin or any(_within(path, folder) for folder in own):
            return True
        if path in ROOTS and level == READ:
            return True
        return any(
            self.listed(caller, KIND_OF[item.object_type], item.acl_id, level)
            for item in self._upwards(path)
        )

    def require_path(self, caller: Principal, path: str, level: str) -> None:
        """Refuse who does not hold a level on a path.

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        if not self.allows_path(caller, path, level):
            raise denied(caller, level, normal(path))

    def require_object(
        self, caller: Principal, kind: ObjectKind, object_id: str, *, manage: bool
    ) -> None:
        """Refuse who may not see, or with ``manage`` not change, the list of an object.

        Raises:
            ApiError: PERMISSION_DENIED, except for an object that does not exist.
        """
        # Where no level manages an object, as of cluster policies, administrators do.
        level = MANAGE if manage else next(iter(kind.levels))
        if kind.exists(self._workspace, object_id):
            what = kind.path(self._workspace, object_id) or f"{kind.type} {object_id}"
            self.require(caller, kind, object_id, level, what)

    def require_administrator(self, caller: Principal, what: str) -> None:
        """Refuse who does not administer the workspace.

        Args:
            caller: who asks.
            what: the attempt, as in "create a cluster policy".

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        if not caller.is_admin:
            raise ApiError(
                "PERMISSION_DENIED",
                f"{caller.user_name} cannot {what}: only workspace administrators can.",
            )

    def entitled(self, caller: Principal, entitlement: str) -> bool:
        """Say whether ``caller`` has an entitlement such as ``allow-cluster-create``."""
        directory = self._workspace.cloud.directory
        assigned = directory.assignment(self._workspace.name, caller.id) or {}
        return caller.is_admin or entitlement in (assigned.get("entitlements") or ())

    def _upwards(self, path: str) -> Iterator[WorkspaceObject]:
        while path:
            found = self._workspace.objects.find(path)
            if found is not None:
                yield found
            path = parent_of(path)


def _rank(kind: ObjectKind, level: str) -> int:
    # An owner may do whatever a manager may; nobody's level reaches one that the kind lacks.
    wanted = MANAGE if level == OWNER else level
    known = list(kind.levels)
    return known.index(wanted) if wanted in known else len(known)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def denied(caller: Principal, level: str, what: str) -> ApiError:
    """Return the error for a caller who lacks a level on an object."""
    return ApiError(
        "PERMISSION_DENIED",
        f"{caller.user_name} does not have {level} permissions on {what}. "
        "Please contact the owner or an administrator for access.",
    )
