"""Federation policies: which tokens of other issuers stand for whom.

A policy of a service principal names one subject; one of the account says which claim holds the
name of the user or service principal.
Source: https://docs.databricks.com/dev-tools/auth/oauth-federation-policy and
https://docs.databricks.com/api/account/serviceprincipalfederationpolicy (and
accountfederationpolicy).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.identity.directory import Directory
from bricklane_local.identity.issuer_keys import is_trustworthy, key_set
from bricklane_local.identity.oauth_secrets import moment
from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database, DuplicateKeyError

KIND = "federation_policy"
MAXIMUM_POLICIES = 20
POLICY_ID = re.compile(r"[a-z0-9/-]{1,128}")
SUBJECT_CLAIM = "sub"
EVERYTHING = "*"  # as an update mask


@dataclass(frozen=True, slots=True)
class OidcPolicy:
    """What a policy asks of a token.

    Args:
        issuer: that it names, an HTTPS URL; HTTP only on this machine.
        audiences: of which it is for at least one; empty for the account's id.
        subject: whom it is about; empty for a policy of the account.
        subject_claim: the claim that says so.
        jwks_json: the issuer's public keys, as JSON; empty to ask for them.
        jwks_uri: where they are; empty for what the issuer's discovery document says.
    """

    issuer: str = ""
    audiences: tuple[str, ...] = ()
    subject: str = ""
    subject_claim: str = ""
    jwks_json: str = ""
    jwks_uri: str = ""

    @classmethod
    def load(cls, body: dict[str, Any]) -> OidcPolicy:
        """Return the policy that ``body`` describes; what is absent or null is empty."""
        known = {row.name for row in fields(cls)}
        values = {name: value for name, value in body.items() if name in known and value}
        return cls(**(values | {"audiences": tuple(values.get("audiences", ()))}))

    def shown(self) -> dict[str, Any]:
        """Return what the API shows: all that was given."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value
        }


@dataclass(frozen=True, slots=True)
class Policy:
    """A stored policy.

    Args:
        owner: SCIM id of the service principal, or :data:`ACCOUNT`.
        policy_id: its name, unique with its owner.
        uid: never given twice.
        create_time: milliseconds since the epoch.
        update_time: likewise.
        description: for people.
        oidc: what it asks of a token.
    """

    owner: str
    policy_id: str
    uid: str
    create_time: int
    update_time: int
    description: str = ""
    oidc: OidcPolicy = field(default_factory=OidcPolicy)

    @property
    def key(self) -> str:
        """The key it is stored by."""
        return f"{self.owner}/{self.policy_id}"


