"""Issues ID tokens to jobs that may have them.

Source: https://docs.github.com/en/actions/reference/security/oidc and, for the issuer's path,
its pages for GitHub Enterprise Server.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.errors import ForgeApiError, malformed
from bricklane_local.forge.oidc.claims import (
    CLAIMS,
    DEFAULT_SUBJECT,
    IMMUTABLE_SINCE,
    SUBJECT_KEYS,
    MissingEnvironmentError,
    job_claims,
    repository_part,
    subject,
)
from bricklane_local.forge.oidc.keys import ALGORITHM, SigningKey
from bricklane_local.forge.oidc.model import Template, TokenRequest
from bricklane_local.forge.records import Records
from bricklane_local.forge.routing import Base
from bricklane_local.forge.users.service import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bricklane_local.forge.actions.runs.model import JobRun
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import User

ISSUER_PATH, REQUEST_PATH = "/token", "/idtoken"  # below Base.SERVICES
# A token is good for five minutes, and dated back for clocks that are slow.
SECONDS, BACKDATED_SECONDS = 300, 600
AUDIENCE_LIMIT = 2048


class Oidc:
    """The OpenID provider of one forge.

    Args:
        forge: whose jobs get tokens.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._key = SigningKey(forge.paths.oidc_key)
        self._requests = Records(forge.space, "forge_id_token_request", TokenRequest)
        self._templates = Records(forge.space, "forge_oidc_template", Template)
        self._organizations = Records(forge.space, "forge_oidc_organization", Template)

    @property
    def issuer(self) -> str:
        """The issuer that tokens name; its discovery document is below this URL."""
        return f"{self._forge.url}{Base.SERVICES}{ISSUER_PATH}"

    def metadata(self) -> dict[str, Any]:
        """Describe the provider (OpenID Connect Discovery 1.0, section 3)."""
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/.well-known/jwks",
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "claims_supported": list(CLAIMS),
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "scopes_supported": ["openid"],
        }

    async def jwks(self) -> dict[str, Any]:
        """Return the keys that tokens are verified with."""
        return await asyncio.to_thread(self._key.public)

    def admit(self, github: Mapping[str, Any], job: JobRun, minutes: float) -> dict[str, str]:
        """Let a job ask for ID tokens until it ends.

        Args:
            github: the ``github`` context of its run.
            job: the job.
            minutes: how long it may run.

        Returns:
            The variables by which its steps ask; the token among them is a secret.
        """
        token = secrets.token_urlsafe(32)
        expires_at = self._forge.clock.now() + int((minutes + 5) * 60_000)
        request = TokenRequest(digest(token), expires_at, job_claims(github, job))
        self._requests.put(_key(job.repository, job.id), request, parent=str(job.repository))
        path = f"{Base.SERVICES}{REQUEST_PATH}/{job.repository}/{job.id}"
        url = f"{self._forge.url}{path}?api-version=2.0"
        # Clients append `&audience=…`, so the URL has to have a query already.
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token}

    def dismiss(self, repository: int, job: int) -> None:
        """Give a job that has ended no more ID tokens."""
        self._requests.remove(_key(repository, job))

    async def id_token(self, repository: int, job: int, token: str, audience: str) -> str:
        """Return an ID token for a job.

        Args:
            repository: id of the job's repository.
            job: its id.
            token: the request token that it was given.
            audience: whom the ID token is for; empty for the URL of the repository's owner.

        Raises:
            ForgeApiError: 401 when the request token is not the one of a running job, 400 when its
                subject cannot be made or the audience is too long.
        """
        now = self._forge.clock.now()
        request = self._requests.find(_key(repository, job))
        found = self._forge.repositories.by_id(repository)
        if (
            request is None
            or found is None
            or request.expires_at <= now
            or not hmac.compare_digest(request.digest, digest(token))
        ):
            raise ForgeApiError(401, "The token is not that of a running job with id-token: write")
        if len(audience) > AUDIENCE_LIMIT:
            raise ForgeApiError(400, f"The audience exceeds {AUDIENCE_LIMIT} characters")
        claims = request.claims
        seconds = now // 1000
        return await asyncio.to_thread(
            self._key.signed,
            {
                "jti": str(uuid.uuid4()),
                "sub": self._subject(found, claims),
                "aud": audience or f"{self._forge.url}/{claims['repository_owner']}",
                **claims,
                "iss": self.issuer,
                "nbf": seconds - BACKDATED_SECONDS,
                "exp": seconds + SECONDS,
                "iat": seconds,
            },
        )

    def _subject(self, repository: Repository, claims: Mapping[str, str]) -> str:
        try:
            return subject(claims, self.keys(repository), immutable=self.is_immutable(repository))
        except MissingEnvironmentError:
            raise ForgeApiError(
                400,
                f"The subject template of {repository.full_name} includes the environment, "
                "and the job has none",
            ) from None

    def keys(self, repository: Repository) -> list[str]:
        """Return what the subjects of a repository are made of."""
        template = self.template(repository)
        if template.use_default:
            return list(DEFAULT_SUBJECT)
        organization = self.organization_template(repository.owner)
        return template.keys or organization.keys or list(DEFAULT_SUBJECT)

    def is_immutable(self, repository: Repository) -> bool:
        """Say whether the subjects of a repository carry the ids of owner and repository."""
        for template in (self.template(repository), self.organization_template(repository.owner)):
            if template.immutable is not None:
                return template.immutable
        return max(repository.created_at, repository.renamed_at) >= IMMUTABLE_SINCE

    def prefix(self, repository: Repository) -> str:
        """Return how the subjects of a repository name it."""
        owner = self._forge.users.known(repository.owner)
        claims = {
            "repository": repository.full_name,
            "repository_id": str(repository.id),
            "repository_owner_id": str(owner.id),
        }
        return repository_part(claims, immutable=self.is_immutable(repository))

    def template(self, repository: Repository) -> Template:
        """Return what a repository says of its subjects."""
        return self._templates.find(_key(repository.id, 0)) or Template()

    def save_template(self, repository: Repository, template: Template) -> None:
        """Store what a repository says of its subjects.

        Raises:
            ForgeApiError: 422 when the keys are not what subjects can be made of.
        """
        _check(template.keys)
        self._templates.put(_key(repository.id, 0), template, parent=repository.parent)

    def organization_template(self, login: str) -> Template:
        """Return what an organisation says of its repositories' subjects."""
        return self._organizations.find(login.lower()) or Template()

    def save_organization_template(self, organization: User, template: Template) -> None:
        """Store what an organisation says of its repositories' subjects.

        Raises:
            ForgeApiError: 422 when the keys are not what subjects can be made of.
        """
        _check(template.keys)
        self._organizations.put(organization.login.lower(), template, parent="")


def _check(keys: list[str] | None) -> None:
    if keys is None:
        return
    if unknown := [key for key in keys if key not in SUBJECT_KEYS]:
        known = ", ".join(SUBJECT_KEYS)
        raise malformed("include_claim_keys", unknown[0], f"is not a member of [{known}]")
    if len(set(keys)) != len(keys):
        raise malformed("include_claim_keys", keys, "has a key more than once")


def _key(repository: int, number: int) -> str:
    return f"{repository}/{number}"
