"""Cluster policies and the families they may be made from.

Source: https://docs.databricks.com/api/workspace/clusterpolicies and …/policyfamilies. Each family
has a policy of the same name from the start, as in a new workspace, and its rules are our own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Route
from bricklane_local.permissions.kinds import EVERYBODY_USES
from bricklane_local.permissions.levels import USE
from bricklane_local.resources.clusters.rules import merged, parse
from bricklane_local.resources.kind import ADMINISTRATOR, Act, Body, Guard, Kind, hexadecimal
from bricklane_local.resources.operations import (
    Create,
    Delete,
    Get,
    List,
    Replace,
    routes,
)
from bricklane_local.resources.records import CREATED_BY

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

OVERRIDES, FAMILY = "policy_family_definition_overrides", "policy_family_id"


@dataclass(frozen=True, slots=True)
class Family:
    """A template of policies.

    Args:
        policy_family_id: its id.
        name: its name, and that of the policy that every workspace has of it.
        description: for people.
        definition: the JSON text of its rules.
        for_all: everybody may use that policy.
    """

    policy_family_id: str
    name: str
    description: str
    definition: str
    for_all: bool = False

    def shown(self) -> Body:
        """Return the family as the API shows it."""
        return {name: value for name, value in asdict(self).items() if name != "for_all"}


def _json(rules: dict[str, Any]) -> str:
    return orjson.dumps(rules).decode()


RUNTIME = {"spark_version": {"type": "unlimited", "defaultValue": "auto:latest-lts"}}
NODE = {"node_type_id": {"type": "unlimited", "isOptional": True}}
FAMILIES = {
    family.policy_family_id: family
    for family in (
        Family(
            "personal-vm",
            "Personal Compute",
            "One machine for one person",
            _json(
                {
                    "num_workers": {"type": "fixed", "value": 0, "hidden": True},
                    "data_security_mode": {"type": "fixed", "value": "SINGLE_USER"},
                    "autotermination_minutes": {"type": "unlimited", "defaultValue": 4320},
                    **RUNTIME,
                    **NODE,
                }
            ),
            for_all=True,
        ),
        Family(
            "power-user",
            "Power User Compute",
            "Several machines for one person",
            _json(
                {
                    "data_security_mode": {"type": "fixed", "value": "SINGLE_USER"},
                    "autotermination_minutes": {"type": "unlimited", "defaultValue": 120},
                    **RUNTIME,
                    **NODE,
                }
            ),
        ),
        Family(
            "shared-compute",
            "Shared Compute",
            "Machines that several people share",
            _json(
                {
                    "data_security_mode": {"type": "fixed", "value": "USER_ISOLATION"},
                    "autotermination_minutes": {"type": "unlimited", "defaultValue": 120},
                    **RUNTIME,
                    **NODE,
                }
            ),
        ),
        Family(
            "job-cluster",
            "Job Compute",
            "Machines for the time of a job",
            _json(
                {
                    "cluster_type": {"type": "fixed", "value": "job"},
                    "data_security_mode": {
                        "type": "allowlist",
                        "values": ["SINGLE_USER", "USER_ISOLATION"],
                        "defaultValue": "SINGLE_USER",
                    },
                    **RUNTIME,
                    **NODE,
                }
            ),
        ),
    )
}


def _family(policy_family_id: str) -> Family:
    if policy_family_id not in FAMILIES:
        raise ApiError(
            "RESOURCE_DOES_NOT_EXIST",
            f"There is no policy family {policy_family_id}; there are {', '.join(FAMILIES)}",
        )
    return FAMILIES[policy_family_id]


def _definition(_act: Act, body: Body) -> Body:
    """Check the rules, and make those of a policy of a family."""
    family, overrides = body.get(FAMILY), body.get(OVERRIDES)
    if not family:
        if overrides:
            raise invalid(f"{OVERRIDES} needs {FAMILY}")
        parse(body.get("definition") or "{}")
        return {}
    if "definition" in body:
        raise invalid(f"A policy has definition or {FAMILY}, not both")
    rules = merged(parse(_family(family).definition), parse(overrides or "{}"))
    return {"definition": _json(rules)}


def _keep_default(_act: Act, body: Body) -> Body:
    if body["is_default"]:
        raise invalid(f"The policy {body['name']} comes with the workspace and cannot be deleted")
    return body


def _made(act: Act, _body: Body) -> Body:
    return {
        "creator_user_name": act.caller.user_name,
        "created_at_timestamp": act.time,
        "is_default": False,
    }


API = "/api/2.0/policies/clusters"
SDK = "compute.ClusterPoliciesAPI"
POLICY = Kind(
    name="cluster policy",
    document="cluster_policy",
    key="policy_id",
    new_key=hexadecimal(16),
    guard=Guard("cluster-policies", ADMINISTRATOR, USE, ADMINISTRATOR, ADMINISTRATOR),
    required=("name",),
    unique=("name",),
    outputs=("creator_user_name", "created_at_timestamp", "is_default"),
    made=_made,
    changed=_definition,
    removed=_keep_default,
    taken="INVALID_PARAMETER_VALUE",
    operations=(
        Create(f"POST {API}/create", f"{SDK}.create", key_only=True),
        Get(f"GET {API}/get"),
        List(f"GET {API}/list", items="policies"),
        Replace(f"POST {API}/edit", f"{SDK}.edit", silent=True),
        Delete(f"POST {API}/delete", f"{SDK}.delete"),
    ),
    proved_by="terraform databricks_cluster_policy",
)


def founding(workspace: Workspace) -> list[tuple[Body, list[dict[str, str]]]]:
    """Return the policies that a new workspace has, with their access control lists."""
    creator = workspace.cloud.administrator.user_name
    return [
        (
            {
                "policy_id": f"{workspace.id:010x}{number:06x}".upper()[-16:],
                "name": family.name,
                "description": family.description,
                FAMILY: family.policy_family_id,
                "definition": family.definition,
                "creator_user_name": creator,
                "created_at_timestamp": workspace.cloud.clock.now(),
                "is_default": True,
                CREATED_BY: creator,
            },
            list(EVERYBODY_USES) if family.for_all else [],
        )
        for number, family in enumerate(FAMILIES.values(), start=1)
    ]


def list_families(_call: Call) -> Body:
    """List the policy families."""
    return {"policy_families": [family.shown() for family in FAMILIES.values()]}


def get_family(call: Call) -> Body:
    """Return a policy family."""
    return _family(call.path["id"]).shown()


PROOF = "databricks-sdk"
FAMILY_ROUTES = [
    Route("GET", "/api/2.0/policy-families", list_families, proved_by=PROOF),
    Route("GET", "/api/2.0/policy-families/{id}", get_family, proved_by=PROOF),
]
ROUTES = [*routes([POLICY]), *FAMILY_ROUTES]
