"""What access control lists forbid."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.jobs import ConditionTask, ConditionTaskOp, JobSettings, Task
from databricks.sdk.service.workspace import ImportFormat

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

CONDITION = ConditionTask(op=ConditionTaskOp.EQUAL_TO, left="1", right="1")


def name_of(client: WorkspaceClient) -> str:
    return str(client.config.client_id)


def give(
    owner: WorkspaceClient, kind: str, object_id: str, level: PermissionLevel, **to: str
) -> None:
    entry = AccessControlRequest(permission_level=level, **to)  # type: ignore[arg-type]
    owner.permissions.update(kind, object_id, access_control_list=[entry])


@pytest.fixture
def job_id(owner: WorkspaceClient) -> int:
    made = owner.jobs.create(name="j", tasks=[Task(task_key="c", condition_task=CONDITION)])
    assert made.job_id
    return made.job_id


def denied(act: Callable[[], Any], level: str) -> None:
    with pytest.raises(PermissionDenied, match=f"does not have {level} permissions on"):
        act()


def test_a_job_is_its_owners_and_the_administrators(
    client: WorkspaceClient, owner: WorkspaceClient, other: WorkspaceClient, job_id: int
) -> None:
    run = owner.jobs.run_now(job_id).result()
    assert run.run_id
    assert run.tasks
    task_run = run.tasks[0].run_id
    assert task_run
    for act, level in (
        (lambda: other.jobs.get(job_id), "CAN_VIEW"),
        (lambda: other.jobs.get_run(run.run_id), "CAN_VIEW"),
        (lambda: other.jobs.get_run_output(task_run), "CAN_VIEW"),
        (lambda: other.jobs.export_run(run.run_id), "CAN_VIEW"),
        (lambda: other.permissions.get("jobs", str(job_id)), "CAN_VIEW"),
        (lambda: other.jobs.run_now(job_id), "CAN_MANAGE_RUN"),
        (lambda: other.jobs.cancel_all_runs(job_id=job_id), "CAN_MANAGE_RUN"),
        (lambda: other.jobs.delete_run(run.run_id), "CAN_MANAGE_RUN"),
        (lambda: other.jobs.reset(job_id, JobSettings(name="k")), "CAN_MANAGE"),
        (lambda: other.jobs.update(job_id, new_settings=JobSettings(name="k")), "CAN_MANAGE"),
        (lambda: other.jobs.delete(job_id), "CAN_MANAGE"),
        (lambda: other.permissions.set("jobs", str(job_id)), "CAN_MANAGE"),
    ):
        denied(act, level)
    assert job_id not in [job.job_id for job in other.jobs.list()]
    assert list(other.jobs.list_runs()) == []
    assert job_id in [job.job_id for job in owner.jobs.list()]
    assert [found.run_id for found in owner.jobs.list_runs(job_id=job_id)] == [run.run_id]
    client.jobs.run_now(job_id).result()


def test_levels_of_a_job_can_be_given_to_groups_and_principals(
    owner: WorkspaceClient, other: WorkspaceClient, job_id: int
) -> None:
    give(owner, "jobs", str(job_id), PermissionLevel.CAN_VIEW, group_name="users")
    assert other.jobs.get(job_id).job_id == job_id
    assert job_id in [job.job_id for job in other.jobs.list()]
    denied(lambda: other.jobs.run_now(job_id), "CAN_MANAGE_RUN")
    to = {"service_principal_name": name_of(other)}
    give(owner, "jobs", str(job_id), PermissionLevel.CAN_MANAGE_RUN, **to)
    assert other.jobs.run_now(job_id).result().run_id
    denied(lambda: other.jobs.delete(job_id), "CAN_MANAGE")
    give(owner, "jobs", str(job_id), PermissionLevel.CAN_MANAGE, **to)
    other.jobs.delete(job_id)


def test_a_home_is_its_owners(
    client: WorkspaceClient, owner: WorkspaceClient, other: WorkspaceClient
) -> None:
    home = f"/Users/{name_of(owner)}"
    path = f"{home}/private/file.txt"
    owner.workspace.mkdirs(f"{home}/private")
    upload(owner, path)
    for act, level in (
        (lambda: other.workspace.get_status(path), "CAN_READ"),
        (lambda: other.workspace.export(path), "CAN_READ"),
        (lambda: list(other.workspace.list(home)), "CAN_READ"),
        (lambda: upload(other, path), "CAN_EDIT"),
        (lambda: upload(other, f"{home}/new.txt"), "CAN_MANAGE"),
        (lambda: other.workspace.mkdirs(f"{home}/new"), "CAN_MANAGE"),
        (lambda: other.workspace.delete(path), "CAN_MANAGE"),
    ):
        denied(act, level)
    seen = [item.path for item in other.workspace.list("/Users")]
    assert seen == [f"/Users/{name_of(other)}"]
    assert client.workspace.get_status(path).path == path


def upload(client: WorkspaceClient, path: str) -> None:
    client.workspace.upload(path, b"x", format=ImportFormat.RAW, overwrite=True)  # type: ignore[arg-type]


def test_a_folder_can_be_shared(owner: WorkspaceClient, other: WorkspaceClient) -> None:
    folder = f"/Users/{name_of(owner)}/shared"
    owner.workspace.mkdirs(f"{folder}/deep")
    upload(owner, f"{folder}/deep/file.txt")
    object_id = str(owner.workspace.get_status(folder).object_id)
    give(owner, "directories", object_id, PermissionLevel.CAN_READ, group_name="users")
    with other.workspace.download(f"{folder}/deep/file.txt") as stream:
        assert stream.read() == b"x"
    denied(lambda: upload(other, f"{folder}/deep/file.txt"), "CAN_EDIT")
    denied(lambda: other.permissions.set("directories", object_id), "CAN_MANAGE")
    to = {"service_principal_name": name_of(other)}
    give(owner, "directories", object_id, PermissionLevel.CAN_MANAGE, **to)
    upload(other, f"{folder}/deep/another.txt")
    other.workspace.delete(f"{folder}/deep", recursive=True)


def test_everybody_shares_the_shared_folder(owner: WorkspaceClient, other: WorkspaceClient) -> None:
    upload(owner, "/Shared/for-all.txt")
    upload(other, "/Shared/for-all.txt")
    other.workspace.delete("/Shared/for-all.txt")
