"""Who may manage or use a service principal: the rule set of each.

Source: https://docs.databricks.com/api/workspace/accountaccesscontrolproxy and
https://docs.databricks.com/en/security/auth/access-control/service-principal-acl.html. Managing one
does not include using it.
"""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.identity.directory import Directory
from bricklane_local.identity.principals import Principal, PrincipalKind
from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.store.database import Database

KIND = "rule_set"
MANAGER, USER = "roles/servicePrincipal.manager", "roles/servicePrincipal.user"
ROLES = (MANAGER, USER)
NAME = re.compile(
    r"accounts/(?P<account>[^/]+)/servicePrincipals/(?P<id>[^/]+)(/ruleSets/default)?"
)
# How a rule names principals.
PREFIXES = {
    PrincipalKind.USER: "users/",
    PrincipalKind.SERVICE_PRINCIPAL: "servicePrincipals/",
}
GROUP_PREFIX = "groups/"


class Roles:
    """The rule sets of all service principals of a cloud.

    Args:
        database: where they are kept.
        directory: knows the service principals.
        account_id: of the account, part of the rule sets' names.
    """

    def __init__(self, database: Database, directory: Directory, account_id: str) -> None:
        self._space = database.space("identity")
        self._directory = directory
        self._account_id = account_id
        directory.on_removal(self._forget)

    def grant_at_creation(self, application_id: str, creator: Principal) -> None:
        """Make whoever added a service principal its manager."""
        rules = [{"role": MANAGER, "principals": [PREFIXES[creator.kind] + creator.user_name]}]
        self._space.put(KIND, application_id, {"grant_rules": rules, "etag": 1})

    def holds(self, role: str, application_id: str, caller: Principal) -> bool:
        """Say whether ``caller`` was given a role on a service principal."""
        names = {PREFIXES[caller.kind] + caller.user_name}
        names |= {GROUP_PREFIX + group for group in caller.groups}
        return any(
            rule["role"] == role and names & set(rule.get("principals") or ())
            for rule in self._stored(application_id)["grant_rules"]
        )

    def describe(self, name: str) -> dict[str, Any]:
        """Return the rule set called ``name``.

        Raises:
            ApiError: when there is no such service principal.
        """
        application_id = self.application_id(name)
        stored = self._stored(application_id)
        full = f"accounts/{self._account_id}/servicePrincipals/{application_id}/ruleSets/default"
        return {"name": full, "etag": str(stored["etag"]), "grant_rules": stored["grant_rules"]}

    def replace(self, name: str, etag: str, rules: list[dict[str, Any]]) -> None:
        """Replace the rules of a rule set.

        Args:
            name: of the rule set.
            etag: as last read; a stale one is refused.
            rules: ``GrantRule`` objects.

        Raises:
            ApiError: RESOURCE_CONFLICT for a stale ``etag``, INVALID_PARAMETER_VALUE for an
                unknown role or a principal that is not written as the API wants.
        """
        application_id = self.application_id(name)
        stored = self._stored(application_id)
        if etag != str(stored["etag"]):
            raise ApiError(
                "RESOURCE_CONFLICT",
                f"The rule set {name} was changed meanwhile: read it again for its etag",
            )
        for rule in rules:
            _check(rule)
        body = {"grant_rules": rules, "etag": stored["etag"] + 1}
        self._space.put(KIND, application_id, body)

    def application_id(self, name: str) -> str:
        """Return the application id in the name of a rule set or of what it is about.

        Raises:
            ApiError: when the name is of another kind, or the service principal is missing.
        """
        match = NAME.fullmatch(name)
        if match is None:
            raise invalid(
                f"{name!r} is not the rule set of a service principal; these are called "
                f"accounts/{self._account_id}/servicePrincipals/APPLICATION_ID/ruleSets/default"
            )
        if self._directory.record(PrincipalKind.SERVICE_PRINCIPAL, match["id"]) is None:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST", f"There is no service principal {match['id']}"
            )
        return match["id"]

    def _stored(self, application_id: str) -> dict[str, Any]:
        return self._space.get(KIND, application_id) or {"grant_rules": [], "etag": 0}

    def _forget(self, record: dict[str, Any], scope: str) -> None:
        if scope == ACCOUNT:
            self._space.delete(KIND, record["user_name"])


def _check(rule: dict[str, Any]) -> None:
    if rule.get("role") not in ROLES:
        raise invalid(f"role must be one of {', '.join(ROLES)}; got {rule.get('role')!r}")
    prefixes = (*PREFIXES.values(), GROUP_PREFIX)
    for principal in rule.get("principals") or []:
        if not str(principal).startswith(prefixes):
            raise invalid(f"principal {principal!r} must begin with one of {', '.join(prefixes)}")
