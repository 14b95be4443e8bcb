"""Checks tokens of other issuers against federation policies.

Source: https://docs.databricks.com/dev-tools/auth/oauth-federation-exchange (RS256 or ES256; an
access token lives no longer than the token it was given for), RFC 7519, section 4.1, and RFC 8725.
The documentation does not say that a token may be exchanged only once, so its ``jti`` is not
remembered.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from bricklane_local.identity.directory import Directory
from bricklane_local.identity.federation import SUBJECT_CLAIM, FederationPolicies, Policy
from bricklane_local.identity.issuer_keys import IssuerError, IssuerKeys, key_set
from bricklane_local.identity.principals import PrincipalKind
from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.store.clock import Clock

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

TIMES = ("exp", "nbf", "iat")
ALGORITHMS = ("RS256", "ES256")
SHOWN = 200  # characters of a claim that a message repeats


class Stage(IntEnum):
    """How far a token got: of several policies, the one it got farthest with is told of."""

    FORM = 0
    ISSUER = 1
    SIGNATURE = 2
    TIME = 3
    AUDIENCE = 4
    SUBJECT = 5


class FederationError(Exception):
    """A token that stands for nobody.

    Args:
        stage: what was wrong with it.
        message: names the claim and its value; the token itself is never shown.
    """

    def __init__(self, stage: Stage, message: str) -> None:
        super().__init__(message)
        self.stage = stage
        self.message = message


@dataclass(frozen=True, slots=True)
class Federated:
    """Whom a token stands for.

    Args:
        name: application id or user name; not yet known to exist.
        expires_at: when the token ends, in seconds since the epoch.
    """

    name: str
    expires_at: int


class FederatedTokens:
    """Knows whom tokens of other issuers stand for.

    Args:
        policies: that say so.
        directory: knows the service principals.
        clock: decides whether a token has expired.
    """

    def __init__(self, policies: FederationPolicies, directory: Directory, clock: Clock) -> None:
        self._policies = policies
        self._directory = directory
        self._clock = clock
        self._keys = IssuerKeys(clock)

    @property
    def now(self) -> int:
        """The time in whole seconds since the epoch, rounded up: a token never outlives its end."""
        return -(-self._clock.now() // 1000)

    async def verify(self, token: str, application_id: str = "") -> Federated:
        """Return whom a token stands for.

        Args:
            token: a signed JSON Web Token.
            application_id: of the service principal that it is to stand for, whose policies count;
                empty for the policies of the account, which tell whom by a claim.

        Raises:
            FederationError: when no policy accepts it.
        """
        header, claims = _unverified(token)
        issuer = claims.get("iss")
        policies = self._policies_of(application_id)
        found = [policy for policy in policies if policy.oidc.issuer == issuer]
        if not found:
            whose = f"service principal {application_id}" if application_id else "the account"
            raise FederationError(
                Stage.ISSUER,
                f"No federation policy of {whose} trusts the token's issuer {_shown(issuer)}",
            )
        failures = []
        for policy in found:
            try:
                verified = await self._verified(policy, token, header)
                federated = self._federated(policy, verified, application_id)
            except FederationError as error:
                failures.append(error)
                continue
            # Asking an issuer for its keys takes time, in which the policy may have changed.
            if self._policies.is_current(policy):
                return federated
            failures.append(
                FederationError(Stage.ISSUER, f"The policy {policy.policy_id} has just changed")
            )
        raise max(failures, key=lambda error: error.stage)

    def _policies_of(self, application_id: str) -> list[Policy]:
        if not application_id:
            return self._policies.all(ACCOUNT)
        record = self._directory.record(PrincipalKind.SERVICE_PRINCIPAL, application_id)
        # Of one that does not exist the same is said as of one that has no policies.
        return [] if record is None else self._policies.all(record["id"])

    async def _verified(self, policy: Policy, token: str, header: dict[str, Any]) -> dict[str, Any]:
        oidc, key_id = policy.oidc, header.get("kid")
        try:
            if oidc.jwks_json:
                keys = key_set(oidc.jwks_json)
            else:
                keys = await self._keys.find(
                    oidc.issuer, oidc.jwks_uri, key_id if isinstance(key_id, str) else None
                )
        except IssuerError as error:
            message = f"The keys of the issuer {oidc.issuer} cannot be had: {error}"
            raise FederationError(Stage.ISSUER, message) from None
        return await asyncio.to_thread(_decoded, token, keys, key_id)

    def _federated(self, policy: Policy, claims: dict[str, Any], application_id: str) -> Federated:
        self._check_times(claims)
        audiences = policy.oidc.audiences or (self._policies.account_id,)
        given = claims.get("aud")
        if not set(_texts(given)) & set(audiences):
            wanted = "an audience of the policy" if policy.oidc.audiences else "the account's id"
            message = f"The token's audience (aud) is {_shown(given)}, which is not {wanted}"
            raise FederationError(Stage.AUDIENCE, message)
        claim = policy.oidc.subject_claim or SUBJECT_CLAIM
        subject = claims.get(claim)
        if not isinstance(subject, str) or not subject:
            message = f"The token's subject ({claim}) is {_shown(subject)}, not a name"
            raise FederationError(Stage.SUBJECT, message)
        if policy.owner != ACCOUNT and subject != policy.oidc.subject:
            raise FederationError(
                Stage.SUBJECT,
                f"The token's subject ({claim}) is {_shown(subject)}, which no federation policy "
                f"of service principal {application_id} is for",
            )
        # Names are kept in small letters.
        name = subject.lower() if policy.owner == ACCOUNT else application_id
        return Federated(name, int(claims["exp"]))

    def _check_times(self, claims: dict[str, Any]) -> None:
        from joserfc.errors import ClaimError
        from joserfc.jwt import JWTClaimsRegistry

        times: dict[str, Any] = {name: claims[name] for name in TIMES if name in claims}
        try:
            JWTClaimsRegistry(now=self.now, exp={"essential": True}).validate(times)
        except ClaimError as error:
            message = f"{error.description.rstrip('.')} (claim {error.claim})"
            raise FederationError(Stage.TIME, message) from None


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    from joserfc.errors import JoseError
    from joserfc.jws import extract_compact

    malformed = FederationError(Stage.FORM, "subject_token is not a signed JSON Web Token")
    try:
        found = extract_compact(token.encode("ascii"))
        header: object = found.headers()
        claims: object = json.loads(found.payload)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise malformed from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise malformed
    if header.get("alg") not in ALGORITHMS:
        raise FederationError(
            Stage.FORM,
            f"subject_token is signed by {_shown(header.get('alg'))}; "
            f"only {' and '.join(ALGORITHMS)} are accepted",
        )
    return header, claims


def _decoded(token: str, keys: KeySet, key_id: object) -> dict[str, Any]:
    from joserfc import jwt
    from joserfc.errors import InvalidKeyIdError, JoseError
    from joserfc.jws import JWSRegistry

    # Issuers put more into headers than the standard knows; `crit` is heeded all the same.
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        return jwt.decode(token, keys, registry=registry).claims
    except InvalidKeyIdError:
        message = f"The issuer has no key {_shown(key_id)} (kid) that could have signed the token"
    except (JoseError, ValueError, TypeError):
        message = "The token's signature is not the issuer's"
    raise FederationError(Stage.SIGNATURE, message)


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def _shown(value: object) -> str:
    text = "missing" if value is None else repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
