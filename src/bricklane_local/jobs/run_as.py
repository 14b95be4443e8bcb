"""Whom jobs and runs act as.

Source: https://docs.databricks.com/api/workspace/jobs/create (``run_as``) and
https://docs.databricks.com/en/jobs/privileges.html. A job acts as its owner unless its settings
name a user or service principal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.identity.principals import Principal, PrincipalKind
from bricklane_local.identity.roles import USER

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.jobs.runs import Run

FIELDS = tuple(kind.value for kind in PrincipalKind)


def wanted_run_as(settings: dict[str, Any]) -> str:
    """Return the principal that the settings of a job or run name, "" when they name none."""
    run_as = settings.get("run_as") or {}
    return next((str(run_as[name]) for name in FIELDS if run_as.get(name)), "")


def check_run_as(
    workspace: Workspace, settings: dict[str, Any], caller: Principal, present: str = ""
) -> None:
    """Check that ``caller`` may make a job or run act as its settings say.

    Args:
        workspace: of the job.
        settings: with or without ``run_as``.
        caller: who sends them.
        present: whom the job acts as already; to keep that needs no right.

    Raises:
        ApiError: PERMISSION_DENIED when the caller may not, INVALID_PARAMETER_VALUE when the
            principal does not exist or is named in two ways.
    """
    given = [name for name in FIELDS if (settings.get("run_as") or {}).get(name)]
    if not given:
        return
    if len(given) > 1:
        raise invalid(f"run_as must have exactly one of {', '.join(FIELDS)}; got {given}")
    kind, name = PrincipalKind(given[0]), wanted_run_as(settings)
    if name in (present, caller.user_name):
        return
    if not (caller.is_admin or _may_use(workspace, kind, name, caller)):
        raise ApiError("PERMISSION_DENIED", _denial(kind, name, caller))
    found = workspace.cloud.directory.find(workspace.name, name)
    if found is None or found.kind is not kind:
        raise invalid(
            f"run_as: {kind.value} {name} does not exist in the workspace {workspace.name}"
        )


def _may_use(workspace: Workspace, kind: PrincipalKind, name: str, caller: Principal) -> bool:
    return kind is PrincipalKind.SERVICE_PRINCIPAL and workspace.cloud.roles.holds(
        USER, name, caller
    )


def _denial(kind: PrincipalKind, name: str, caller: Principal) -> str:
    if kind is PrincipalKind.USER:
        return (
            f"{caller.user_name} cannot set run_as to the user {name}: only administrators of "
            "the workspace can name another user"
        )
    return (
        f"{caller.user_name} cannot set run_as to the service principal {name}: that needs the "
        f"role {USER} on it, or an administrator of the workspace"
    )


def acting(workspace: Workspace, run: Run) -> Principal:
    """Return the principal that a run acts as.

    Raises:
        ApiError: when it has left the workspace or is inactive.
    """
    return named(workspace, run.acts_as)


def named(workspace: Workspace, name: str) -> Principal:
    """Return a principal as whom something of the workspace may act.

    Args:
        workspace: the workspace.
        name: user name or application id.

    Raises:
        ApiError: when it has left the workspace or is inactive.
    """
    found = workspace.cloud.directory.find(workspace.name, name)
    if found is None or not found.active:
        state = "is not in the workspace any more" if found is None else "is inactive"
        raise ApiError(
            "PERMISSION_DENIED",
            f"The run cannot act as {name}, which {state}: set run_as of the job, or its "
            "owner, to another principal",
        )
    return found
