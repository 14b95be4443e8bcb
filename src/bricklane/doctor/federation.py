"""Whether a federation policy fits the ID tokens that the forge gives to a target's jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bricklane.doctor.model import NotChecked, Result, failed, not_applicable, passed
from bricklane.doctor.workflows import OIDC
from bricklane.doctor.world import seen

if TYPE_CHECKING:
    from databricks.sdk.service.oauth2 import OidcFederationPolicy

    from bricklane.doctor.target import Target
    from bricklane.forge.model import TokenSubject

SUBJECT_CLAIM = "sub"
ADVICE = "bricklane bootstrap --oidc makes it, or"


def federation(target: Target) -> Result:
    """Look for a policy with the issuer, audience and subject of the target's jobs."""
    delivery = target.delivery
    if delivery.authentication != OIDC:
        return not_applicable("CI signs in by an OAuth secret")
    found, world = target.principal, target.world
    if found is None:
        raise NotChecked(f"there is no service principal {target.client_id}")
    token = seen(world.forge.token_subject)
    if token.claims:
        raise NotChecked(
            "the repository makes subjects of its own, of " + ", ".join(token.claims),
            "compare them with the policy by hand, or go back to the default:"
            " https://docs.github.com/actions/reference/security/oidc",
        )
    account, account_id = world.account, world.account_id
    wanted = subject(world.address.repository, target.environment, token)
    listed = account.service_principal_federation_policy.list(int(found.id))
    policies = [row.oidc_policy for row in listed if row.oidc_policy]
    reasons = [_misfit(policy, token.issuer, account_id, wanted) for policy in policies]
    if "" in reasons:
        return passed(f"a policy for {wanted}")
    oidc = {"issuer": token.issuer, "audiences": [account_id], "subject": wanted}
    command = f"databricks account service-principal-federation-policy create {found.id} --json"
    fix = f"{ADVICE}\n{command} '{json.dumps({'oidc_policy': oidc})}'"
    if not policies:
        return failed(f"{found.name} has no federation policy", fix)
    return failed(f"no federation policy of {found.name} fits: {'; '.join(reasons)}", fix)


def subject(repository: str, environment: str, token: TokenSubject) -> str:
    """Return the subject of the ID tokens of jobs in an environment.

    Args:
        repository: ``owner/name``.
        environment: of the forge.
        token: what stands for the repository.
    """
    owner, _, name = repository.partition("/")
    if token.immutable:
        owner, name = f"{owner}@{token.owner_id}", f"{name}@{token.repository_id}"
    return f"repo:{owner}/{name}:environment:{environment.replace(':', '%3A')}"


def _misfit(policy: OidcFederationPolicy, issuer: str, account_id: str, wanted: str) -> str:
    """Return what of a policy does not fit; "" when all does.

    Source: https://docs.databricks.com/dev-tools/auth/oauth-federation-policy
    """
    if policy.issuer != issuer:
        return f"issuer {policy.issuer}, and tokens are of {issuer}"
    audiences = policy.audiences or [account_id]
    if account_id not in audiences:
        return f"audience {', '.join(audiences)}, and tokens are for {account_id}"
    if policy.subject_claim not in (None, "", SUBJECT_CLAIM):
        return f"it looks at the claim {policy.subject_claim}, and not at {SUBJECT_CLAIM}"
    if policy.subject != wanted:
        return f"subject {policy.subject}, and tokens have {wanted}"
    return ""
