"""The key that ID tokens are signed with.

Source: RFC 7517 (JSON Web Key) and RFC 7518, section 3.3 (RS256).
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.errors import LocalError
from bricklane_local.files import write_atomically

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

ALGORITHM = "RS256"
BITS = 2048


class SigningKey:
    """The RSA key of one forge.

    Making it and signing take a processor's time, so that both are done in threads.

    Args:
        path: the file with the private key (PEM, 0600), made on first use.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._loaded: RSAKey | None = None

    def _key(self) -> RSAKey:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> RSAKey:
        from joserfc.jwk import RSAKey

        if not self._path.exists():
            made = RSAKey.generate_key(BITS)
            write_atomically(self._path, made.as_pem(private=True))
        try:
            # The key id is the key's thumbprint (RFC 7638), so it needs no place of its own.
            key = RSAKey.import_key(self._path.read_bytes(), {"use": "sig", "alg": ALGORITHM})
            private = key.is_private
        except ValueError:
            private = False
        if not private:
            raise LocalError(
                f"{self._path} is no private RSA key in PEM",
                hint="remove it, and the forge makes another: federation policies find the new "
                "key by themselves, unless they hold a copy of the old one (jwks_json)",
            )
        key.ensure_kid()
        return key

    def public(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        return {"keys": [self._key().as_dict(private=False)]}

    def signed(self, claims: dict[str, Any]) -> str:
        """Return ``claims`` as a signed JSON Web Token."""
        from joserfc import jwt

        key = self._key()
        return jwt.encode({"alg": ALGORITHM, "kid": str(key.kid)}, claims, key)
