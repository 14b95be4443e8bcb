"""Decides who calls, what they may see, and what they may do.

Source: https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from bricklane_local.forge.actors import actor
from bricklane_local.forge.errors import ForgeApiError, not_found
from bricklane_local.forge.git.http import Opened
from bricklane_local.forge.users.model import ROLES, Caller

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.routing import ForgeRoute

# What a person must be in the repository for what a limited token must be allowed. Where GitHub
# asks less of a person (anyone who sees a repository may comment), the route says so itself.
READERS = "read"
ADMINISTRATORS = ("administration", "environments", "repository_hooks")
COLLABORATORS_ONLY = ("secrets", "variables")
SAFE_METHODS = ("GET", "HEAD")


def token_of(authorization: str) -> str:
    """Return the token in an Authorization header: bearer, ``token``, or Basic's password.

    Raises:
        ForgeApiError: 401 when there is none.
    """
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    if scheme.lower() in ("bearer", "token") and value:
        return value
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ForgeApiError(401, "Bad credentials") from None
        # `git clone http://TOKEN@host/…` and `curl -u TOKEN:x-oauth-basic` put it first.
        return user if password in ("", "x-oauth-basic") else password
    raise ForgeApiError(401, "Requires authentication")


def wanted_role(route: ForgeRoute) -> str:
    """Return what a person must be in the repository to use ``route``."""
    if route.role or not route.needs:
        return route.role or READERS
    permission, _, level = route.needs[0].partition(":")
    if permission in ADMINISTRATORS:
        return READERS if (permission, level) == ("environments", "read") else "admin"
    if permission in COLLABORATORS_ONLY:
        return "write" if level == "read" else "admin"
    return READERS if level == "read" else "write"


def check_token(route: ForgeRoute, caller: Caller) -> None:
    """Check that the token's own limits allow ``route``.

    Raises:
        ForgeApiError: 403, with the permission that is missing in a header, as GitHub sends it.
    """
    if not route.needs or any(caller.permits(need) for need in route.needs):
        return
    kind = "integration" if caller.by_job_token else "personal access token"
    accepted = "; ".join(need.replace(":", "=") for need in route.needs)
    raise ForgeApiError(
        403,
        f"Resource not accessible by {kind}",
        headers={"X-Accepted-GitHub-Permissions": accepted},
    )


def check_role(forge: Forge, caller: Caller, repository: Repository, wanted: str) -> None:
    """Check that ``caller`` is at least ``wanted`` in a repository.

    Raises:
        ForgeApiError: 404 when the repository must not be seen, 403 when the role is too small.
    """
    role = forge.repositories.role(repository, caller)
    if role == "none":
        raise not_found()
    if caller.by_job_token and caller.repository == repository.id:
        return
    if ROLES.index(role) < ROLES.index(wanted):
        raise ForgeApiError(403, f"Must have {wanted} rights to Repository.")


def repository_for(
    forge: Forge, route: ForgeRoute, caller: Caller, owner: str, name: str, method: str
) -> Repository:
    """Return the repository that a path names, once ``caller`` may use ``route`` on it.

    Raises:
        ForgeApiError: 404, 403, or 403 for a change to an archived repository.
    """
    repository = forge.repositories.get(owner, name)
    check_role(forge, caller, repository, READERS)
    check_token(route, caller)
    check_role(forge, caller, repository, wanted_role(route))
    administration = any(need.startswith("administration") for need in route.needs)
    if repository.archived and method not in SAFE_METHODS and not administration:
        raise ForgeApiError(403, "Repository was archived so is read-only.")
    return repository


class GitAccess:
    """Decides who may fetch and push with git.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def open(self, owner: str, name: str, authorization: str | None, *, write: bool) -> Opened:
        """Return the repository that a git client wants.

        Args:
            owner: login in the URL.
            name: of the repository, without ``.git``.
            authorization: the header, if one was sent.
            write: whether it is for a push.

        Raises:
            ForgeApiError: 401, 403 or 404.
        """
        if not authorization and not write:
            known = self._forge.repositories.find(owner, name)
            if known is not None and not known.private:
                return Opened(known.id, None)
        caller = self._forge.users.authenticate(token_of(authorization or ""))
        repository = self._forge.repositories.get(owner, name)
        check_role(self._forge, caller, repository, READERS)
        level = "write" if write else "read"
        if not caller.permits(f"contents:{level}"):
            raise ForgeApiError(
                403, f"Permission to {repository.full_name}.git denied to {caller.user.login}."
            )
        if write and repository.archived:
            raise ForgeApiError(403, "This repository was archived so it is read-only.")
        check_role(self._forge, caller, repository, level)
        return Opened(repository.id, actor(caller))
