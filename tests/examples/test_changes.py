"""Bundles edited after they were deployed: the plan names the change, the deployment makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Bundle

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Change:
    """An edit of a bundle's ``databricks.yml`` and what it does.

    Args:
        bundle: folder of the bundle.
        old: text that occurs once.
        new: what is written instead.
        plan: what the plan says of it.
        count: resources to add, to change and to delete.
        observe: reads the thing changed, from the summary as it was before the edit.
        before: what is read of the first deployment.
        after: what is read of the second.
    """

    bundle: str
    old: str
    new: str
    plan: str
    count: tuple[int, int, int]
    observe: Callable[[WorkspaceClient, dict[str, Any]], Any]
    before: Any
    after: Any


def _job(client: WorkspaceClient, summary: dict[str, Any], key: str) -> Any:
    return client.jobs.get(int(summary["resources"]["jobs"][key]["id"])).settings


def _job_names(client: WorkspaceClient, summary: dict[str, Any]) -> list[str]:
    names = [job.settings.name or "" for job in client.jobs.list() if job.settings]
    return sorted(name for name in names if name.startswith("job_settings"))


def _levels(client: WorkspaceClient, summary: dict[str, Any]) -> set[tuple[str, str]]:
    identifier = str(summary["resources"]["jobs"]["shared"]["id"])
    return {
        (entry.group_name, permission.permission_level.value)
        for entry in client.permissions.get("jobs", identifier).access_control_list or []
        for permission in entry.all_permissions or []
        if entry.group_name and permission.permission_level and not permission.inherited
    }


def _acl(client: WorkspaceClient, summary: dict[str, Any]) -> str:
    scope = summary["resources"]["secret_scopes"]["vault"]["name"]
    return client.secrets.get_acl(scope, "users").permission.value


CHANGES = {
    "setting of a job": Change(
        bundle="job_settings",
        old="max_concurrent_runs: 3",
        new="max_concurrent_runs: 5",
        plan="update jobs.settings",
        count=(0, 1, 0),
        observe=lambda client, summary: _job(client, summary, "settings").max_concurrent_runs,
        before=3,
        after=5,
    ),
    "setting of a task": Change(
        bundle="job_settings",
        old="num_workers: 2",
        new="num_workers: 8",
        plan="update jobs.settings",
        count=(0, 1, 0),
        observe=lambda client, summary: (
            _job(client, summary, "settings").job_clusters[0].new_cluster.num_workers
        ),
        before=2,
        after=8,
    ),
    "job taken out": Change(
        bundle="job_settings",
        old="""    triggered:
      name: job_settings_triggered
      trigger:
        pause_status: PAUSED
        periodic:
          interval: 4
          unit: HOURS
      tasks:
        - task_key: hello
          notebook_task:
            notebook_path: src/hello.py
""",
        new="",
        plan="delete jobs.triggered",
        count=(0, 0, 1),
        observe=_job_names,
        before=["job_settings", "job_settings_triggered"],
        after=["job_settings"],
    ),
    "comment of a schema": Change(
        bundle="schema_and_volume",
        old='''comment: "It's a schema"''',
        new="comment: Changed",
        plan="update schemas.letters",
        count=(0, 1, 0),
        observe=lambda client, summary: (
            client.schemas.get(summary["resources"]["schemas"]["letters"]["id"]).comment
        ),
        before="It's a schema",
        after="Changed",
    ),
    "comment of a volume": Change(
        bundle="schema_and_volume",
        old="comment: Letters as they come",
        new="comment: Letters as they went",
        plan="update volumes.inbox",
        count=(0, 1, 0),
        observe=lambda client, summary: (
            client.volumes.read(summary["resources"]["volumes"]["inbox"]["id"]).comment
        ),
        before="Letters as they come",
        after="Letters as they went",
    ),
    "permission of a job": Change(
        bundle="job_permissions",
        old="level: CAN_VIEW",
        new="level: CAN_MANAGE_RUN",
        plan="update jobs.shared.permissions",
        count=(0, 1, 0),
        observe=_levels,
        before={("users", "CAN_VIEW"), ("admins", "CAN_MANAGE")},
        after={("users", "CAN_MANAGE_RUN"), ("admins", "CAN_MANAGE")},
    ),
    "permission of a scope": Change(
        bundle="secret_scope",
        old="level: READ",
        new="level: WRITE",
        plan="update secret_scopes.vault.permissions",
        count=(0, 1, 0),
        observe=_acl,
        before="READ",
        after="WRITE",
    ),
}


@pytest.mark.parametrize(
    ("bundle", "change"),
    [pytest.param(change.bundle, change, id=name) for name, change in CHANGES.items()],
    indirect=["bundle"],
)
def test_deploys_the_change_and_nothing_else(bundle: Bundle, change: Change) -> None:
    bundle.run("deploy").expect()
    try:
        client, summary = bundle.cloud.client, bundle.read("summary")
        assert change.observe(client, summary) == change.before
        bundle.edit(change.old, change.new)
        planned = bundle.run("plan").expect().stdout
        assert change.plan in planned
        added, changed, deleted = change.count
        assert f"{added} to add, {changed} to change, {deleted} to delete" in planned
        bundle.run("deploy", "--auto-approve").expect()
        assert change.observe(client, summary) == change.after
        assert "0 to add, 0 to change, 0 to delete" in bundle.run("plan").expect().stdout
    finally:
        bundle.run("destroy", "--auto-approve").expect()
