"""What a token of GitHub's may do, and for how long."""

from __future__ import annotations

from datetime import datetime

from bricklane.forge.errors import (
    ForgeError,
    ForgeForbidden,
    ForgeUnauthenticated,
    ForgeUnavailable,
)
from bricklane.forge.github.api import Api
from bricklane.forge.github.permissions import needed

# https://docs.github.com/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation
EXPIRATION = "github-authentication-token-expiration"
NO_COMMIT, NO_WORKFLOW = "0" * 40, "0"
# Requests that make something for which delivery needs a permission. Sent without what they must
# have, they are refused as incomplete (422) or as about nothing (404) to who may make them, and as
# forbidden (403) to who may not, because permissions are looked at first.
PROBES = (
    "git/refs",
    "pulls",
    "deployments",
    f"statuses/{NO_COMMIT}",
    f"actions/workflows/{NO_WORKFLOW}/dispatches",
)

JOB_TOKENS = "actions/permissions/workflow"


class Tokens:
    """The part of the protocol that is about the token itself."""

    api: Api

    def token_expires(self) -> datetime | None:
        """Return when the token ends, with time zone; None when it does not, or does not tell."""
        try:
            told = str(self.api.headers("/user").get(EXPIRATION, ""))
        except ForgeForbidden:  # A workflow's own token is nobody's, and ends with its job.
            return None
        if not told:
            return None
        return datetime.strptime(told.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z")

    def lacking(self) -> list[str]:
        """Return the permissions that delivery needs and the token lacks, as GitHub calls them."""
        return [str(needed("POST", path)) for path in PROBES if not self._may(path)]

    def _may(self, path: str) -> bool:
        try:
            self.api.send("POST", path, {})
        except ForgeForbidden:
            return False
        except (ForgeUnavailable, ForgeUnauthenticated):
            raise
        except ForgeError:
            return True
        raise ForgeError(f"{self.api.host} took an empty POST to {path}, which means nothing")

    def jobs_may_open_pull_requests(self) -> bool:
        """Return whether a workflow's own token may open pull requests here.

        Source: https://docs.github.com/rest/actions/permissions
        """
        shown = self.api.get(JOB_TOKENS)
        return bool(shown["can_approve_pull_request_reviews"])

    def let_jobs_open_pull_requests(self) -> None:
        """Let a workflow's own token open pull requests here; what else it may stays as it is."""
        shown = self.api.get(JOB_TOKENS)
        wanted = {
            "default_workflow_permissions": shown["default_workflow_permissions"],
            "can_approve_pull_request_reviews": True,
        }
        self.api.send("PUT", JOB_TOKENS, wanted)