class FederationPolicies:
    """The federation policies of a cloud's account and of its service principals.

    Args:
        database: where they are kept.
        clock: for times of change.
        directory: tells when a service principal is gone.
        account_id: of the account, part of the policies' names.
    """

    def __init__(
        self, database: Database, clock: Clock, directory: Directory, account_id: str
    ) -> None:
        self._space = database.space("identity")
        self._clock = clock
        self.account_id = account_id
        directory.on_removal(self._forget)

    def create(self, owner: str, policy_id: str, body: dict[str, Any]) -> Policy:
        """Make a policy.

        Args:
            owner: SCIM id of a service principal that exists, or :data:`ACCOUNT`.
            policy_id: its name; empty for one that is made up.
            body: ``description`` and ``oidc_policy``, of the types the API wants.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE for what a policy cannot say, ALREADY_EXISTS when the
                name is taken, RESOURCE_LIMIT_EXCEEDED when there are enough.
        """
        uid = str(uuid.uuid4())
        if policy_id and not POLICY_ID.fullmatch(policy_id):
            raise invalid(
                "policy_id must be 1 to 128 lower-case letters, digits, hyphens and slashes; "
                f"got {policy_id!r}"
            )
        now = self._clock.now()
        oidc = _checked(owner, OidcPolicy.load(body.get("oidc_policy") or {}))
        description = str(body.get("description") or "")
        policy = Policy(owner, policy_id or uid, uid, now, now, description, oidc)
        self._check_name(policy, body)
        if self._space.count(KIND, parent=owner) >= MAXIMUM_POLICIES:
            raise ApiError(
                "RESOURCE_LIMIT_EXCEEDED",
                f"{_owner(owner)} can have at most {MAXIMUM_POLICIES} federation policies; "
                "delete one first",
            )
        try:
            self._space.insert(KIND, policy.key, asdict(policy), parent=owner, position=now)
        except DuplicateKeyError:
            raise ApiError(
                "ALREADY_EXISTS", f"{_owner(owner)} has a federation policy {policy_id} already"
            ) from None
        return policy

    def get(self, owner: str, policy_id: str) -> Policy:
        """Return one policy.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST.
        """
        body = self._space.get(KIND, f"{owner}/{policy_id}")
        if body is None:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST", f"{_owner(owner)} has no federation policy {policy_id}"
            )
        return _load(body)

    def all(self, owner: str) -> list[Policy]:
        """Return the policies of a service principal or of the account, oldest first."""
        return [_load(row.body) for row in self._space.select(KIND, parent=owner)]

    def is_current(self, policy: Policy) -> bool:
        """Say whether a policy is still there, as it was read."""
        body = self._space.get(KIND, policy.key)
        return body is not None and _load(body) == policy

    def update(self, owner: str, policy_id: str, body: dict[str, Any], mask: str) -> Policy:
        """Change a policy.

        Args:
            owner: SCIM id of a service principal, or :data:`ACCOUNT`.
            policy_id: its name.
            body: new values.
            mask: what they are for: paths such as ``oidc_policy.audiences``, joined by commas;
                ``*`` for all, empty for what ``body`` has.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST, or INVALID_PARAMETER_VALUE for what a policy cannot
                say or a path that it does not have.
        """
        before = self.get(owner, policy_id)
        self._check_name(before, body)
        oidc, wanted = before.oidc.shown(), body.get("oidc_policy") or {}
        description = before.description
        for path in _paths(mask, body):
            name, _, part = path.partition(".")
            if path == "description":
                description = str(body.get("description") or "")
            elif path == "oidc_policy":
                oidc = wanted
            elif name == "oidc_policy" and part in _OIDC_FIELDS:
                oidc = oidc | {part: wanted.get(part)}
            else:
                raise invalid(
                    f"update_mask names {path!r}; a policy has description, oidc_policy and "
                    + ", ".join(f"oidc_policy.{field}" for field in _OIDC_FIELDS)
                )
        checked = _checked(owner, OidcPolicy.load(oidc))
        times = before.create_time, self._clock.now()
        policy = Policy(owner, before.policy_id, before.uid, *times, description, checked)
        self._space.update(KIND, policy.key, asdict(policy))
        return policy

    def delete(self, owner: str, policy_id: str) -> None:
        """Delete a policy; tokens that were given for it live to their end.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST.
        """
        self._space.delete(KIND, self.get(owner, policy_id).key)

    def shown(self, policy: Policy) -> dict[str, Any]:
        """Return a policy as the API shows it."""
        body: dict[str, Any] = {
            "name": self._name(policy),
            "uid": policy.uid,
            "policy_id": policy.policy_id,
            "create_time": moment(policy.create_time),
            "update_time": moment(policy.update_time),
            "oidc_policy": policy.oidc.shown(),
        }
        if policy.description:
            body["description"] = policy.description
        if policy.owner != ACCOUNT:
            body["service_principal_id"] = int(policy.owner)
        return body

    def _name(self, policy: Policy) -> str:
        of = "" if policy.owner == ACCOUNT else f"servicePrincipals/{policy.owner}/"
        return f"accounts/{self.account_id}/{of}federationPolicies/{policy.policy_id}"

    def _check_name(self, policy: Policy, body: dict[str, Any]) -> None:
        given, name = body.get("name"), self._name(policy)
        if given and given != name:
            raise invalid(f"name must be that of the request's path, {name}; got {given!r}")

    def _forget(self, record: dict[str, Any], scope: str) -> None:
        if scope == ACCOUNT:
            self._space.delete_children(KIND, record["id"])


_OIDC_FIELDS = tuple(row.name for row in fields(OidcPolicy))


def _load(body: dict[str, Any]) -> Policy:
    return Policy(**(body | {"oidc": OidcPolicy.load(body["oidc"])}))


def _owner(owner: str) -> str:
    return "The account" if owner == ACCOUNT else f"Service principal {owner}"


def _paths(mask: str, body: dict[str, Any]) -> Sequence[str]:
    if mask == EVERYTHING:
        return ("description", "oidc_policy")
    if mask:
        return mask.split(",")
    given = body.get("oidc_policy") or {}
    found = [f"oidc_policy.{name}" for name in _OIDC_FIELDS if name in given]
    return ["description", *found] if "description" in body else found


def _checked(owner: str, policy: OidcPolicy) -> OidcPolicy:
    if not is_trustworthy(policy.issuer):
        raise invalid(
            "oidc_policy.issuer must be an https URL, or an http URL of this machine; "
            f"got {policy.issuer!r}"
        )
    if owner == ACCOUNT and policy.subject:
        raise invalid("oidc_policy.subject must not be given in a policy of the account")
    if owner != ACCOUNT and not policy.subject:
        raise invalid("oidc_policy.subject must be given in a policy of a service principal")
    if not all(policy.audiences):
        raise invalid("oidc_policy.audiences must not hold an empty audience")
    if policy.jwks_uri and policy.jwks_json:
        raise invalid("oidc_policy may have one of jwks_uri and jwks_json, not both")
    if policy.jwks_uri and not is_trustworthy(policy.jwks_uri):
        raise invalid(
            "oidc_policy.jwks_uri must be an https URL, or an http URL of this machine; "
            f"got {policy.jwks_uri!r}"
        )
    if policy.jwks_json:
        try:
            key_set(policy.jwks_json)
        except ValueError as error:
            raise invalid(f"oidc_policy.jwks_json {error}") from None
    return policy
