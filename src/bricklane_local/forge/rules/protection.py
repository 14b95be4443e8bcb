"""Keeps classic branch protections.

Source: https://docs.github.com/en/rest/branches/branch-protection
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.records import Records
from bricklane_local.forge.rules.model import CLASSIC, Protection, Rule

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

NOT_PROTECTED = "Branch not protected"


class Protections:
    """The classic protections of all repositories' branches.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, "forge_protection", Protection)

    def find(self, repository: Repository, branch: str) -> Protection | None:
        """Return the protection of a branch, or None."""
        return self._records.find(f"{repository.id}/{branch}")

    def get(self, repository: Repository, branch: str) -> Protection:
        """Return the protection of a branch.

        Raises:
            ForgeApiError: 404 with the message that clients look for.
        """
        found = self.find(repository, branch)
        if found is None:
            raise ForgeApiError(404, NOT_PROTECTED)
        return found

    def save(self, repository: Repository, protection: Protection) -> Protection:
        """Protect a branch, or bring its protection to these values."""
        key = f"{repository.id}/{protection.branch}"
        return self._records.put(key, protection, parent=repository.parent)

    def delete(self, repository: Repository, branch: str) -> None:
        """Protect a branch no longer.

        Raises:
            ForgeApiError: 404 when it is not protected.
        """
        self.get(repository, branch)
        self._records.remove(f"{repository.id}/{branch}")

    def rules(self, repository: Repository, branch: str) -> list[Rule]:
        """Return a branch's protection as rules."""
        found = self.find(repository, branch)
        return [] if found is None else rules_of(found)

    def wire(self, repository: Repository, found: Protection) -> dict[str, Any]:
        """Return a protection as the API shows it."""
        url = (
            f"{self._forge.api}/repos/{repository.full_name}"
            f"/branches/{quote(found.branch, safe='')}/protection"
        )
        body: dict[str, Any] = {
            "url": url,
            "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": found.enforce_admins},
            "required_linear_history": {"enabled": found.linear},
            "allow_force_pushes": {"enabled": found.force_pushes},
            "allow_deletions": {"enabled": found.deletions},
            "block_creations": {"enabled": False},
            "required_conversation_resolution": {"enabled": False},
            "lock_branch": {"enabled": found.locked},
            "allow_fork_syncing": {"enabled": False},
        }
        if found.checks is not None:
            body["required_status_checks"] = checks_wire(url, found)
        if found.reviews is not None:
            body["required_pull_request_reviews"] = {
                "url": f"{url}/required_pull_request_reviews",
                **found.reviews,
            }
        if found.pushers is not None:
            users = [self._forge.user(login) for login in found.pushers]
            body["restrictions"] = {
                "url": f"{url}/restrictions",
                "users_url": f"{url}/restrictions/users",
                "teams_url": f"{url}/restrictions/teams",
                "apps_url": f"{url}/restrictions/apps",
                "users": users,
                "teams": [],
                "apps": [],
            }
        return body


def checks_wire(url: str, found: Protection) -> dict[str, Any]:
    """Return the required checks of a protection whose own URL is ``url``."""
    contexts = found.checks or []
    return {
        "url": f"{url}/required_status_checks",
        "strict": found.strict,
        "contexts": contexts,
        "contexts_url": f"{url}/required_status_checks/contexts",
        "checks": [{"context": name, "app_id": None} for name in contexts],
    }


def rules_of(found: Protection) -> list[Rule]:
    """Return a classic protection as rules."""
    exempt = not found.enforce_admins
    rules = []
    if not found.deletions:
        rules.append(Rule("deletion", source=CLASSIC))
    if not found.force_pushes:
        rules.append(Rule("non_fast_forward", source=CLASSIC))
    if found.locked:
        rules.append(Rule("update", source=CLASSIC, admins_exempt=exempt))
    if found.linear:
        rules.append(Rule("required_linear_history", source=CLASSIC, admins_exempt=exempt))
    if found.checks is not None:
        parameters = _check_parameters(found.checks, strict=found.strict)
        rules.append(
            Rule("required_status_checks", parameters, source=CLASSIC, admins_exempt=exempt)
        )
    if found.reviews is not None:
        rules.append(_review_rule(found.reviews, admins_exempt=exempt))
    if found.pushers is not None:
        parameters = {"users": found.pushers}
        rules.append(Rule("restrict_pushes", parameters, source=CLASSIC, admins_exempt=exempt))
    return rules


def _check_parameters(contexts: list[str], *, strict: bool) -> dict[str, Any]:
    return {
        "required_status_checks": [{"context": name} for name in contexts],
        "strict_required_status_checks_policy": strict,
        "do_not_enforce_on_create": True,
    }


def _review_rule(reviews: dict[str, Any], *, admins_exempt: bool) -> Rule:
    parameters = {
        "required_approving_review_count": reviews["required_approving_review_count"],
        "dismiss_stale_reviews_on_push": reviews["dismiss_stale_reviews"],
        "require_last_push_approval": reviews["require_last_push_approval"],
    }
    users = reviews.get("bypass_pull_request_allowances", {}).get("users", [])
    return Rule(
        "pull_request",
        parameters,
        source=CLASSIC,
        admins_exempt=admins_exempt,
        exempt=tuple(users),
    )
