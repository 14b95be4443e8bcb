"""Environments, secrets and variables on GitHub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from bricklane.forge.errors import ForgeError, ForgeForbidden
from bricklane.forge.github.api import Api, Json, segment
from bricklane.forge.github.refusals import Missing
from bricklane.forge.github.shapes import moment
from bricklane.forge.github.subjects import PUBLIC_API
from bricklane.forge.model import EnvironmentRules, ReviewerSupport

# Stands among the branch patterns for "whatever a rule protects", which is no pattern.
PROTECTED = ":protected"
# What GitHub calls its plans for enterprises; the second is the older name.
ENTERPRISE_PLANS = frozenset({"enterprise", "business_plus"})
# https://docs.github.com/rest/actions/variables: lists of these have shorter pages.
SHORT_PAGE = 30


class Environments:
    """The part of the protocol that is about environments, secrets and variables."""

    api: Api

    def environments(self) -> Mapping[str, EnvironmentRules]:
        """Return every environment with its rules, by name.

        Branches that are allowed because a rule protects them show as ``:protected``.
        """
        rows = sorted(self.api.pages("environments", "environments"), key=lambda row: row["name"])
        return {row["name"]: self._rules(row) for row in rows}

    def _rules(self, row: Json) -> EnvironmentRules:
        reviewers: tuple[str, ...] = ()
        prevent, wait = False, 0
        for rule in row.get("protection_rules") or ():
            if rule["type"] == "required_reviewers":
                reviewers = tuple(reviewer_name(reviewer) for reviewer in rule["reviewers"])
                prevent = bool(rule.get("prevent_self_review"))
            elif rule["type"] == "wait_timer":
                wait = int(rule["wait_timer"])
        policy = row.get("deployment_branch_policy") or {}
        branches: tuple[str, ...] = ()
        if policy.get("custom_branch_policies"):
            branches = tuple(policy["name"] for policy in self._policies(row["name"]))
        elif policy.get("protected_branches"):
            branches = (PROTECTED,)
        bypass = row.get("can_admins_bypass") is not False
        return EnvironmentRules(reviewers, prevent, branches, wait, bypass)

    def save_environment(self, name: str, rules: EnvironmentRules) -> None:
        """Create an environment, or bring its rules to these.

        Args:
            name: of the environment.
            rules: reviewers are logins, or ``organization/team``; branches are patterns, or
                ``:protected`` alone.
        """
        policy = None
        if rules.branches:
            protected = rules.branches == (PROTECTED,)
            policy = {"protected_branches": protected, "custom_branch_policies": not protected}
        wanted = {
            "wait_timer": rules.wait_minutes,
            "prevent_self_review": rules.prevent_self_review,
            "reviewers": [self._reviewer(login) for login in rules.reviewers],
            "deployment_branch_policy": policy,
        }
        # Older servers refuse the key, and show none.
        present = self.api.find(f"environments/{segment(name)}") or {}
        if "can_admins_bypass" in present or not rules.admins_bypass:
            wanted["can_admins_bypass"] = rules.admins_bypass
        self.api.send("PUT", f"environments/{segment(name)}", wanted)
        if policy and policy["custom_branch_policies"]:
            self._save_policies(name, rules.branches)

    def _reviewer(self, login: str) -> Json:
        organization, _, team = login.partition("/")
        kind = "Team" if team else "User"
        path = f"/orgs/{organization}/teams/{team}" if team else f"/users/{segment(login)}"
        found = self.api.find(path)
        if found is None:
            raise ForgeError(
                f"{self.api.host} knows no {kind.lower()} {login}, which should review",
                hint="name people by login and teams as organization/team",
            )
        return {"type": kind, "id": found["id"]}

    def _policies(self, name: str) -> list[Json]:
        path = f"environments/{segment(name)}/deployment-branch-policies"
        return sorted(self.api.pages(path, "branch_policies"), key=lambda row: int(row["id"]))

    def _save_policies(self, name: str, branches: Sequence[str]) -> None:
        path = f"environments/{segment(name)}/deployment-branch-policies"
        present = {row["name"]: row["id"] for row in self._policies(name)}
        for pattern in branches:
            if pattern not in present:
                wanted = {"name": pattern, "type": "branch"}
                self.api.create(path, wanted, lambda name_=pattern: self._policy(name, name_))  # type: ignore[misc]
        for pattern, number in present.items():
            if pattern not in branches:
                self.api.drop(f"{path}/{number}")

    def _policy(self, name: str, pattern: str) -> Json | None:
        return next((row for row in self._policies(name) if row["name"] == pattern), None)

    def reviewer_support(self) -> ReviewerSupport:
        """Return whether the forge asks the reviewers of environments in this repository.

        For a private one that is a matter of the owner's plan, except on a server of one's own.
        Source: https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
        """
        repository = self.api.get("")
        if not repository["private"]:
            return ReviewerSupport(True, "the repository is public")
        plan = self._plan(repository["owner"])
        owner = repository["owner"]["login"]
        if plan:
            about = f"the repository is private, and the plan of {owner} is {plan}"
            return ReviewerSupport(plan in ENTERPRISE_PLANS, about)
        if urlsplit(self.api.root).netloc != PUBLIC_API:
            return ReviewerSupport(True, f"{self.api.host} is GitHub Enterprise")
        return ReviewerSupport(None, f"the token does not see the plan of {owner}")

    def _plan(self, owner: Json) -> str:
        """Return the plan of an account; "" when the token does not see it."""
        organization = owner.get("type") == "Organization"
        try:
            shown = self.api.get(f"/orgs/{segment(owner['login'])}" if organization else "/user")
        except (ForgeForbidden, Missing):
            return ""
        if not organization and shown["login"] != owner["login"]:
            return ""
        return str((shown.get("plan") or {}).get("name") or "")

    def secrets(self, environment: str | None = None) -> Mapping[str, datetime]:
        """Return when each secret was last stored, by name; values cannot be read back."""
        rows = self.api.pages(_store("secrets", environment), "secrets")
        return dict(sorted((row["name"], moment(row["updated_at"])) for row in rows))

    def save_secret(self, name: str, value: str, *, environment: str | None = None) -> None:
        """Store a secret, sealed with the forge's public key before it leaves this machine."""
        from github.PublicKey import encrypt

        store = _store("secrets", environment)
        key = self.api.get(f"{store}/public-key")
        sealed = {"encrypted_value": encrypt(key["key"], value), "key_id": key["key_id"]}
        self.api.send("PUT", f"{store}/{segment(name)}", sealed)

    def delete_secret(self, name: str, *, environment: str | None = None) -> None:
        """Delete a secret; one that is gone already is no error."""
        self.api.drop(f"{_store('secrets', environment)}/{segment(name)}")

    def variables(self, environment: str | None = None) -> Mapping[str, str]:
        """Return the variables, name → value."""
        store = _store("variables", environment)
        rows = self.api.pages(store, "variables", per_page=SHORT_PAGE)
        return dict(sorted((row["name"], row["value"]) for row in rows))

    def save_variable(self, name: str, value: str, *, environment: str | None = None) -> None:
        """Store a variable."""
        store = _store("variables", environment)
        path = f"{store}/{segment(name)}"
        wanted = {"name": name, "value": value}
        present = self.api.find(path)
        if present is None:
            self.api.create(store, wanted, lambda: self.api.find(path))
        elif present["value"] != value:
            self.api.send("PATCH", path, wanted)


def reviewer_name(reviewer: Json) -> str:
    """Return a reviewer of an environment as our model names it."""
    who = reviewer["reviewer"]
    if reviewer["type"] == "User":
        return str(who["login"])
    # A team's page is …/orgs/ORGANIZATION/teams/SLUG.
    organization = str(who.get("html_url", "")).partition("/orgs/")[2].partition("/")[0]
    return f"{organization}/{who['slug']}" if organization else str(who["slug"])


def _store(kind: str, environment: str | None) -> str:
    return (
        f"actions/{kind}" if environment is None else f"environments/{segment(environment)}/{kind}"
    )
