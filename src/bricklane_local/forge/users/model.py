"""Who acts on the forge, and with which rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What a token can be limited to, as a job's `permissions` name them (with hyphens for underscores):
# https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
PERMISSIONS = (
    "actions",
    "administration",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    "environments",
    "id_token",
    "issues",
    "metadata",
    "packages",
    "pages",
    "pull_requests",
    "repository_hooks",
    "secrets",
    "security_events",
    "statuses",
    "variables",
    "workflows",
)
# What the owner of a repository pays for, which decides what its private repositories may have
# (https://docs.github.com/get-started/learning-about-github/githubs-plans).
PLANS = ("free", "pro", "team", "enterprise")
ENTERPRISE = "enterprise"
# What a person may do with a repository, each level including those before it.
ROLES = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass(frozen=True, slots=True)
class User:
    """An account.

    Args:
        id: number, never given twice.
        login: name, unique without regard to case.
        type: ``User``, ``Organization`` or ``Bot``.
        name: for people.
        email: that commits made on the forge carry.
        site_admin: whether it may make accounts.
        created_at: milliseconds since the epoch.
        plan: one of ``PLANS``.
    """

    id: int
    login: str
    type: str
    name: str
    email: str
    site_admin: bool
    created_at: int
    plan: str = ENTERPRISE


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated request's identity and limits.

    Args:
        user: whom the token stands for; ``github-actions[bot]`` for a job's token.
        token: digest of the token, its stored name.
        permissions: permission → ``read`` or ``write``; None lets the token do all its user may.
        repository: id of the one repository it works on; 0 for any.
        job: id of the workflow job that the token was made for; 0 for a person's.
        on_behalf_of: login of who started the workflow run, of a job's token.
        expires_at: milliseconds since the epoch, or -1 for never.
    """

    user: User
    token: str = ""
    permissions: Mapping[str, str] | None = None
    repository: int = 0
    job: int = 0
    on_behalf_of: str = ""
    expires_at: int = -1

    @property
    def by_job_token(self) -> bool:
        """Whether a job's own token calls: events it makes start no workflow."""
        return bool(self.job)

    def permits(self, need: str) -> bool:
        """Say whether the token's own limits allow ``need``, such as ``contents:write``."""
        if self.permissions is None:
            return True
        name, _, level = need.partition(":")
        held = self.permissions.get(name, "read" if name == "metadata" else "none")
        return held == "write" or held == level
