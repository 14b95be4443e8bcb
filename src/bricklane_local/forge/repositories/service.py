"""Keeps repositories and who may do what with them.

Source: https://docs.github.com/en/rest/repos/repos and /en/rest/collaborators/collaborators
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bricklane_local.forge.errors import ForgeApiError, custom, invalid, not_found
from bricklane_local.forge.repositories.model import Repository
from bricklane_local.forge.users.model import ROLES, Caller, User
from bricklane_local.forge.users.service import Users
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Space

REPOSITORY, COLLABORATOR, MEMBER = "forge_repository", "forge_collaborator", "forge_member"
UNWANTED = re.compile(r"[^A-Za-z0-9._-]+")
NAME_LIMIT = 100


class Repositories:
    """The repositories of the forge.

    Args:
        space: where they are stored.
        clock: for times of change.
        users: the accounts that own and use them.
    """

    def __init__(self, space: Space, clock: Clock, users: Users) -> None:
        self._space = space
        self._clock = clock
        self._users = users

    def create(self, owner: User, name: str, **settings: Any) -> Repository:
        """Remember a new repository; its git objects are made by the caller.

        Args:
            owner: user or organisation.
            name: what GitHub would not allow in it is replaced by hyphens.
            settings: further fields of :class:`Repository`.

        Raises:
            ForgeApiError: 422 when the name is taken or empty.
        """
        name = _clean(name)
        if self.find(owner.login, name) is not None:
            raise _taken()
        number = self._space.database.next_number("forge_repository", first=1)
        now = self._clock.now()
        times = {"created_at": now, "updated_at": now, "pushed_at": now}
        repository = Repository(number, owner.login, name, **(settings | times))
        self._space.insert(
            REPOSITORY,
            repository.full_name.lower(),
            repository.body(),
            parent=owner.login.lower(),
            position=number,
        )
        return repository

    def find(self, owner: str, name: str) -> Repository | None:
        """Return the repository ``owner/name``, or None."""
        body = self._space.get(REPOSITORY, f"{owner}/{name}".lower())
        return None if body is None else Repository.load(body)

    def get(self, owner: str, name: str) -> Repository:
        """Return the repository ``owner/name``.

        Raises:
            ForgeApiError: 404.
        """
        repository = self.find(owner, name)
        if repository is None:
            raise not_found()
        return repository

    def by_id(self, number: int) -> Repository | None:
        """Return the repository with this id, or None."""
        document = self._space.at_position(REPOSITORY, number)
        return None if document is None else Repository.load(document.body)

    def all(self, owner: str | None = None) -> Iterator[Repository]:
        """Yield all repositories, or those of one owner, by id."""
        parent = None if owner is None else owner.lower()
        for document in self._space.select(REPOSITORY, parent=parent):
            yield Repository.load(document.body)

    def visible(self, caller: Caller, owner: str | None = None) -> list[Repository]:
        """Return the repositories that ``caller`` may see."""
        return [item for item in self.all(owner) if self.role(item, caller) != "none"]

    def save(self, repository: Repository, **changes: Any) -> Repository:
        """Store changed settings, a new name among them.

        Raises:
            ForgeApiError: 422 when a new name is taken or empty, 404 when the repository is gone.
        """
        # What the caller holds may be older than what is stored: only the changes count.
        current = self.by_id(repository.id)
        if current is None:
            raise not_found()
        old = current.full_name.lower()
        if "name" in changes:
            changes["name"] = _clean(changes["name"])
        now = self._clock.now()
        renamed = changes.get("name", current.name) != current.name
        times = {"updated_at": now} | ({"renamed_at": now} if renamed else {})
        changed = replace(current, **(changes | times))
        key = changed.full_name.lower()
        if key != old and self.find(changed.owner, changed.name) is not None:
            raise _taken()
        with self._space.database.transaction():
            self._space.delete(REPOSITORY, old)
            self._space.put(
                REPOSITORY,
                key,
                changed.body(),
                parent=changed.owner.lower(),
                position=changed.id,
            )
        return changed

    def delete(self, repository: Repository) -> None:
        """Forget a repository; what belongs to it is removed by the caller."""
        self._space.delete(REPOSITORY, repository.full_name.lower())

    def role(self, repository: Repository, caller: Caller) -> str:
        """Return what ``caller`` is in a repository: one of ``ROLES``.

        A job's token is limited by its permissions, and to its own repository.
        """
        open_to_all = "none" if repository.private else "read"
        if caller.repository and caller.repository != repository.id:
            return open_to_all
        if caller.by_job_token:
            return "write"
        return self.role_of(repository, caller.user)

    def role_of(self, repository: Repository, user: User) -> str:
        """Return what a person is in a repository: one of ``ROLES``."""
        if user.site_admin or user.login.lower() == repository.owner.lower():
            return "admin"
        if self.is_member(repository.owner, user, "admin"):
            return "admin"
        body = self._space.get(COLLABORATOR, _under(repository, user.login))
        if body is not None:
            return str(body["role"])
        return "none" if repository.private else "read"

    def at_least(self, repository: Repository, user: User, role: str) -> bool:
        """Say whether a person is ``role`` or more in a repository."""
        return ROLES.index(self.role_of(repository, user)) >= ROLES.index(role)

    def set_collaborator(self, repository: Repository, user: User, role: str) -> None:
        """Let ``user`` act as ``role`` in a repository."""
        self._space.put(
            COLLABORATOR,
            _under(repository, user.login),
            {"login": user.login, "role": role},
            parent=repository.parent,
            position=user.id,
        )

    def remove_collaborator(self, repository: Repository, login: str) -> None:
        """Take a person's part in a repository away."""
        self._space.delete(COLLABORATOR, _under(repository, login))

    def collaborators(self, repository: Repository) -> list[tuple[User, str]]:
        """Return who takes part in a repository and as what, the owner first."""
        owner = self._users.find(repository.owner)
        found = [(owner, "admin")] if owner is not None and owner.type == "User" else []
        for document in self._space.select(COLLABORATOR, parent=repository.parent):
            user = self._users.find(document.body["login"])
            if user is not None:
                found.append((user, document.body["role"]))
        return found

    def takes_part(self, repository: Repository, user: User) -> bool:
        """Say whether a person is more than a reader from outside."""
        if self._space.get(COLLABORATOR, _under(repository, user.login)) is not None:
            return True
        if self.is_member(repository.owner, user):
            return True
        return user.site_admin or user.login.lower() == repository.owner.lower()

    def set_member(self, organization: User, user: User, role: str) -> None:
        """Make ``user`` an ``admin`` or a ``member`` of an organisation."""
        key = f"{organization.login}/{user.login}".lower()
        body = {"login": user.login, "role": role}
        self._space.put(MEMBER, key, body, parent=organization.login.lower(), position=user.id)

    def is_member(self, organization: str, user: User, role: str = "") -> bool:
        """Say whether ``user`` belongs to an organisation, as ``role`` if given."""
        body = self._space.get(MEMBER, f"{organization}/{user.login}".lower())
        return body is not None and (not role or body["role"] == role)


def _under(repository: Repository, login: str) -> str:
    return f"{repository.id}/{login.lower()}"


def _clean(name: str) -> str:
    cleaned = UNWANTED.sub("-", name.strip()).removesuffix(".git")[:NAME_LIMIT]
    if cleaned in ("", ".", ".."):
        raise invalid("Repository", "name", "missing_field")
    return cleaned


def _taken() -> ForgeApiError:
    error = custom("Repository", "name already exists on this account")
    error.message = "Repository creation failed."
    return error
