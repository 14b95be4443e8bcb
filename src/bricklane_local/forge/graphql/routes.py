"""The route of GraphQL, and the operations that it knows.

Source: https://docs.github.com/en/graphql/reference/mutations
"""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.forge.access import check_role, check_token
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.pulls.model import PullRequest
from bricklane_local.forge.repositories.model import Repository
from bricklane_local.forge.routing import Base, ForgeRoute

VIEWER = re.compile(r"(query ?(\w+ )?)?\{ ?viewer ?\{ ?login ?\} ?\}")
MUTATION = re.compile(r"mutation .*?\{ ?(\w+) ?\( ?input ?:.*")
# Mutation → whether the pull request is a draft afterwards.
DRAFTS = {"convertPullRequestToDraft": True, "markPullRequestReadyForReview": False}


def graphql(call: ForgeCall) -> dict[str, Any]:
    """Answer a GraphQL query: whose token it is, or whether a pull request is a draft."""
    query = " ".join(call.text("query").split())
    if VIEWER.fullmatch(query):
        return {"data": {"viewer": {"login": call.caller.user.login}}}
    mutation = MUTATION.fullmatch(query)
    if mutation is not None and mutation[1] in DRAFTS:
        return {"data": {mutation[1]: _set_draft(call, draft=DRAFTS[mutation[1]])}}
    known = ", ".join(("viewer { login }", *DRAFTS))
    raise ForgeApiError(501, f"The local forge's GraphQL knows only {known}; got: {query[:80]}")


def _set_draft(call: ForgeCall, *, draft: bool) -> dict[str, Any]:
    values = (call.mapping("variables") or {}).get("input")
    given = values if isinstance(values, dict) else {}
    repository, request = _pull(call, str(given.get("pullRequestId", "")))
    changed = call.forge.pulls.set_draft(repository, call.caller, request, draft=draft)
    return {
        "clientMutationId": given.get("clientMutationId"),
        "pullRequest": {"isDraft": changed.pull.draft, "number": changed.number},
    }


def _pull(call: ForgeCall, node: str) -> tuple[Repository, PullRequest]:
    """Return the pull request with a node id, once the caller may change it."""
    for repository in call.forge.repositories.visible(call.caller):
        for request in call.forge.pulls.all(repository):
            if node == f"PR_{request.issue.id}":
                check_token(PULL_REQUESTS, call.caller)
                if request.issue.author != call.caller.user.login:
                    check_role(call.forge, call.caller, repository, "write")
                return repository, request
    raise ForgeApiError(404, f"Could not resolve to a node with the global id of '{node[:80]}'")


ROUTE = ForgeRoute(
    "POST",
    "",
    graphql,
    base=Base.GRAPHQL,
    note="only `viewer { login }` and the two mutations of drafts",
)
PULL_REQUESTS = ForgeRoute("POST", "", graphql, ("pull_requests:write",), base=Base.GRAPHQL)
ROUTES = [ROUTE]
