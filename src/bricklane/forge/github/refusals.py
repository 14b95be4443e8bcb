"""What GitHub's refusals mean: from a status, a body and headers to one error with a next move."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bricklane.errors import ExitCode
from bricklane.forge.errors import (
    ForgeConflict,
    ForgeError,
    ForgeForbidden,
    ForgeUnauthenticated,
    ForgeUnavailable,
)
from bricklane.forge.github.permissions import advice, needed

# Words of a 403 that speak of the token and not of a rule.
LACKING = ("resource not accessible", "must have", "permission", "write access", "not authorized")
# Codes and words of a 422 that speak of something that is there already.
TAKEN = ("already_exists", "already exists", "reference already exists")
RULES = ("rule violation", "protected branch", "repository rule")
MAY_NOT_OPEN = "not permitted to create or approve pull requests"


class Missing(ForgeError):  # noqa: N818
    """What was asked for does not exist, or the token may not see it (404)."""


class NotTaken(ForgeUnavailable):
    """The request never took effect, and was asked again as often as makes sense."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is an error.

    Args:
        verb: of the request.
        path: of the request; below the repository, or with a leading slash.
        repository: ``owner/name``.
        host: who answered, with the port.
        status: of HTTP.
        body: decoded; None when there was none.
        headers: names in lower case.
        token_from: where the token came from, such as ``GITHUB_TOKEN``; never the token.
    """

    verb: str
    path: str
    repository: str
    host: str
    status: int
    body: Any
    headers: Mapping[str, str]
    token_from: str

    @property
    def request(self) -> str:
        """The request as the user reads it."""
        path = self.path if self.path.startswith("/") else f"/repos/{self.repository}/{self.path}"
        return f"{self.verb} {path.rstrip('/')}"

    @property
    def said(self) -> str:
        """What the forge said, its list of problems included."""
        if not isinstance(self.body, dict):
            return "it said nothing"
        lines = str(self.body.get("message") or "it said nothing").splitlines()
        told = "; ".join(line.strip() for line in lines if line.strip()).rstrip(".")
        errors = self.body.get("errors")
        listed = errors if isinstance(errors, list) else [errors] if errors else []
        problems = "; ".join(_problem(problem) for problem in listed)
        return f"{told}: {problems}" if problems else told

    def says(self, *words: str) -> bool:
        """Return whether one of ``words`` occurs in what the forge said."""
        said = self.said.lower()
        return any(word in said for word in words)


def _problem(problem: object) -> str:
    if not isinstance(problem, dict):
        return str(problem)
    if problem.get("message"):
        return str(problem["message"])
    words = (problem.get("resource"), problem.get("field"), problem.get("code"))
    return " ".join(str(word) for word in words if word)


def explain(refusal: Refusal) -> ForgeError:
    """Return the error that tells of ``refusal``: what was asked, the answer, the next move."""
    if limited(refusal):
        return _limited(refusal)
    if refusal.status >= 500 and refusal.status not in KINDS:
        return ForgeUnavailable(
            f"{refusal.host} answered {refusal.status} to {refusal.request},"
            f" however often it was asked: {refusal.said}",
            hint="wait until the forge is well again, then run the same command: it goes on"
            " where it stopped",
            exit_code=ExitCode.NETWORK,
        )
    return KINDS.get(refusal.status, _other)(refusal)


def limited(refusal: Refusal) -> bool:
    """Return whether the forge turned the request away for their number.

    An empty 403 is one: its text was read to find that out, and attempts ran out.
    """
    return refusal.status == 429 or (
        refusal.status == 403
        and (
            refusal.body is None
            or "retry-after" in refusal.headers
            or refusal.headers.get("x-ratelimit-remaining") == "0"
            or refusal.says("rate limit")
        )
    )


def _limited(refusal: Refusal) -> ForgeError:
    until = "in some minutes"
    reset = refusal.headers.get("x-ratelimit-reset", "")
    after = refusal.headers.get("retry-after", "")
    if after.isdigit():
        reset = str(int(time.time()) + int(after))
    if reset.isdigit():
        until = f"after {datetime.fromtimestamp(int(reset), UTC):%Y-%m-%d %H:%M:%S} UTC"
    return NotTaken(
        f"{refusal.host} lets this token ask no more for now"
        f" ({refusal.status} to {refusal.request}: rate limit)",
        hint=f"run the same command {until}: it goes on where it stopped",
        exit_code=ExitCode.NETWORK,
    )


def _unauthenticated(refusal: Refusal) -> ForgeError:
    return ForgeUnauthenticated(
        f"{refusal.host} does not accept the token from {refusal.token_from}"
        f" (401 to {refusal.request}: {refusal.said})",
        hint="it is wrong, was revoked or has expired: make a new one, put it into"
        f" {refusal.token_from} and run the same command: it goes on where it stopped",
    )


def _forbidden(refusal: Refusal) -> ForgeError:
    sso = refusal.headers.get("x-github-sso", "")
    told = f"{refusal.host} refused {refusal.request} (403: {refusal.said})"
    if "url=" in sso:
        url = sso.partition("url=")[2]
        return ForgeForbidden(told, hint=f"authorize the token for the organization: {url}")
    if refusal.says(MAY_NOT_OPEN):
        return ForgeForbidden(
            told,
            hint="allow it under Settings → Actions → General → Workflow permissions, or use the"
            " token of a GitHub App",
        )
    if refusal.says(*RULES) or not refusal.says(*LACKING):
        return ForgeForbidden(
            told, hint=f"if no rule of the repository forbids it: {_permission_hint(refusal)}"
        )
    accepted = refusal.headers.get("x-accepted-github-permissions")
    return ForgeForbidden(
        f"{told}: the token from {refusal.token_from} lacks the permission"
        f" {accepted or needed(refusal.verb, refusal.path)}",
        hint=_permission_hint(refusal),
    )


def _permission_hint(refusal: Refusal) -> str:
    hint = advice(
        needed(refusal.verb, refusal.path),
        refusal.repository,
        os.environ.get("GITHUB_ACTIONS") == "true",
    )
    scopes = refusal.headers.get("x-accepted-oauth-scopes")
    if scopes and "x-oauth-scopes" in refusal.headers:
        has = refusal.headers["x-oauth-scopes"] or "none"
        hint += f"\nthis token has the scopes {has}; one of these would do: {scopes}"
    return hint


def _missing(refusal: Refusal) -> ForgeError:
    return Missing(
        f"{refusal.host} knows nothing under {refusal.request} (404: {refusal.said})",
        hint="check the name; a forge also answers this when the token may not see it:"
        f"\n{_permission_hint(refusal)}",
    )


def _conflict(refusal: Refusal) -> ForgeError:
    return ForgeConflict(
        f"{refusal.host} refused {refusal.request} ({refusal.status}: {refusal.said})",
        hint="what is there is not what was expected: look at it, then run the same command",
    )


def _invalid(refusal: Refusal) -> ForgeError:
    if refusal.says(*TAKEN):
        return _conflict(refusal)
    if refusal.says(*RULES):
        return _forbidden(refusal)
    return _other(refusal)


def _other(refusal: Refusal) -> ForgeError:
    return ForgeError(
        f"{refusal.host} refused {refusal.request} ({refusal.status}: {refusal.said})",
        hint="the text in brackets is the forge's own and says what to change",
    )


def _absent(refusal: Refusal) -> ForgeError:
    return ForgeError(
        f"{refusal.host} cannot do {refusal.request} (501: {refusal.said})",
        hint="this server does not offer what the command needs: use a newer one",
    )


KINDS = {
    401: _unauthenticated,
    403: _forbidden,
    404: _missing,
    409: _conflict,
    422: _invalid,
    501: _absent,
}
