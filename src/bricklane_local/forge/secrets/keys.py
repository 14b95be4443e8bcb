"""The keys that secrets are sealed with on their way here and encrypted with at rest.

Source: https://docs.github.com/en/rest/guides/encrypting-secrets-for-the-rest-api (libsodium's
sealed boxes)
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.errors import LocalError
from bricklane_local.files import write_atomically

if TYPE_CHECKING:
    from nacl.public import PrivateKey

SIZE = 32


class Keys:
    """The keys of one forge, all derived from one that is kept in a file.

    Args:
        path: the file (0600), made on first use.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = b""

    def _derived(self, purpose: str) -> bytes:
        if not self._root:
            self._root = self._load()
        return hashlib.blake2b(purpose.encode(), key=self._root, digest_size=SIZE).digest()

    def _load(self) -> bytes:
        if not self._path.exists():
            write_atomically(self._path, secrets.token_bytes(SIZE))
        root = self._path.read_bytes()
        if len(root) != SIZE:
            raise LocalError(
                f"{self._path} is not a key: it has {len(root)} bytes instead of {SIZE}",
                hint="put the right file back, or drop the state with: bricklane local reset",
            )
        return root

    def private(self, store: str) -> PrivateKey:
        """Return the private key that opens what is sealed for ``store``."""
        from nacl.public import PrivateKey

        return PrivateKey(self._derived(f"sealed {store}"))

    def public(self, store: str) -> tuple[str, str]:
        """Return id and Base64 of the public key that clients seal for ``store`` with."""
        content = bytes(self.private(store).public_key)
        number = int.from_bytes(hashlib.sha256(content).digest()[:8], "big")
        return str(number), base64.b64encode(content).decode()

    def opened(self, store: str, sealed: bytes) -> bytes:
        """Return what was sealed for ``store``.

        Raises:
            nacl.exceptions.CryptoError: when it was sealed with another key.
        """
        from nacl.public import SealedBox

        return bytes(SealedBox(self.private(store)).decrypt(sealed))

    def encrypted(self, value: bytes) -> str:
        """Return ``value`` as it is kept at rest."""
        from nacl.secret import SecretBox

        return base64.b64encode(SecretBox(self._derived("at rest")).encrypt(value)).decode()

    def decrypted(self, kept: str) -> bytes:
        """Return the value that is kept at rest as ``kept``.

        Raises:
            LocalError: when the key in the file is not the one it was encrypted with.
        """
        from nacl.exceptions import CryptoError
        from nacl.secret import SecretBox

        box = SecretBox(self._derived("at rest"))
        try:
            return bytes(box.decrypt(base64.b64decode(kept)))
        except CryptoError:
            raise LocalError(
                f"{self._path} is not the key that the forge's secrets were encrypted with",
                hint="put the right file back, or write the secrets again",
            ) from None
