"""PostgreSQL projects and what is in them, through the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from databricks.sdk.common.types.fieldmask import FieldMask
from databricks.sdk.errors import (
    InvalidParameterValue,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from databricks.sdk.service.postgres import (
    Branch,
    BranchSpec,
    Endpoint,
    EndpointSpec,
    EndpointType,
    Project,
    ProjectSpec,
)

from tests.bricklane_local.resources.callers import denied, give

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

SPEC = EndpointSpec(endpoint_type=EndpointType.ENDPOINT_TYPE_READ_WRITE)


def test_a_project_comes_with_a_branch_and_goes_with_all_that_is_in_it(
    client: WorkspaceClient,
) -> None:
    api = client.postgres
    spec = ProjectSpec(display_name="Flights", pg_version=17)
    made = api.create_project(Project(spec=spec), "flights").wait()
    assert (made.name, made.uid is not None) == ("projects/flights", True)
    assert made.status
    assert made.status.owner == "developer@bricklane.local"
    with pytest.raises(ResourceAlreadyExists, match="A database project with the name projects/f"):
        api.create_project(Project(), "flights")
    with pytest.raises(InvalidParameterValue, match="project_id must be 2 to 63 lower-case"):
        api.create_project(Project(), "F")
    (branch,) = api.list_branches("projects/flights")
    assert branch.status
    assert (branch.name, branch.status.default) == ("projects/flights/branches/production", True)
    (endpoint,) = api.list_endpoints(str(branch.name))
    assert str(endpoint.name).endswith("/endpoints/primary")
    trial = api.create_branch("projects/flights", Branch(spec=BranchSpec(no_expiry=True)), "trial")
    name = str(trial.wait().name)
    api.create_endpoint(name, Endpoint(spec=SPEC), "primary").wait()
    changed = api.update_endpoint(
        f"{name}/endpoints/primary",
        Endpoint(spec=EndpointSpec(SPEC.endpoint_type, autoscaling_limit_max_cu=4)),
        FieldMask(["spec.autoscaling_limit_max_cu"]),
    ).wait()
    assert changed.status
    assert (changed.status.autoscaling_limit_max_cu, changed.status.endpoint_type) == (
        4,
        SPEC.endpoint_type,
    )
    renamed = api.update_project(
        "projects/flights",
        Project(spec=ProjectSpec(display_name="All flights")),
        FieldMask(["spec.display_name"]),
    ).wait()
    assert renamed.status
    assert (renamed.status.display_name, renamed.status.pg_version) == ("All flights", 17)
    with pytest.raises(ResourceDoesNotExist, match="no database project with the name projects/x"):
        api.create_branch("projects/x", Branch(), "trial")
    api.delete_project("projects/flights").wait()
    for gone in (name, f"{name}/endpoints/primary", str(branch.name)):
        path = f"/api/2.0/postgres/{gone}"
        with pytest.raises(ResourceDoesNotExist):
            client.api_client.do("GET", path)
    assert list(api.list_projects()) == []


def test_who_lacks_a_level_on_a_project_is_denied(
    client: WorkspaceClient, other: WorkspaceClient
) -> None:
    client.postgres.create_project(Project(), "guarded").wait()
    project, branch = "projects/guarded", "projects/guarded/branches/production"
    denied(lambda: other.postgres.get_project(project), "CAN_USE", "database project")
    denied(lambda: other.postgres.get_branch(branch), "CAN_USE", "database branch")
    assert list(other.postgres.list_branches(project)) == []
    give(client, "database-projects", "guarded", "CAN_USE", other)
    assert other.postgres.get_branch(branch).name == branch
    mask = FieldMask(["spec.is_protected"])
    change = Branch(spec=BranchSpec(is_protected=True))
    denied(lambda: other.postgres.update_branch(branch, change, mask), "CAN_MANAGE")
    denied(lambda: other.postgres.create_branch(project, Branch(), "mine"), "CAN_MANAGE")
    denied(lambda: other.postgres.delete_project(project), "CAN_MANAGE")
    give(client, "database-projects", "guarded", "CAN_MANAGE", other)
    other.postgres.update_branch(branch, change, mask).wait()
    other.postgres.delete_project(project).wait()
