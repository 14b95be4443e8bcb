"""Keeps rulesets.

Source: https://docs.github.com/en/rest/repos/rules
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.errors import ForgeApiError, invalid
from bricklane_local.forge.records import Records
from bricklane_local.forge.rules.model import (
    ACTOR_TYPES,
    BYPASS_MODES,
    RULES,
    Ruleset,
)
from bricklane_local.forge.times import moment

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

# Members of pull_request's parameters whose effect this forge does not have.
UNSUPPORTED = ("require_code_owner_review",)
PULL_REQUEST = {
    "required_approving_review_count": 0,
    "dismiss_stale_reviews_on_push": False,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_review_thread_resolution": False,
    "allowed_merge_methods": ["merge", "squash", "rebase"],
}


class Rulesets:
    """The rulesets of all repositories.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_ruleset", Ruleset)

    def all(self, repository: Repository) -> list[Ruleset]:
        """Return the rulesets of a repository, oldest first."""
        return self._records.under(repository.parent)

    def get(self, repository: Repository, number: int) -> Ruleset:
        """Return one ruleset.

        Raises:
            ForgeApiError: 404.
        """
        return self._records.get(f"{repository.id}/{number}")

    def create(self, repository: Repository, values: dict[str, Any]) -> Ruleset:
        """Make a ruleset.

        Args:
            repository: where.
            values: the fields of :class:`Ruleset` that are not made here.

        Raises:
            ForgeApiError: 422 when the name is taken, or a rule is not known here.
        """
        now = self._forge.clock.now()
        ruleset = Ruleset(self._forge.next_id(), created_at=now, updated_at=now, **values)
        return self._store(repository, ruleset)

    def update(self, repository: Repository, ruleset: Ruleset, values: dict[str, Any]) -> Ruleset:
        """Bring a ruleset to new values."""
        changed = replace(ruleset, updated_at=self._forge.clock.now(), **values)
        return self._store(repository, changed)

    def delete(self, repository: Repository, number: int) -> None:
        """Remove a ruleset.

        Raises:
            ForgeApiError: 404.
        """
        self.get(repository, number)
        self._records.remove(f"{repository.id}/{number}")

    def _store(self, repository: Repository, ruleset: Ruleset) -> Ruleset:
        if not ruleset.name.strip():
            raise invalid("Ruleset", "name", "missing_field")
        for other in self.all(repository):
            if other.name == ruleset.name and other.id != ruleset.id:
                raise ForgeApiError(422, "Validation Failed", ["Name must be unique"])
        checked = replace(
            ruleset,
            rules=[_rule(rule) for rule in ruleset.rules],
            bypass_actors=[_bypass(actor) for actor in ruleset.bypass_actors],
        )
        key = f"{repository.id}/{ruleset.id}"
        return self._records.put(key, checked, parent=repository.parent, position=ruleset.id)

    def wire(
        self, repository: Repository, ruleset: Ruleset, *, whole: bool = True
    ) -> dict[str, Any]:
        """Return a ruleset as the API shows it.

        Args:
            repository: of the ruleset.
            ruleset: the ruleset.
            whole: with rules, conditions and who is exempt, which lists leave out.
        """
        name, forge = repository.full_name, self._forge
        body: dict[str, Any] = {
            "id": ruleset.id,
            "node_id": f"RRS_{ruleset.id}",
            "name": ruleset.name,
            "target": ruleset.target,
            "source_type": "Repository",
            "source": name,
            "enforcement": ruleset.enforcement,
            "created_at": moment(ruleset.created_at),
            "updated_at": moment(ruleset.updated_at),
            "_links": {
                "self": {"href": f"{forge.api}/repos/{name}/rulesets/{ruleset.id}"},
                "html": {"href": f"{forge.url}/{name}"},
            },
        }
        if whole:
            conditions = {"include": ruleset.include, "exclude": ruleset.exclude}
            body |= {
                "conditions": {"ref_name": conditions},
                "rules": ruleset.rules,
                "bypass_actors": ruleset.bypass_actors,
                "current_user_can_bypass": "never",
            }
        return body


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    kind = rule.get("type")
    if kind not in RULES:
        raise ForgeApiError(
            422,
            "Validation Failed",
            [f"Invalid rule {kind!r}: this forge enforces only {', '.join(RULES)}"],
        )
    parameters = rule.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise ForgeApiError(422, "Validation Failed", [f"Parameters of {kind} must be an object"])
    if kind == "pull_request":
        return {"type": kind, "parameters": _pull_request(parameters)}
    if kind == "required_status_checks":
        return {"type": kind, "parameters": _status_checks(parameters)}
    return {"type": kind} | ({"parameters": parameters} if parameters else {})


def _pull_request(parameters: dict[str, Any]) -> dict[str, Any]:
    values = PULL_REQUEST | {key: parameters[key] for key in parameters if key in PULL_REQUEST}
    count = values["required_approving_review_count"]
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= 10:
        message = "required_approving_review_count must be between 0 and 10"
        raise ForgeApiError(422, "Validation Failed", [message])
    for name in UNSUPPORTED:
        if values[name]:
            message = f"{name} is not enforced by this forge: leave it false"
            raise ForgeApiError(422, "Validation Failed", [message])
    methods = values["allowed_merge_methods"]
    known = PULL_REQUEST["allowed_merge_methods"]
    if not isinstance(methods, list) or not methods or not set(methods) <= set(known):  # type: ignore[call-overload]
        message = "allowed_merge_methods must name one or more of merge, squash, rebase"
        raise ForgeApiError(422, "Validation Failed", [message])
    return values


def _status_checks(parameters: dict[str, Any]) -> dict[str, Any]:
    checks = parameters.get("required_status_checks")
    well = isinstance(checks, list) and all(
        isinstance(item, dict) and isinstance(item.get("context"), str) and item["context"]
        for item in checks
    )
    if not well:
        message = "required_status_checks must be a list of objects with a context"
        raise ForgeApiError(422, "Validation Failed", [message])
    return {
        "required_status_checks": checks,
        "strict_required_status_checks_policy": bool(
            parameters.get("strict_required_status_checks_policy")
        ),
        "do_not_enforce_on_create": bool(parameters.get("do_not_enforce_on_create")),
    }


def _bypass(actor: dict[str, Any]) -> dict[str, Any]:
    kind, mode = actor.get("actor_type"), actor.get("bypass_mode", "always")
    if kind not in ACTOR_TYPES or mode not in BYPASS_MODES:
        message = f"Invalid bypass actor {kind!r} with mode {mode!r}"
        raise ForgeApiError(422, "Validation Failed", [message])
    return {"actor_id": actor.get("actor_id"), "actor_type": kind, "bypass_mode": mode}
