from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from databricks.sdk import errors
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.jobs import (
    ConditionTask,
    ConditionTaskOp,
    JobAccessControlRequest,
    JobPermissionLevel,
    Task,
)

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.iam import ObjectPermissions

USERS = "users"


def levels(found: ObjectPermissions, *, inherited: bool = False) -> dict[str, list[str]]:
    shown: dict[str, list[str]] = {}
    for entry in found.access_control_list or []:
        for permission in entry.all_permissions or []:
            if bool(permission.inherited) == inherited and permission.permission_level:
                name = entry.user_name or entry.group_name or ""
                shown.setdefault(name, []).append(permission.permission_level.value)
    return shown


@pytest.fixture
def job_id(client: WorkspaceClient) -> str:
    condition = ConditionTask(op=ConditionTaskOp.EQUAL_TO, left="1", right="1")
    job = client.jobs.create(name="j", tasks=[Task(task_key="c", condition_task=condition)])
    return str(job.job_id)


def test_a_job_belongs_to_its_maker_and_to_administrators(
    client: WorkspaceClient, job_id: str
) -> None:
    found = client.permissions.get("jobs", job_id)
    assert levels(found) == {"developer@bricklane.local": ["IS_OWNER"]}
    assert levels(found, inherited=True) == {"admins": ["CAN_MANAGE"]}


def test_a_job_keeps_exactly_one_owner(client: WorkspaceClient, job_id: str) -> None:
    view = AccessControlRequest(group_name=USERS, permission_level=PermissionLevel.CAN_VIEW)
    with pytest.raises(InvalidParameterValue, match="must have exactly one owner; 0 were given"):
        client.permissions.set("jobs", job_id, access_control_list=[view])
    client.permissions.update("jobs", job_id, access_control_list=[view])
    other = AccessControlRequest(user_name="o@x", permission_level=PermissionLevel.IS_OWNER)
    changed = client.permissions.update("jobs", job_id, access_control_list=[other])
    assert levels(changed) == {USERS: ["CAN_VIEW"], "o@x": ["IS_OWNER"]}


def test_no_job_is_made_whose_permissions_are_refused(client: WorkspaceClient) -> None:
    nobody = JobAccessControlRequest(permission_level=JobPermissionLevel.CAN_VIEW)
    with pytest.raises(InvalidParameterValue, match="must name exactly one of"):
        client.jobs.create(name="refused", access_control_list=[nobody])
    assert list(client.jobs.list(name="refused")) == []


def test_directories_pass_permissions_down(client: WorkspaceClient) -> None:
    client.workspace.mkdirs("/Shared/team/project")
    team, project = (
        str(client.workspace.get_status(path).object_id)
        for path in ("/Shared/team", "/Shared/team/project")
    )
    read = AccessControlRequest(group_name=USERS, permission_level=PermissionLevel.CAN_READ)
    client.permissions.set("directories", team, access_control_list=[read])
    found = client.permissions.get("directories", project)
    assert levels(found, inherited=True)[USERS] == ["CAN_READ"]


def test_what_does_not_fit_is_refused(client: WorkspaceClient, job_id: str) -> None:
    level = AccessControlRequest(group_name=USERS, permission_level=PermissionLevel.CAN_USE)
    with pytest.raises(InvalidParameterValue, match="permission_level of a job must be one of"):
        client.permissions.update("jobs", job_id, access_control_list=[level])
    nobody = AccessControlRequest(permission_level=PermissionLevel.CAN_VIEW)
    with pytest.raises(InvalidParameterValue, match="must name exactly one of"):
        client.permissions.update("jobs", job_id, access_control_list=[nobody])
    with pytest.raises(NotFound, match="no job with the id 1"):
        client.permissions.get("jobs", "1")
    with pytest.raises(errors.NotImplemented, match="keeps no permissions of spaceships"):
        client.permissions.get("spaceships", "1")
