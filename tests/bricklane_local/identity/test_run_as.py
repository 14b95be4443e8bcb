"""Who may make a job act as whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import InvalidParameterValue, PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, GrantRule, PermissionLevel
from databricks.sdk.service.iam import RuleSetUpdateRequest as Update
from databricks.sdk.service.jobs import JobRunAs, JobSettings

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Machine


def acts_as(client: WorkspaceClient, job_id: int | None) -> str:
    assert job_id
    return str(client.jobs.get(job_id).run_as_user_name)


def allow(client: WorkspaceClient, user: Machine, used: Machine) -> None:
    access = client.account_access_control_proxy
    account = client.config.account_id
    name = f"accounts/{account}/servicePrincipals/{used.application_id}/ruleSets/default"
    present = access.get_rule_set(name=name, etag="")
    rule = GrantRule(
        role="roles/servicePrincipal.user",
        principals=[f"servicePrincipals/{user.application_id}"],
    )
    rules = [*(present.grant_rules or []), rule]
    access.update_rule_set(name, Update(name=name, etag=present.etag, grant_rules=rules))


def test_it_needs_the_user_role(client: WorkspaceClient, machine: Callable[[], Machine]) -> None:
    deployer, runner = machine(), machine()
    run_as = JobRunAs(service_principal_name=runner.application_id)
    with pytest.raises(PermissionDenied, match=r"needs the role roles/servicePrincipal\.user"):
        deployer.client.jobs.create(name="j", run_as=run_as)
    with pytest.raises(PermissionDenied, match=r"needs the role roles/servicePrincipal\.user"):
        deployer.client.jobs.submit(run_name="s", tasks=[], run_as=run_as)
    allow(client, deployer, runner)
    made = deployer.client.jobs.create(name="j", run_as=run_as)
    assert acts_as(client, made.job_id) == runner.application_id


def test_administrators_and_the_principal_itself_need_no_role(
    client: WorkspaceClient, machine: Callable[[], Machine]
) -> None:
    runner = machine()
    run_as = JobRunAs(service_principal_name=runner.application_id)
    for maker in (client, runner.client):
        assert acts_as(client, maker.jobs.create(run_as=run_as).job_id) == runner.application_id


def test_to_keep_what_a_job_acts_as_needs_no_role_and_to_change_it_does(
    client: WorkspaceClient, machine: Callable[[], Machine]
) -> None:
    editor, runner, other = machine(), machine(), machine()
    run_as = JobRunAs(service_principal_name=runner.application_id)
    job_id = client.jobs.create(name="j", run_as=run_as).job_id
    assert job_id
    entry = AccessControlRequest(
        service_principal_name=editor.application_id, permission_level=PermissionLevel.CAN_MANAGE
    )
    client.permissions.update("jobs", str(job_id), access_control_list=[entry])
    editor.client.jobs.reset(job_id, JobSettings(name="k", run_as=run_as))
    elsewhere = JobRunAs(service_principal_name=other.application_id)
    with pytest.raises(PermissionDenied):
        editor.client.jobs.reset(job_id, JobSettings(name="k", run_as=elsewhere))
    with pytest.raises(PermissionDenied):
        editor.client.jobs.update(job_id, new_settings=JobSettings(run_as=elsewhere))
    assert acts_as(client, job_id) == runner.application_id


def test_only_administrators_can_name_another_user(
    client: WorkspaceClient, machine: Callable[[], Machine]
) -> None:
    user = JobRunAs(user_name="developer@bricklane.local")
    with pytest.raises(PermissionDenied, match="only administrators of the workspace can name"):
        machine().client.jobs.create(name="j", run_as=user)
    assert acts_as(client, client.jobs.create(run_as=user).job_id) == "developer@bricklane.local"


def test_principals_that_do_not_exist_are_named(client: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match="service_principal_name nobody does not exist"):
        client.jobs.create(run_as=JobRunAs(service_principal_name="nobody"))
    both = JobRunAs(service_principal_name="a", user_name="b")
    with pytest.raises(InvalidParameterValue, match="run_as must have exactly one of"):
        client.jobs.create(run_as=both)


def test_a_job_without_run_as_acts_as_its_owner(
    client: WorkspaceClient, machine: Callable[[], Machine]
) -> None:
    maker, owner = machine(), machine()
    job_id = maker.client.jobs.create(name="j").job_id
    assert job_id
    assert acts_as(client, job_id) == maker.application_id
    entry = AccessControlRequest(
        service_principal_name=owner.application_id, permission_level=PermissionLevel.IS_OWNER
    )
    client.permissions.set("jobs", str(job_id), access_control_list=[entry])
    assert acts_as(client, job_id) == owner.application_id
    client.jobs.reset(job_id, JobSettings(name="k"))
    assert acts_as(client, job_id) == owner.application_id
