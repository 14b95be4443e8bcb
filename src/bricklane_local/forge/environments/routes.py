"""Routes of environments and their branch policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.environments.service import (
    CUSTOM,
    PROTECTED,
    BranchPolicy,
    Environment,
)
from bricklane_local.forge.errors import ForgeApiError, malformed
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply
from bricklane_local.forge.times import moment


def _url(call: ForgeCall, name: str) -> str:
    repository = f"{call.forge.api}/repos/{call.repository.full_name}"
    return f"{repository}/environments/{quote(name, safe='')}"


def wire(call: ForgeCall, found: Environment) -> dict[str, Any]:
    """Return an environment as the API shows it."""
    policy = None
    if found.policy:
        protected = found.policy == PROTECTED
        policy = {"protected_branches": protected, "custom_branch_policies": not protected}
    return {
        "id": found.id,
        "node_id": f"EN_{found.id}",
        "name": found.name,
        "url": _url(call, found.name),
        "html_url": f"{call.forge.url}/{call.repository.full_name}#environments",
        "created_at": moment(found.created_at),
        "updated_at": moment(found.updated_at),
        "can_admins_bypass": found.admins_bypass,
        "protection_rules": _rules(call, found),
        "deployment_branch_policy": policy,
    }


def _rules(call: ForgeCall, found: Environment) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    if found.wait_timer:
        rules.append({"type": "wait_timer", "wait_timer": found.wait_timer})
    if found.reviewers:
        users = (call.forge.users.by_id(number) for number in found.reviewers)
        reviewers = [
            {"type": "User", "reviewer": call.forge.user(user.login)}
            for user in users
            if user is not None
        ]
        rules.append(
            {
                "type": "required_reviewers",
                "prevent_self_review": found.prevent_self_review,
                "reviewers": reviewers,
            }
        )
    if found.policy:
        rules.append({"type": "branch_policy"})
    return [
        {"id": found.id * 10 + number, "node_id": f"GA_{found.id}_{number}", **rule}
        for number, rule in enumerate(rules)
    ]


def list_environments(call: ForgeCall) -> Listing:
    """List the environments of a repository."""
    found = call.forge.environments.all(call.repository)
    return Listing(found, lambda item: wire(call, item), wrap="environments")


def get_environment(call: ForgeCall) -> dict[str, Any]:
    """Return one environment."""
    return wire(call, call.forge.environments.get(call.repository, call.path["environment"]))


def put_environment(call: ForgeCall) -> dict[str, Any]:
    """Make an environment, or bring it to these rules."""
    environments, name = call.forge.environments, call.path["environment"]
    present, bypass = environments.find(call.repository, name), call.flag("can_admins_bypass")
    if bypass is None:
        bypass = present is None or present.admins_bypass
    saved = environments.save(
        call.repository,
        name,
        admins_bypass=bypass,
        wait_timer=call.integer("wait_timer") or 0,
        prevent_self_review=call.flag("prevent_self_review") or False,
        reviewers=_reviewers(call),
        policy=_policy(call),
    )
    return wire(call, saved)


def _reviewers(call: ForgeCall) -> list[int]:
    numbers = []
    for item in call.objects("reviewers") or []:
        if item.get("type") != "User":
            raise ForgeApiError(422, "Reviewers must be users: this forge has no teams")
        number = item.get("id")
        if isinstance(number, bool) or not isinstance(number, int):
            raise malformed("reviewers/id", number, "is not an integer")
        numbers.append(number)
    return list(dict.fromkeys(numbers))


def _policy(call: ForgeCall) -> str:
    policy = call.mapping("deployment_branch_policy")
    if policy is None:
        return ""
    protected, own = policy.get("protected_branches"), policy.get("custom_branch_policies")
    if protected is own or not isinstance(protected, bool) or not isinstance(own, bool):
        raise ForgeApiError(
            422,
            "Invalid request.\n\nprotected_branches and custom_branch_policies cannot have the "
            "same value.",
        )
    return PROTECTED if protected else CUSTOM


def delete_environment(call: ForgeCall) -> None:
    """Remove an environment."""
    call.forge.environments.delete(call.repository, call.path["environment"])


def _policy_wire(policy: BranchPolicy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "node_id": f"DBP_{policy.id}",
        "name": policy.name,
        "type": policy.type,
    }


def list_policies(call: ForgeCall) -> Listing:
    """List the patterns of branches that may deploy."""
    environments, name = call.forge.environments, call.path["environment"]
    environments.get(call.repository, name)
    return Listing(
        environments.policies(call.repository, name), _policy_wire, wrap="branch_policies"
    )


def add_policy(call: ForgeCall) -> Reply:
    """Let branches of a pattern deploy."""
    policy, new = call.forge.environments.add_policy(
        call.repository,
        call.path["environment"],
        call.text("name"),
        call.choice("type", ("branch", "tag")) or "branch",
    )
    url = f"{_url(call, call.path['environment'])}/deployment-branch-policies/{policy.id}"
    if not new:
        return Reply(303, headers={"Location": url})
    return Reply(200, _policy_wire(policy))


def _found(call: ForgeCall) -> BranchPolicy:
    name = call.path["environment"]
    return call.forge.environments.policy(call.repository, name, call.number("policy"))


def get_policy(call: ForgeCall) -> dict[str, Any]:
    """Return one pattern."""
    return _policy_wire(_found(call))


def put_policy(call: ForgeCall) -> dict[str, Any]:
    """Change a pattern."""
    changed = replace(_found(call), name=call.text("name"))
    return _policy_wire(
        call.forge.environments.save_policy(call.repository, call.path["environment"], changed)
    )


def delete_policy(call: ForgeCall) -> None:
    """Let branches of a pattern deploy no longer."""
    call.forge.environments.remove_policy(call.repository, _found(call))


ENVIRONMENTS = "/repos/{owner}/{repo}/environments"
ONE = ENVIRONMENTS + "/{environment:path}"
POLICIES = f"{ONE}/deployment-branch-policies"
READ, WRITE = ("actions:read", "environments:read"), ("administration:write",)
ROUTES = [
    ForgeRoute("GET", ENVIRONMENTS, list_environments, READ),
    ForgeRoute("GET", POLICIES, list_policies, READ),
    ForgeRoute("POST", POLICIES, add_policy, WRITE, proved_by="requests"),
    ForgeRoute("GET", POLICIES + "/{policy}", get_policy, READ, proved_by="requests"),
    ForgeRoute("PUT", POLICIES + "/{policy}", put_policy, WRITE, proved_by="requests"),
    ForgeRoute("DELETE", POLICIES + "/{policy}", delete_policy, WRITE, proved_by="requests"),
    ForgeRoute("GET", ONE, get_environment, READ),
    ForgeRoute(
        "PUT",
        ONE,
        put_environment,
        WRITE,
        note="can_admins_bypass is kept: nothing here bypasses an environment",
    ),
    ForgeRoute("DELETE", ONE, delete_environment, WRITE),
]
