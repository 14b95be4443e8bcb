"""Keeps users and their tokens.

Source: https://docs.github.com/en/rest/users/users and, for what is made at start, GitHub
Enterprise Server's https://docs.github.com/en/enterprise-server/rest/enterprise-admin/users
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from bricklane_local.forge.errors import ForgeApiError, custom, not_found
from bricklane_local.forge.users.model import PLANS, Caller, User
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Space

USER, TOKEN = "forge_user", "forge_token"
LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}")
BOT = "github-actions[bot]"
BOT_ID = 41_898_282  # the id that clients know it by on github.com
OWNER, REVIEWER = "developer", "release-manager"
PERSONAL, INSTALLATION = "ghp_", "ghs_"  # by which secret scanners know these tokens


def digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256, of no use to whoever reads the state."""
    return hashlib.sha256(token.encode()).hexdigest()


class Users:
    """The accounts of the forge and their tokens.

    Args:
        space: where both are stored, tokens only as digests.
        clock: decides whether a token has expired.
    """

    def __init__(self, space: Space, clock: Clock) -> None:
        self._space = space
        self._clock = clock
        self.bot = self._ensure(BOT, "Bot", number=BOT_ID)
        self.owner = self._ensure(OWNER, "User", name="Local Developer", site_admin=True)
        self.reviewer = self._ensure(REVIEWER, "User", name="Release Manager")

    @property
    def nobody(self) -> Caller:
        """Who calls without credentials; it may do nothing."""
        return Caller(self.known(""), permissions={})

    def _ensure(
        self, login: str, kind: str, *, name: str = "", site_admin: bool = False, number: int = 0
    ) -> User:
        body = self._space.get(USER, login.lower())
        if body is not None:
            return User(**body)
        number = number or self._space.database.next_number("forge_user", first=1001)
        email = f"{number}+{login}@users.noreply.github.com"
        user = User(number, login, kind, name or login, email, site_admin, self._clock.now())
        self._space.insert(USER, login.lower(), asdict(user), position=number)
        return user

    def create(self, login: str, *, kind: str = "User", name: str = "") -> User:
        """Make an account.

        Args:
            login: its name.
            kind: ``User`` or ``Organization``.
            name: for people; the login by default.

        Raises:
            ForgeApiError: 422 when the name is taken or not allowed.
        """
        if not LOGIN.fullmatch(login):
            raise custom(kind, "Login may only contain alphanumeric characters or single hyphens")
        if self.find(login) is not None:
            raise custom(kind, f"Login {login} is already taken")
        return self._ensure(login, kind, name=name)

    def set_plan(self, user: User, plan: str) -> User:
        """Let an account pay for another plan.

        Raises:
            ForgeApiError: 422 when there is no such plan.
        """
        if plan not in PLANS:
            raise custom(user.type, f"plan must be one of {', '.join(PLANS)}; got {plan!r}")
        changed = replace(user, plan=plan)
        self._space.update(USER, user.login.lower(), asdict(changed))
        return changed

    def find(self, login: str) -> User | None:
        """Return the account called ``login``, or None."""
        body = self._space.get(USER, login.lower())
        return None if body is None else User(**body)

    def get(self, login: str) -> User:
        """Return the account called ``login``.

        Raises:
            ForgeApiError: 404.
        """
        user = self.find(login)
        if user is None:
            raise not_found()
        return user

    def by_id(self, number: int) -> User | None:
        """Return the account with this id, or None."""
        document = self._space.at_position(USER, number)
        return None if document is None else User(**document.body)

    def all(self) -> list[User]:
        """Return all accounts by id."""
        return [User(**document.body) for document in self._space.select(USER)]

    def known(self, login: str) -> User:
        """Return the account called ``login``, or what remains to be shown of one that is gone."""
        return self.find(login) or User(10137, "ghost", "User", "Deleted user", "", False, 0)

    def issue_token(
        self,
        user: User,
        note: str,
        *,
        permissions: Mapping[str, str] | None = None,
        repository: int = 0,
        job: int = 0,
        on_behalf_of: str = "",
        expires_at: int = -1,
    ) -> str:
        """Make a token; its value can never be read again.

        Args:
            user: whom it stands for.
            note: what it is for.
            permissions: permission → ``read`` or ``write``; None for all that the user may.
            repository: id of the one repository it works on; 0 for any.
            job: id of the workflow job it is made for; 0 for a person's.
            on_behalf_of: login of who started that job's run.
            expires_at: milliseconds since the epoch, or -1 for never.
        """
        token = (INSTALLATION if job else PERSONAL) + secrets.token_hex(18)
        body = {
            "login": user.login,
            "note": note,
            "permissions": None if permissions is None else dict(permissions),
            "repository": repository,
            "job": job,
            "on_behalf_of": on_behalf_of,
            "expires_at": expires_at,
        }
        self._space.insert(TOKEN, digest(token), body, parent=user.login.lower())
        return token

    def revoke(self, token: str) -> None:
        """Make a token useless."""
        self._space.delete(TOKEN, digest(token))

    def authenticate(self, token: str) -> Caller:
        """Return whom ``token`` stands for.

        Raises:
            ForgeApiError: 401 when it is unknown or has expired.
        """
        key = digest(token)
        body = self._space.get(TOKEN, key)
        if body is None or 0 <= body["expires_at"] <= self._clock.now():
            raise ForgeApiError(401, "Bad credentials")
        user = self.find(body["login"])
        if user is None:
            raise ForgeApiError(401, "Bad credentials")
        return Caller(
            user,
            key,
            body["permissions"],
            body["repository"],
            body["job"],
            body["on_behalf_of"],
            body["expires_at"],
        )

    def is_valid(self, token: str) -> bool:
        """Say whether ``token`` would be accepted now."""
        try:
            self.authenticate(token)
        except ForgeApiError:
            return False
        return True


def wire(user: User, url: str, api: str) -> dict[str, Any]:
    """Return a user as the API shows it.

    Args:
        user: the account.
        url: of the forge.
        api: of its REST API.
    """
    login = user.login
    return {
        "login": login,
        "id": user.id,
        "node_id": f"U_{user.id}",
        "avatar_url": f"{url}/avatars/{user.id}",
        "gravatar_id": "",
        "url": f"{api}/users/{login}",
        "html_url": f"{url}/{login}",
        "repos_url": f"{api}/users/{login}/repos",
        "organizations_url": f"{api}/users/{login}/orgs",
        "type": user.type,
        "site_admin": user.site_admin,
    }
