"""Which permission of a token a route needs, and the words that say so.

https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#permissions
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WRITE = "write"
READ = "read"


@dataclass(frozen=True, slots=True)
class Permission:
    """What a token has to be allowed.

    Args:
        name: as GitHub's headers and app manifests spell it, such as ``pull_requests``.
        access: ``read`` or ``write``.
        of_workflow: its key under ``permissions:`` of a workflow's job; empty when the token of a
            workflow cannot have it.
    """

    name: str
    access: str
    of_workflow: str = ""

    def __str__(self) -> str:
        return f"{self.name}={self.access}"


# Path inside a repository → name of the permission, its key in a workflow. The first match counts.
ROUTES: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), name, key)
    for pattern, name, key in (
        (r"environments/[^/]+/(secrets|variables)", "environments", ""),
        (r"environments", "administration", ""),
        (r"actions/secrets", "secrets", ""),
        (r"actions/variables", "actions_variables", ""),
        (r"actions/runs/\d+/pending_deployments", "deployments", "deployments"),
        (r"actions/permissions", "administration", ""),
        (r"actions", "actions", "actions"),
        (r"pulls|issues", "pull_requests", "pull-requests"),
        (r"deployments", "deployments", "deployments"),
        (r"statuses|commits/[^/]+/status", "statuses", "statuses"),
        (r"commits/[^/]+/check-runs|check-runs", "checks", "checks"),
        (r"commits/[^/]+/pulls", "pull_requests", "pull-requests"),
        (r"rulesets|branches/.+/protection", "administration", ""),
        (r"git|branches|commits|compare|releases|contents", "contents", "contents"),
    )
)
# Reading these takes less than changing them.
READ_WITH_ACTIONS = re.compile(r"environments(/[^/]+)?(/deployment-branch-policies)?$")
READ_WITH_METADATA = re.compile(r"rulesets|rules/branches")


def needed(verb: str, path: str) -> Permission:
    """Return the permission that ``verb`` on ``path`` needs.

    Args:
        verb: of HTTP.
        path: below ``/repos/owner/name/``, or starting with ``/`` when outside of a repository.
    """
    access = READ if verb in {"GET", "HEAD"} else WRITE
    if access == READ and READ_WITH_ACTIONS.match(path):
        return Permission("actions", READ, "actions")
    if access == READ and READ_WITH_METADATA.match(path):
        return Permission("metadata", READ)
    for pattern, name, key in ROUTES:
        if pattern.match(path):
            return Permission(name, access, key)
    return Permission("metadata", READ)


def advice(permission: Permission, repository: str, in_workflow: bool) -> str:
    """Return how to give a token ``permission``, one line per way.

    Args:
        permission: what is missing.
        repository: ``owner/name``.
        in_workflow: whether this process runs in a workflow.
    """
    ways = []
    if in_workflow and permission.of_workflow:
        ways.append(
            f"give the job `permissions: {{{permission.of_workflow}: {permission.access}}}`"
            " in the workflow file"
        )
    elif in_workflow:
        ways.append(
            f"a workflow's own token cannot have {permission}:"
            " use a token of a GitHub App or of a person"
        )
    title = permission.name.replace("_", " ")
    ways.append(
        f'a fine-grained token needs "{title}: {permission.access}" for {repository},'
        " a classic one the scope `repo`"
    )
    return "\n".join(ways)
