"""Routes of rulesets and classic branch protection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, malformed, missing
from bricklane_local.forge.git import refs
from bricklane_local.forge.git.model import HEADS
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply, created
from bricklane_local.forge.rules.model import ENFORCEMENTS, TARGETS, Protection
from bricklane_local.forge.rules.protection import checks_wire

# Rulesets


def _conditions(call: ForgeCall) -> dict[str, list[str]]:
    conditions = call.mapping("conditions")
    if conditions is None:
        return {}
    names = conditions.get("ref_name")
    if not isinstance(names, dict):
        raise malformed("conditions", conditions, "has no ref_name")
    lists = {key: names.get(key) or [] for key in ("include", "exclude")}
    for key, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise malformed(f"conditions/ref_name/{key}", value, "is not a list of strings")
    return lists


def _ruleset_values(call: ForgeCall) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": call.optional_text("name"),
        "target": call.choice("target", TARGETS),
        "enforcement": call.choice("enforcement", ENFORCEMENTS),
        "rules": call.objects("rules"),
        "bypass_actors": call.objects("bypass_actors"),
    }
    chosen = {name: value for name, value in values.items() if value is not None}
    return chosen | _conditions(call)


def list_rulesets(call: ForgeCall) -> Listing:
    """List the rulesets of a repository."""
    targets = call.query.get("targets", "").split(",")
    found = [
        ruleset
        for ruleset in call.forge.rules.rulesets.all(call.repository)
        if targets == [""] or ruleset.target in targets
    ]
    rulesets = call.forge.rules.rulesets
    return Listing(found, lambda item: rulesets.wire(call.repository, item, whole=False))


def create_ruleset(call: ForgeCall) -> Reply:
    """Make a ruleset."""
    values = _ruleset_values(call)
    for name in ("name", "enforcement"):
        if name not in values:
            raise missing(name)
    defaults = {
        "target": "branch",
        "rules": [],
        "bypass_actors": [],
        "include": [],
        "exclude": [],
    }
    rulesets = call.forge.rules.rulesets
    made = rulesets.create(call.repository, defaults | values)
    return created(rulesets.wire(call.repository, made))


def get_ruleset(call: ForgeCall) -> dict[str, Any]:
    """Return one ruleset."""
    rulesets = call.forge.rules.rulesets
    return rulesets.wire(call.repository, rulesets.get(call.repository, call.number("ruleset")))


def update_ruleset(call: ForgeCall) -> dict[str, Any]:
    """Bring a ruleset to new values."""
    rulesets = call.forge.rules.rulesets
    found = rulesets.get(call.repository, call.number("ruleset"))
    return rulesets.wire(
        call.repository, rulesets.update(call.repository, found, _ruleset_values(call))
    )


def delete_ruleset(call: ForgeCall) -> None:
    """Remove a ruleset."""
    call.forge.rules.rulesets.delete(call.repository, call.number("ruleset"))


def rules_of_branch(call: ForgeCall) -> Listing:
    """List the rules of rulesets that hold for a branch, which need not exist."""
    found = [
        rule
        for rule in call.forge.rules.of(call.repository, HEADS + call.path["branch"])
        if rule.ruleset
    ]
    name = call.repository.full_name
    rows = [
        {"type": rule.type}
        | ({"parameters": rule.parameters} if rule.parameters else {})
        | {
            "ruleset_source_type": "Repository",
            "ruleset_source": name,
            "ruleset_id": rule.ruleset,
        }
        for rule in found
    ]
    return Listing(rows)


# Classic protection


async def _branch(call: ForgeCall) -> str:
    bare = call.forge.git.repository(call.repository.id)
    if call.path["branch"] not in await refs.branches(bare):
        raise ForgeApiError(404, "Branch not found")
    return call.path["branch"]


def _found(call: ForgeCall) -> Protection:
    return call.forge.rules.protections.get(call.repository, call.path["branch"])


def _wire(call: ForgeCall, protection: Protection) -> dict[str, Any]:
    return call.forge.rules.protections.wire(call.repository, protection)


async def get_protection(call: ForgeCall) -> dict[str, Any]:
    """Return the protection of a branch."""
    await _branch(call)
    return _wire(call, _found(call))


def _contexts(checks: dict[str, Any]) -> list[str]:
    names = list(checks.get("contexts") or [])
    names += [item.get("context") for item in checks.get("checks") or []]
    if not all(isinstance(name, str) for name in names):
        raise malformed("required_status_checks", checks, "does not name its checks")
    return list(dict.fromkeys(names))


def _reviews(reviews: dict[str, Any]) -> dict[str, Any]:
    count = reviews.get("required_approving_review_count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 6:
        raise malformed("required_approving_review_count", count, "is not between 0 and 6")
    if reviews.get("require_code_owner_reviews"):
        raise ForgeApiError(422, "require_code_owner_reviews is not enforced by this forge")
    users = (reviews.get("bypass_pull_request_allowances") or {}).get("users") or []
    return {
        "required_approving_review_count": count,
        "dismiss_stale_reviews": bool(reviews.get("dismiss_stale_reviews")),
        "require_code_owner_reviews": False,
        "require_last_push_approval": bool(reviews.get("require_last_push_approval")),
        "bypass_pull_request_allowances": {"users": users, "teams": [], "apps": []},
    }


async def put_protection(call: ForgeCall) -> dict[str, Any]:
    """Protect a branch."""
    required = (
        "required_status_checks",
        "enforce_admins",
        "required_pull_request_reviews",
        "restrictions",
    )
    for name in required:
        if name not in call.body:
            raise missing(name)
    checks, reviews = (call.mapping(required[0]), call.mapping(required[2]))
    restrictions = call.mapping("restrictions")
    if restrictions is not None:
        for login in restrictions.get("users") or []:
            call.forge.users.get(str(login))
    protection = Protection(
        await _branch(call),
        None if checks is None else _contexts(checks),
        bool(checks and checks.get("strict")),
        None if reviews is None else _reviews(reviews),
        call.flag("enforce_admins") or False,
        None if restrictions is None else list(restrictions.get("users") or []),
        call.flag("required_linear_history") or False,
        call.flag("allow_force_pushes") or False,
        call.flag("allow_deletions") or False,
        call.flag("lock_branch") or False,
    )
    return _wire(call, call.forge.rules.protections.save(call.repository, protection))


def delete_protection(call: ForgeCall) -> None:
    """Protect a branch no longer."""
    call.forge.rules.protections.delete(call.repository, call.path["branch"])


def get_checks(call: ForgeCall) -> dict[str, Any]:
    """Return the required checks of a branch."""
    found = _found(call)
    if found.checks is None:
        raise ForgeApiError(404, "Required status checks not enabled")
    return checks_wire(_wire(call, found)["url"], found)


def patch_checks(call: ForgeCall) -> dict[str, Any]:
    """Change the required checks of a branch."""
    found = _found(call)
    named = "contexts" in call.body or "checks" in call.body
    strict = call.flag("strict")
    changed = replace(
        found,
        checks=_contexts(call.body) if named else found.checks or [],
        strict=found.strict if strict is None else strict,
    )
    call.forge.rules.protections.save(call.repository, changed)
    return checks_wire(_wire(call, changed)["url"], changed)


def delete_checks(call: ForgeCall) -> None:
    """Require no checks any longer."""
    call.forge.rules.protections.save(
        call.repository, replace(_found(call), checks=None, strict=False)
    )


def get_reviews(call: ForgeCall) -> dict[str, Any]:
    """Return what reviews a branch requires."""
    body = _wire(call, _found(call)).get("required_pull_request_reviews")
    if body is None:
        raise ForgeApiError(404, "Pull request reviews not enabled")
    return dict(body)


def patch_reviews(call: ForgeCall) -> dict[str, Any]:
    """Change what reviews a branch requires."""
    found = _found(call)
    reviews = _reviews((found.reviews or {}) | call.body)
    changed = call.forge.rules.protections.save(call.repository, replace(found, reviews=reviews))
    return dict(_wire(call, changed)["required_pull_request_reviews"])


def delete_reviews(call: ForgeCall) -> None:
    """Require no reviews any longer."""
    call.forge.rules.protections.save(call.repository, replace(_found(call), reviews=None))


def get_admins(call: ForgeCall) -> dict[str, Any]:
    """Return whether administrators are bound."""
    return dict(_wire(call, _found(call))["enforce_admins"])


def bind_admins(call: ForgeCall) -> dict[str, Any]:
    """Bind administrators too."""
    changed = replace(_found(call), enforce_admins=True)
    call.forge.rules.protections.save(call.repository, changed)
    return dict(_wire(call, changed)["enforce_admins"])


def exempt_admins(call: ForgeCall) -> None:
    """Leave administrators free."""
    changed = replace(_found(call), enforce_admins=False)
    call.forge.rules.protections.save(call.repository, changed)


REPO = "/repos/{owner}/{repo}"
PROTECTION = REPO + "/branches/{branch:path}/protection"
CHECKS, REVIEWS = "/required_status_checks", "/required_pull_request_reviews"
ADMIN_READ, ADMIN = ("administration:read",), ("administration:write",)
ROUTES = [
    ForgeRoute("GET", f"{REPO}/rulesets", list_rulesets, ("metadata:read",), proved_by="requests"),
    ForgeRoute("POST", f"{REPO}/rulesets", create_ruleset, ADMIN, proved_by="requests"),
    ForgeRoute(
        "GET",
        REPO + "/rulesets/{ruleset}",
        get_ruleset,
        ("metadata:read",),
        proved_by="requests",
    ),
    ForgeRoute("PUT", REPO + "/rulesets/{ruleset}", update_ruleset, ADMIN, proved_by="requests"),
    ForgeRoute("DELETE", REPO + "/rulesets/{ruleset}", delete_ruleset, ADMIN, proved_by="requests"),
    ForgeRoute(
        "GET",
        REPO + "/rules/branches/{branch:path}",
        rules_of_branch,
        ("metadata:read",),
        proved_by="requests",
    ),
    ForgeRoute("GET", PROTECTION, get_protection, ADMIN_READ),
    ForgeRoute("PUT", PROTECTION, put_protection, ADMIN),
    ForgeRoute("DELETE", PROTECTION, delete_protection, ADMIN),
    ForgeRoute("GET", PROTECTION + CHECKS, get_checks, ADMIN_READ),
    ForgeRoute("PATCH", PROTECTION + CHECKS, patch_checks, ADMIN),
    ForgeRoute("DELETE", PROTECTION + CHECKS, delete_checks, ADMIN),
    ForgeRoute("GET", PROTECTION + REVIEWS, get_reviews, ADMIN_READ),
    ForgeRoute("PATCH", PROTECTION + REVIEWS, patch_reviews, ADMIN),
    ForgeRoute("DELETE", PROTECTION + REVIEWS, delete_reviews, ADMIN),
    ForgeRoute("GET", f"{PROTECTION}/enforce_admins", get_admins, ADMIN_READ),
    ForgeRoute("POST", f"{PROTECTION}/enforce_admins", bind_admins, ADMIN),
    ForgeRoute("DELETE", f"{PROTECTION}/enforce_admins", exempt_admins, ADMIN),
]
