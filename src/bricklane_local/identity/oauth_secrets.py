"""OAuth secrets of service principals.

Source: https://docs.databricks.com/api/workspace/serviceprincipalsecretsproxy. A value is answered
once, when it is made; only its digest is stored.
"""

from __future__ import annotations

import hmac
import re
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.identity.directory import Directory
from bricklane_local.identity.principals import PrincipalKind, digest
from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database

KIND = "oauth_secret"
PREFIX = "dose"
MAXIMUM_SECRETS = 5
# 730 days, in seconds: the default and the longest lifetime.
MAXIMUM_LIFETIME = 730 * 24 * 3600
LIFETIME = re.compile(r"(\d{1,12})s")


class OAuthSecrets:
    """The secrets of all service principals of a cloud.

    Args:
        database: where their digests are kept.
        clock: decides whether one has expired.
        directory: tells when a service principal is gone.
    """

    def __init__(self, database: Database, clock: Clock, directory: Directory) -> None:
        self._space = database.space("identity")
        self._clock = clock
        self._directory = directory
        directory.on_removal(self._forget)

    def create(self, principal_id: str, lifetime: str | None) -> dict[str, Any]:
        """Make a secret and return it with its value.

        Args:
            principal_id: SCIM id of the service principal.
            lifetime: seconds as ``"3600s"``; None for the longest.

        Raises:
            ApiError: when the lifetime cannot be read or the service principal has enough secrets.
        """
        seconds = _seconds(lifetime)
        if self._space.count(KIND, parent=principal_id) >= MAXIMUM_SECRETS:
            raise ApiError(
                "RESOURCE_LIMIT_EXCEEDED",
                f"A service principal can have at most {MAXIMUM_SECRETS} secrets; delete one first",
            )
        value = PREFIX + secrets.token_hex(16)
        now = self._clock.now()
        secret_id = str(uuid.uuid4())
        body = {
            "id": secret_id,
            "secret_hash": digest(value),
            "create_time": now,
            "expire_time": now + seconds * 1000,
        }
        self._space.insert(KIND, secret_id, body, parent=principal_id, position=now)
        return self._shown(body) | {"secret": value}

    def list(self, principal_id: str) -> list[dict[str, Any]]:
        """Return the secrets of a service principal, oldest first, without their values."""
        return [self._shown(d.body) for d in self._space.select(KIND, parent=principal_id)]

    def delete(self, principal_id: str, secret_id: str) -> None:
        """Delete a secret.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST when the service principal has no such secret.
        """
        found = self._space.find(KIND, secret_id)
        if found is None or found.parent != principal_id:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST",
                f"Service principal {principal_id} has no secret {secret_id}",
            )
        self._space.delete(KIND, secret_id)

    def proves(self, application_id: str, value: str) -> bool:
        """Say whether ``value`` is a secret of a service principal that has not expired."""
        record = self._directory.record(PrincipalKind.SERVICE_PRINCIPAL, application_id)
        if record is None:
            return False
        given, now = digest(value), self._clock.now()
        return any(
            hmac.compare_digest(document.body["secret_hash"], given)
            and document.body["expire_time"] > now
            for document in self._space.select(KIND, parent=record["id"])
        )

    def _forget(self, record: dict[str, Any], scope: str) -> None:
        if scope == ACCOUNT:
            self._space.delete_children(KIND, record["id"])

    def _shown(self, body: dict[str, Any]) -> dict[str, Any]:
        expired = body["expire_time"] <= self._clock.now()
        return body | {
            "create_time": moment(body["create_time"]),
            "update_time": moment(body["create_time"]),
            "expire_time": moment(body["expire_time"]),
            "status": "EXPIRED" if expired else "ACTIVE",
        }


def _seconds(lifetime: str | None) -> int:
    if not lifetime:
        return MAXIMUM_LIFETIME
    match = LIFETIME.fullmatch(lifetime)
    seconds = int(match[1]) if match else 0
    if not 0 < seconds <= MAXIMUM_LIFETIME:
        raise invalid(
            f'lifetime must be seconds such as "3600s", at most "{MAXIMUM_LIFETIME}s"; '
            f"got {lifetime!r}"
        )
    return seconds


def moment(milliseconds: int) -> str:
    """Return a time, in milliseconds since the epoch, as the API writes it."""
    when = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
