"""What tests of resources ask of callers who are no administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


def name_of(client: WorkspaceClient) -> str:
    """Return the name of a service principal in access control lists."""
    return str(client.config.client_id)


def give(
    owner: WorkspaceClient,
    kind: str,
    object_id: str,
    level: str,
    to: WorkspaceClient | None = None,
) -> None:
    """Give a level on an object to a service principal, or to everybody."""
    who: dict[str, Any] = (
        {"group_name": "users"} if to is None else {"service_principal_name": name_of(to)}
    )
    entry = AccessControlRequest(permission_level=PermissionLevel(level), **who)
    owner.permissions.update(kind, object_id, access_control_list=[entry])


def levels_of(client: WorkspaceClient, kind: str, object_id: str) -> dict[str, list[str]]:
    """Return who holds which levels directly on an object."""
    found = client.permissions.get(kind, object_id)
    shown: dict[str, list[str]] = {}
    for entry in found.access_control_list or []:
        for permission in entry.all_permissions or []:
            if not permission.inherited and permission.permission_level:
                name = entry.user_name or entry.group_name or entry.service_principal_name or ""
                shown.setdefault(name, []).append(permission.permission_level.value)
    return shown


def denied(act: Callable[[], Any], level: str, what: str = "") -> None:
    """Assert that an act is refused, for want of a level on an object."""
    with pytest.raises(PermissionDenied, match=f"does not have {level} permissions on {what}"):
        act()


def only_administrators(act: Callable[[], Any]) -> None:
    """Assert that an act is left to administrators."""
    with pytest.raises(PermissionDenied, match="only workspace administrators can"):
        act()
