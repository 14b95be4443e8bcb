"""Storage and service credentials: named identities of a cloud provider.

Source: https://docs.databricks.com/api/workspace/storagecredentials and
https://docs.databricks.com/api/workspace/credentials. No cloud is asked whether they exist, and
nothing secret of them is kept: the API never answers it either.
"""

from __future__ import annotations

import uuid
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.kinds import (
    EXTERNAL_LOCATION,
    SERVICE_CREDENTIAL,
    STORAGE_CREDENTIAL,
    Kind,
)
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.privileges import (
    CREATE_SERVICE_CREDENTIAL,
    CREATE_STORAGE_CREDENTIAL,
)
from bricklane_local.catalog.toplevel import Change, TopLevel

# The ways in which a credential names an identity, with what of each is secret.
IDENTITIES: dict[str, tuple[str, ...]] = {
    "aws_iam_role": (),
    "azure_managed_identity": (),
    "azure_service_principal": ("client_secret",),
    "cloudflare_api_token": ("secret_access_key",),
    "databricks_gcp_service_account": (),
    "gcp_service_account_key": ("private_key",),
}
# The role by which Databricks assumes the customer's; on the platform it is a published one.
CATALOG_ROLE = "arn:aws:iam::000000000000:role/bricklane-unity-catalog"


class Credentials(TopLevel):
    """Credentials of one of the two kinds.

    Args:
        kind: of the two.
        privilege: what it takes on the metastore to create one.
        extra: what a client may set beside the identity.
    """

    def __init__(self, kind: Kind, privilege: str, *extra: str) -> None:
        super().__init__(
            kind, privilege, ("comment", "read_only", *extra, *IDENTITIES), fixed=("purpose",)
        )

    def info(self, metastore: Metastore, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the credential as answers show it."""
        return {
            "read_only": False,
            "used_for_managed_storage": False,
            **super().info(metastore, name, body),
        }

    def prepare(self, change: Change) -> dict[str, Any]:
        """Return the fields without their secrets, and with what the platform adds.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE unless exactly one identity is named, or for a
                purpose that belongs to the other kind.
        """
        fields, before = change.fields, change.before
        purpose = fields.get("purpose")
        if purpose not in (None, "SERVICE"):
            raise invalid(f"purpose must be SERVICE, got {purpose}: use storage-credentials")
        given = [key for key in IDENTITIES if key in fields]
        if len(given) > 1 or not (given or before):
            raise invalid(
                f"{self.kind.noun} '{change.name}' must have exactly one of "
                f"{', '.join(IDENTITIES)}; got {', '.join(given) or 'none'}"
            )
        stored = {key: value for key, value in fields.items() if key not in IDENTITIES}
        if given:
            stored |= {key: None for key in IDENTITIES if key in before and key not in given}
            stored[given[0]] = _identity(given[0], fields[given[0]], before.get(given[0]) or {})
        return stored

    def require_unused(self, metastore: Metastore, name: str, action: str) -> None:
        """Refuse to delete a credential that external locations use."""
        users = _locations_by(metastore, name) if self.kind is STORAGE_CREDENTIAL else []
        if users:
            raise ApiError(
                "INVALID_STATE",
                f"{self.kind.noun} '{name}' has {len(users)} dependent external location(s): "
                f"{', '.join(users)}. Use the force option to {action} it anyway",
            )

    def renamed(self, metastore: Metastore, name: str, new_name: str) -> None:
        """Let the external locations that use the credential name it anew."""
        if self.kind is STORAGE_CREDENTIAL:
            for location in _locations_by(metastore, name):
                body = metastore.body(EXTERNAL_LOCATION, location)
                changed = body | {"credential_name": new_name}
                metastore.space.update(EXTERNAL_LOCATION.name, location, changed)


def _locations_by(metastore: Metastore, credential: str) -> list[str]:
    return [
        document.key
        for document in metastore.children(EXTERNAL_LOCATION)
        if document.body["credential_name"] == credential
    ]


def _identity(kind: str, given: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of an identity; ids that the platform makes stay when it changes."""
    kept = {key: value for key, value in given.items() if key not in IDENTITIES[kind]}
    if kind == "aws_iam_role":
        added = {"external_id": str(uuid.uuid4()), "unity_catalog_iam_arn": CATALOG_ROLE}
    elif kind == "azure_managed_identity":
        added = {"credential_id": str(uuid.uuid4())}
    elif kind == "databricks_gcp_service_account":
        identifier = str(uuid.uuid4())
        email = f"db-uc-{identifier[:8]}@bricklane.iam.gserviceaccount.com"
        added = {"credential_id": identifier, "email": email}
    else:
        added = {}
    return added | {key: before[key] for key in added if key in before} | kept


STORAGE = Credentials(STORAGE_CREDENTIAL, CREATE_STORAGE_CREDENTIAL)
SERVICE = Credentials(SERVICE_CREDENTIAL, CREATE_SERVICE_CREDENTIAL, "purpose")
