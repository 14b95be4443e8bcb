"""Subjects of ID tokens on GitHub."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from bricklane.forge.github.api import Api, Json, segment
from bricklane.forge.model import TokenSubject

PUBLIC_API = "api.github.com"
PUBLIC_ISSUER = "https://token.actions.githubusercontent.com"
DEFAULT_CLAIMS = ("repo", "context")
# Repositories made or renamed from then on have their numbers in the subject, unless they say
# otherwise (https://docs.github.com/actions/reference/security/oidc).
IMMUTABLE_SINCE = datetime(2026, 7, 15, tzinfo=UTC)


class Subjects:
    """The part of the protocol that is about ID tokens."""

    api: Api

    def token_subject(self) -> TokenSubject:
        """Return what stands for the repository in the subjects of its jobs' ID tokens.

        A server that does not say which form it uses is judged by the repository's age.
        """
        repository = self.api.get("")
        custom = self.api.find("actions/oidc/customization/sub") or {}
        made = datetime.fromisoformat(repository["created_at"])
        return TokenSubject(
            issuer=issuer(self.api.root),
            repository_id=int(repository["id"]),
            owner_id=int(repository["owner"]["id"]),
            immutable=bool(custom.get("use_immutable_subject", made >= IMMUTABLE_SINCE)),
            claims=self._claims(custom, repository["owner"]["login"]),
        )

    def _claims(self, custom: Json, owner: str) -> tuple[str, ...]:
        """Return what subjects are made of when the repository, or its organisation, says so."""
        if custom.get("use_default", True):
            return ()
        keys = custom.get("include_claim_keys")
        if keys is None:
            path = f"/orgs/{segment(owner)}/actions/oidc/customization/sub"
            keys = (self.api.find(path) or {}).get("include_claim_keys")
        # Repository and context, the default, may be asked for by name as well.
        claims = tuple(keys or DEFAULT_CLAIMS)
        return () if claims == DEFAULT_CLAIMS else claims


def issuer(api: str) -> str:
    """Return who issues the ID tokens of the GitHub with the REST API ``api``.

    Source: https://docs.github.com/enterprise-server/actions/reference/security/oidc
    """
    parts = urlsplit(api)
    if parts.netloc == PUBLIC_API:
        return PUBLIC_ISSUER
    if parts.netloc.endswith(".ghe.com"):
        return f"https://token.actions.{parts.netloc.removeprefix('api.')}"
    return f"{parts.scheme}://{parts.netloc}/_services/token"
