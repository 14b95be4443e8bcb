"""Cluster policies, their families and what they do to clusters, through the SDK."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, ResourceDoesNotExist

from tests.bricklane_local.resources.callers import denied, give, levels_of, only_administrators

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

VERSION, NODE = "17.3.x-scala2.13", "i3.xlarge"
DEFINITION = {
    "spark_version": {"type": "fixed", "value": "auto:latest-lts"},
    "node_type_id": {"type": "allowlist", "values": [NODE, "m5d.large"], "defaultValue": NODE},
    "num_workers": {"type": "range", "maxValue": 4},
    "autotermination_minutes": {"type": "fixed", "value": 20},
    "spark_conf.spark.databricks.cluster.profile": {"type": "forbidden"},
    "custom_tags.team": {"type": "regex", "pattern": "[a-z]+"},
    "aws_attributes.zone_id": {"type": "blocklist", "values": ["auto"], "isOptional": True},
    "init_scripts.*.workspace.destination": {"type": "regex", "pattern": "/Shared/.*"},
    "dbus_per_hour": {"type": "range", "maxValue": 10},
}


@pytest.fixture(scope="module")
def policy_id(client: WorkspaceClient) -> str:
    made = client.cluster_policies.create(definition=json.dumps(DEFINITION), name="team")
    return str(made.policy_id)


def test_a_policy_is_kept_and_changed(client: WorkspaceClient) -> None:
    made = client.cluster_policies.create(definition="{}", name="kept", description="d")
    policy_id = str(made.policy_id)
    with pytest.raises(InvalidParameterValue, match="with the name kept already exists"):
        client.cluster_policies.create(definition="{}", name="kept")
    found = client.cluster_policies.get(policy_id)
    assert (found.name, found.description, found.is_default) == ("kept", "d", False)
    assert found.creator_user_name == "developer@bricklane.local"
    client.cluster_policies.edit(policy_id, definition="{ }", name="renamed")
    changed = client.cluster_policies.get(policy_id)
    assert (changed.name, changed.description, changed.definition) == ("renamed", None, "{ }")
    assert changed.created_at_timestamp == found.created_at_timestamp
    client.cluster_policies.create(definition="{}", name="kept")
    client.cluster_policies.delete(policy_id)
    with pytest.raises(ResourceDoesNotExist, match=f"no cluster policy .* {policy_id}"):
        client.cluster_policies.get(policy_id)


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"a": 1}', "The rule of a .* must be an object with a type"),
        ('{"a": {"type": "maybe"}}', "must have a type of fixed, forbidden, .* got 'maybe'"),
        ('{"a": {"type": "fixed"}}', "has the type fixed, which needs value"),
        ('{"a": {"type": "allowlist", "values": 1}}', "needs values"),
        ('{"a": {"type": "range"}}', "needs minValue or maxValue"),
        ('{"a": {"type": "regex", "pattern": "("}}', "no regular expression"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(
    client: WorkspaceClient, definition: str, message: str
) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        client.cluster_policies.create(definition=definition, name="refused")
    assert "refused" not in [policy.name for policy in client.cluster_policies.list()]


def test_a_cluster_gets_what_its_policy_says(client: WorkspaceClient, policy_id: str) -> None:
    made = client.clusters.create(
        VERSION,
        policy_id=policy_id,
        apply_policy_default_values=True,
        num_workers=2,
        custom_tags={"team": "data"},
        autotermination_minutes=20,
    )
    found = client.clusters.get(str(made.cluster_id))
    assert (found.spark_version, found.node_type_id) == (VERSION, NODE)
    assert found.policy_id == policy_id


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_workers": 5}, r"num_workers must be in \.\.4; got 5"),
        ({"node_type_id": "big"}, "node_type_id must be one of i3.xlarge, m5d.large; got big"),
        ({"node_type_id": None}, "node_type_id must be set"),
        ({"autotermination_minutes": 60}, "autotermination_minutes must be 20, got 60"),
        ({"custom_tags": {"team": "D1"}}, r"custom_tags.team must match \[a-z\]\+, got D1"),
        ({"custom_tags": {}}, "custom_tags.team must be set"),
        (
            {"spark_conf": {"spark.databricks.cluster.profile": "x"}},
            "spark_conf.spark.databricks.cluster.profile must not be set, got x",
        ),
        ({"aws_attributes": {"zone_id": "auto"}}, "zone_id must be none of auto; got auto"),
        (
            {"init_scripts": [{"workspace": {"destination": "/Users/me"}}]},
            "must match /Shared/.*, got /Users/me",
        ),
    ],
)
def test_a_cluster_that_does_not_fit_is_refused(
    client: WorkspaceClient, policy_id: str, changes: dict[str, Any], message: str
) -> None:
    wanted = {
        "spark_version": "auto:latest-lts",
        "policy_id": policy_id,
        "node_type_id": NODE,
        "num_workers": 1,
        "custom_tags": {"team": "data"},
        "autotermination_minutes": 20,
    }
    with pytest.raises(BadRequest, match=f"does not fit its policy: .*{message}"):
        client.api_client.do("POST", "/api/2.1/clusters/create", body={**wanted, **changes})


def test_policies_are_made_from_families(client: WorkspaceClient) -> None:
    families = {str(f.policy_family_id): f for f in client.policy_families.list()}
    assert client.policy_families.get("personal-vm").name == families["personal-vm"].name
    with pytest.raises(ResourceDoesNotExist, match="no policy family x; there are personal-vm"):
        client.policy_families.get("x")
    builtin = next(p for p in client.cluster_policies.list() if p.name == "Personal Compute")
    assert (builtin.policy_family_id, builtin.is_default) == ("personal-vm", True)
    with pytest.raises(InvalidParameterValue, match="comes with the workspace"):
        client.cluster_policies.delete(str(builtin.policy_id))
    made = client.cluster_policies.create(
        name="own",
        policy_family_id="personal-vm",
        policy_family_definition_overrides='{"num_workers": {"type": "fixed", "value": 1}}',
    )
    rules = json.loads(client.cluster_policies.get(str(made.policy_id)).definition or "")
    assert rules["num_workers"] == {"type": "fixed", "value": 1}
    assert rules["data_security_mode"] == {"type": "fixed", "value": "SINGLE_USER"}
    with pytest.raises(InvalidParameterValue, match="definition or policy_family_id, not both"):
        client.cluster_policies.create(name="b", policy_family_id="personal-vm", definition="{}")


def test_policies_are_administrators_and_used_by_whom_they_let(
    client: WorkspaceClient, other: WorkspaceClient, policy_id: str
) -> None:
    assert [policy.name for policy in other.cluster_policies.list()] == ["Personal Compute"]
    denied(lambda: other.cluster_policies.get(policy_id), "CAN_USE", f"cluster policy {policy_id}")

    def create() -> str | None:
        return other.clusters.create(
            VERSION,
            policy_id=policy_id,
            node_type_id=NODE,
            num_workers=0,
            custom_tags={"team": "data"},
            autotermination_minutes=20,
        ).cluster_id

    denied(create, "CAN_USE")
    give(client, "cluster-policies", policy_id, "CAN_USE", other)
    assert other.cluster_policies.get(policy_id).name == "team"
    cluster_id = str(create())
    assert levels_of(client, "clusters", cluster_id) == {
        str(other.config.client_id): ["CAN_MANAGE"]
    }
    for act in (
        lambda: other.cluster_policies.create(name="mine", definition="{}"),
        lambda: other.cluster_policies.edit(policy_id, name="mine", definition="{}"),
        lambda: other.cluster_policies.delete(policy_id),
    ):
        only_administrators(act)
    denied(lambda: other.permissions.set("cluster-policies", policy_id), "CAN_MANAGE")
