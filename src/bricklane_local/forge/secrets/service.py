"""Keeps secrets and variables of repositories and environments.

Source: https://docs.github.com/en/rest/actions/secrets and /en/rest/actions/variables
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.records import Records
from bricklane_local.forge.secrets.keys import Keys

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,254}")
RESERVED = "GITHUB_"
SECRET_LIMIT = VARIABLE_LIMIT = 48 * 1024  # bytes
WRONG_NAME = (
    "{} names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). "
    "Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_), and not "
    "with GITHUB_."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A secret or a variable.

    Args:
        name: in capitals, unique in its store.
        value: of a variable; of a secret encrypted, Base64.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
    """

    name: str
    value: str
    created_at: int
    updated_at: int


def store_of(repository: Repository, environment: str = "") -> str:
    """Return the parent key of what belongs to a repository, or to an environment of it."""
    return f"{repository.id}/{environment.lower()}"


class Entries:
    """The secrets, or the variables, of all repositories and environments.

    Args:
        forge: the state.
    """

    noun: ClassVar[str]

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._records = Records(forge.space, f"forge_{self.noun.lower()}", Entry)

    def checked_name(self, name: str) -> str:
        """Return a name as it is stored.

        Raises:
            ForgeApiError: 422 when it is not allowed.
        """
        name = name.upper()
        if not NAME.fullmatch(name) or name.startswith(RESERVED):
            raise ForgeApiError(422, WRONG_NAME.format(self.noun))
        return name

    def all(self, store: str) -> list[Entry]:
        """Return the entries of a store by name, as they are stored."""
        return sorted(self._records.under(store), key=lambda entry: entry.name)

    def get(self, store: str, name: str) -> Entry:
        """Return one entry as it is stored.

        Raises:
            ForgeApiError: 404.
        """
        return self._records.get(f"{store}/{name.upper()}")

    def delete(self, store: str, name: str) -> None:
        """Remove an entry.

        Raises:
            ForgeApiError: 404.
        """
        self.get(store, name)
        self._records.remove(f"{store}/{name.upper()}")

    def remove_all(self, repository: Repository, environment: str) -> None:
        """Remove all entries of an environment."""
        self._records.remove_under(store_of(repository, environment))

    def values(self, repository: Repository, environment: str = "") -> dict[str, str]:
        """Return what a job may read: the repository's values, overlaid by the environment's.

        Args:
            repository: of the job.
            environment: of the job; empty for none.
        """
        stores = [store_of(repository)]
        if environment:
            stores.append(store_of(repository, environment))
        return {entry.name: self.in_clear(entry) for store in stores for entry in self.all(store)}

    def in_clear(self, entry: Entry) -> str:
        """Return the value of an entry in clear."""
        return entry.value


class Secrets(Entries):
    """The secrets of all repositories and environments.

    Args:
        forge: the state.
    """

    noun = "Secret"

    def __init__(self, forge: Forge) -> None:
        super().__init__(forge)
        self.keys = Keys(forge.paths.secrets_key)

    def in_clear(self, entry: Entry) -> str:
        """Return the value of a secret, decrypted."""
        return self.keys.decrypted(entry.value).decode()

    def save(self, store: str, name: str, encrypted: str, key_id: str) -> bool:
        """Store a secret; say whether it is new.

        Args:
            store: see :func:`store_of`.
            name: of the secret.
            encrypted: Base64 of its value, sealed with the store's public key.
            key_id: of that key.

        Raises:
            ForgeApiError: 422 when it was sealed with another key, is too long or no text.
        """
        from nacl.exceptions import CryptoError

        name = self.checked_name(name)
        if key_id != self.keys.public(store)[0]:
            raise ForgeApiError(422, "Bad request - key_id is not that of the current public key")
        try:
            value = self.keys.opened(store, base64.b64decode(encrypted, validate=True))
            value.decode()
        except (binascii.Error, CryptoError, ValueError):
            message = "Bad request - encrypted_value cannot be decrypted with the current key"
            raise ForgeApiError(422, message) from None
        if len(value) > SECRET_LIMIT:
            raise ForgeApiError(422, f"Secret values must be at most {SECRET_LIMIT} bytes")
        key, now = f"{store}/{name}", self._forge.clock.now()
        present = self._records.find(key)
        created = now if present is None else present.created_at
        secret = Entry(name, self.keys.encrypted(value), created, now)
        self._records.put(key, secret, parent=store)
        return present is None


class Variables(Entries):
    """The variables of all repositories and environments.

    Args:
        forge: the state.
    """

    noun = "Variable"

    def create(self, store: str, name: str, value: str) -> None:
        """Make a variable.

        Raises:
            ForgeApiError: 409 when it exists, 422 when name or value are not allowed.
        """
        name = self.checked_name(name)
        if self._records.find(f"{store}/{name}") is not None:
            raise ForgeApiError(409, "Already exists - Variable already exists")
        now = self._forge.clock.now()
        self._store(store, Entry(name, value, now, now))

    def update(self, store: str, name: str, new_name: str | None, value: str | None) -> None:
        """Change name or value of a variable.

        Raises:
            ForgeApiError: 404; 409 when the new name is taken; 422 when a value is not allowed.
        """
        present = self.get(store, name)
        wanted = present.name if new_name is None else self.checked_name(new_name)
        if wanted != present.name and self._records.find(f"{store}/{wanted}") is not None:
            raise ForgeApiError(409, "Already exists - Variable already exists")
        changed = replace(
            present,
            name=wanted,
            value=present.value if value is None else value,
            updated_at=self._forge.clock.now(),
        )
        with self._forge.transaction():
            self._records.remove(f"{store}/{present.name}")
            self._store(store, changed)

    def _store(self, store: str, variable: Entry) -> None:
        if len(variable.value.encode()) > VARIABLE_LIMIT:
            raise ForgeApiError(422, f"Variable values must be at most {VARIABLE_LIMIT} bytes")
        self._records.put(f"{store}/{variable.name}", variable, parent=store)
