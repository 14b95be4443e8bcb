"""Rulesets and protections as they are stored, and the rules that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# The rules that are enforced here; each other type is refused by name.
RULES = (
    "creation",
    "update",
    "deletion",
    "non_fast_forward",
    "required_linear_history",
    "pull_request",
    "required_status_checks",
)
ENFORCEMENTS = ("disabled", "active", "evaluate")
TARGETS = ("branch", "tag")
ACTOR_TYPES = (
    "Integration",
    "OrganizationAdmin",
    "RepositoryRole",
    "Team",
    "DeployKey",
    "User",
)
BYPASS_MODES = ("always", "pull_request", "exempt")
# Ids of roles and of the app that runs workflows, as on github.com.
ROLE_IDS = {1: "read", 2: "maintain", 3: "triage", 4: "write", 5: "admin"}
ACTIONS_APP = 15368
RULESET, CLASSIC = "GH013", "GH006"  # by which git's clients are told the kind of refusal


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A ruleset of a repository.

    Args:
        id: number on the whole forge.
        name: unique in the repository.
        target: ``branch`` or ``tag``.
        enforcement: ``active``, ``disabled`` or ``evaluate``.
        include: patterns of refs.
        exclude: likewise.
        rules: each with ``type`` and, where it has some, ``parameters``.
        bypass_actors: each with ``actor_id``, ``actor_type`` and ``bypass_mode``.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
    """

    id: int
    name: str
    target: str
    enforcement: str
    include: list[str]
    exclude: list[str]
    rules: list[dict[str, Any]]
    bypass_actors: list[dict[str, Any]]
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Protection:
    """The classic protection of one branch.

    Args:
        branch: its name.
        checks: contexts that must be green; None when none are asked for.
        strict: whether the head must have all of the base.
        reviews: settings of required reviews; None when none are asked for.
        enforce_admins: whether administrators are bound too.
        pushers: logins that alone may push; None for all who may write.
        linear: whether merge commits are forbidden.
        force_pushes: whether history may be rewritten.
        deletions: whether the branch may be deleted.
        locked: whether nobody may push.
    """

    branch: str
    checks: list[str] | None = None
    strict: bool = False
    reviews: dict[str, Any] | None = None
    enforce_admins: bool = False
    pushers: list[str] | None = None
    linear: bool = False
    force_pushes: bool = False
    deletions: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that holds for a branch or tag.

    Args:
        type: one of ``RULES``, or ``restrict_pushes``.
        parameters: of that type.
        source: ``RULESET`` or ``CLASSIC``.
        ruleset: id of the ruleset; 0 for a classic protection.
        bypass_actors: of the ruleset.
        admins_exempt: whether administrators are exempt, of a classic protection.
        exempt: logins that are exempt, of a classic protection.
    """

    type: str
    parameters: dict[str, Any] = field(default_factory=dict)
    source: str = RULESET
    ruleset: int = 0
    bypass_actors: tuple[dict[str, Any], ...] = ()
    admins_exempt: bool = False
    exempt: tuple[str, ...] = ()
