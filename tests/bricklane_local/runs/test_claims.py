"""Whether the principal of a run may use the compute that its tasks name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.service.compute import State
from databricks.sdk.service.workspace import ImportFormat, Language

from tests.bricklane_local.resources.callers import give

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Workbench

pytestmark = pytest.mark.real
NEW = {"spark_version": "17.3.x-scala2.13", "node_type_id": "i3.xlarge", "num_workers": 0}


@pytest.fixture(scope="module")
def machine(bench: Workbench) -> WorkspaceClient:
    made = bench.client.service_principals.create(display_name="claims")
    secret = bench.client.service_principal_secrets_proxy.create(str(made.id)).secret
    return bench.server.machine(str(made.application_id), str(secret))


@pytest.fixture
def cluster_id(bench: Workbench) -> Iterator[str]:
    cluster_id = str(bench.client.clusters.create(**NEW).cluster_id)  # type: ignore[arg-type]
    bench.client.clusters.delete(cluster_id).result()
    yield cluster_id
    bench.client.clusters.permanent_delete(cluster_id)


def run(bench: Workbench, machine: WorkspaceClient, **compute: Any) -> tuple[str, str]:
    """Run a task as the service principal; return how it ended and its error."""
    run_as = {"service_principal_name": str(machine.config.client_id)}
    clusters = compute.pop("job_clusters", [])
    task = bench.task("dbutils.notebook.exit('done')", **compute)
    task["notebook_task"]["notebook_path"] = shared(bench)
    ended = bench.run(task, run_as=run_as, job_clusters=clusters)
    return str(ended["state"]["result_state"]), str(bench.output(ended).get("error") or "")


def shared(bench: Workbench) -> str:
    """Return a notebook that everybody may run."""
    path = "/Shared/claims"
    text = b"# Databricks notebook source\ndbutils.notebook.exit('done')\n"
    bench.client.workspace.upload(
        path,
        text,  # type: ignore[arg-type]
        format=ImportFormat.SOURCE,
        language=Language.PYTHON,
        overwrite=True,
    )
    return path


def test_a_terminated_cluster_is_started_by_who_may(
    bench: Workbench, machine: WorkspaceClient, cluster_id: str
) -> None:
    result, error = run(bench, machine, existing_cluster_id=cluster_id)
    assert (result, "CAN_ATTACH_TO permissions on cluster" in error) == ("FAILED", True)
    give(bench.client, "clusters", cluster_id, "CAN_ATTACH_TO", machine)
    result, error = run(bench, machine, existing_cluster_id=cluster_id)
    assert (result, "CAN_RESTART permissions on cluster" in error) == ("FAILED", True)
    give(bench.client, "clusters", cluster_id, "CAN_RESTART", machine)
    assert run(bench, machine, existing_cluster_id=cluster_id) == ("SUCCESS", "")
    assert bench.client.clusters.get(cluster_id).state is State.RUNNING
    result, error = run(bench, machine, existing_cluster_id="7")
    assert (result, error) == ("FAILED", "Cluster 7 does not exist")


def test_a_cluster_for_the_job_takes_the_entitlement_or_a_policy(
    bench: Workbench, machine: WorkspaceClient
) -> None:
    result, error = run(bench, machine, new_cluster=NEW)
    assert (result, "or the entitlement allow-cluster-create" in error) == ("FAILED", True)
    definition = json.dumps({"num_workers": {"type": "range", "maxValue": 2}})
    policies = bench.client.cluster_policies
    policy_id = str(policies.create(name="small", definition=definition).policy_id)
    wanted = {**NEW, "policy_id": policy_id}
    result, error = run(bench, machine, new_cluster=wanted)
    assert (result, "CAN_USE permissions on cluster policy" in error) == ("FAILED", True)
    give(bench.client, "cluster-policies", policy_id, "CAN_USE", machine)
    assert run(bench, machine, new_cluster=wanted) == ("SUCCESS", "")
    large = [{"job_cluster_key": "large", "new_cluster": {**wanted, "num_workers": 3}}]
    result, error = run(bench, machine, job_cluster_key="large", job_clusters=large)
    assert (result, error) == (
        "FAILED",
        "The cluster does not fit its policy: num_workers must be in ..2; got 3",
    )
