"""Privileges, as a table: which one can be granted on which kind of securable.

Source: https://docs.databricks.com/en/data-governance/unity-catalog/manage-privileges/privileges.html
and, kind by kind, https://registry.terraform.io/providers/databricks/databricks/latest/docs/resources/grants.
A privilege of a table can be granted on its schema or catalog too, from where it is inherited.
"""

from __future__ import annotations

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.kinds import (
    CATALOG,
    CONNECTION,
    EXTERNAL_LOCATION,
    FUNCTION,
    METASTORE,
    MODEL,
    SCHEMA,
    SERVICE_CREDENTIAL,
    STORAGE_CREDENTIAL,
    TABLE,
    VOLUME,
    Kind,
)

ALL = "ALL_PRIVILEGES"
MANAGE = "MANAGE"
BROWSE = "BROWSE"
SELECT = "SELECT"
MODIFY = "MODIFY"
EXECUTE = "EXECUTE"
READ_VOLUME = "READ_VOLUME"
WRITE_VOLUME = "WRITE_VOLUME"
USE_CATALOG = "USE_CATALOG"
USE_SCHEMA = "USE_SCHEMA"
CREATE_CATALOG = "CREATE_CATALOG"
CREATE_SCHEMA = "CREATE_SCHEMA"
CREATE_TABLE = "CREATE_TABLE"
CREATE_VOLUME = "CREATE_VOLUME"
CREATE_FUNCTION = "CREATE_FUNCTION"
CREATE_MODEL = "CREATE_MODEL"
CREATE_MODEL_VERSION = "CREATE_MODEL_VERSION"
CREATE_CONNECTION = "CREATE_CONNECTION"
CREATE_STORAGE_CREDENTIAL = "CREATE_STORAGE_CREDENTIAL"
CREATE_SERVICE_CREDENTIAL = "CREATE_SERVICE_CREDENTIAL"
CREATE_EXTERNAL_LOCATION = "CREATE_EXTERNAL_LOCATION"
CREATE_EXTERNAL_TABLE = "CREATE_EXTERNAL_TABLE"
CREATE_EXTERNAL_VOLUME = "CREATE_EXTERNAL_VOLUME"
CREATE_MANAGED_STORAGE = "CREATE_MANAGED_STORAGE"
EXTERNAL_USE_SCHEMA = "EXTERNAL_USE_SCHEMA"
EXTERNAL_USE_LOCATION = "EXTERNAL_USE_LOCATION"
MANAGE_ALLOWLIST = "MANAGE_ALLOWLIST"

_EVERYWHERE = (ALL, MANAGE)
_TAGGED = (*_EVERYWHERE, "APPLY_TAG")
_TABLE = (*_TAGGED, SELECT, MODIFY, "REFRESH")
_VOLUME = (*_TAGGED, READ_VOLUME, WRITE_VOLUME)
_MODEL = (*_TAGGED, EXECUTE, CREATE_MODEL_VERSION)
_FUNCTION = (*_EVERYWHERE, EXECUTE)
_IN_SCHEMA = (
    *dict.fromkeys((*_TABLE, *_VOLUME, *_MODEL)),
    BROWSE,
    USE_SCHEMA,
    CREATE_TABLE,
    CREATE_VOLUME,
    CREATE_MODEL,
    CREATE_FUNCTION,
    "CREATE_MATERIALIZED_VIEW",
    EXTERNAL_USE_SCHEMA,
)
APPLICABLE: dict[str, tuple[str, ...]] = {
    METASTORE.name: (
        CREATE_CATALOG,
        "CREATE_CLEAN_ROOM",
        CREATE_CONNECTION,
        CREATE_EXTERNAL_LOCATION,
        "CREATE_EXTERNAL_METADATA",
        "CREATE_PROVIDER",
        "CREATE_RECIPIENT",
        CREATE_SERVICE_CREDENTIAL,
        "CREATE_SHARE",
        CREATE_STORAGE_CREDENTIAL,
        MANAGE_ALLOWLIST,
        "SET_SHARE_PERMISSION",
        "USE_CONNECTION",
        "USE_MARKETPLACE_ASSETS",
        "USE_PROVIDER",
        "USE_RECIPIENT",
        "USE_SHARE",
    ),
    CATALOG.name: (*_IN_SCHEMA, USE_CATALOG, CREATE_SCHEMA, CREATE_CONNECTION),
    SCHEMA.name: _IN_SCHEMA,
    TABLE.name: _TABLE,
    VOLUME.name: _VOLUME,
    MODEL.name: _MODEL,
    FUNCTION.name: _FUNCTION,
    STORAGE_CREDENTIAL.name: (
        *_EVERYWHERE,
        CREATE_EXTERNAL_LOCATION,
        CREATE_EXTERNAL_TABLE,
        "READ_FILES",
        "WRITE_FILES",
    ),
    SERVICE_CREDENTIAL.name: (*_EVERYWHERE, "ACCESS", CREATE_CONNECTION),
    EXTERNAL_LOCATION.name: (
        *_EVERYWHERE,
        BROWSE,
        CREATE_EXTERNAL_TABLE,
        CREATE_EXTERNAL_VOLUME,
        "CREATE_FOREIGN_SECURABLE",
        CREATE_MANAGED_STORAGE,
        EXTERNAL_USE_LOCATION,
        "READ_FILES",
        "WRITE_FILES",
    ),
    CONNECTION.name: (*_EVERYWHERE, "CREATE_FOREIGN_CATALOG", "USE_CONNECTION"),
}
# To reach into a container one needs this on it.
USAGE = {CATALOG.name: USE_CATALOG, SCHEMA.name: USE_SCHEMA}
# The privilege by which a kind's existence and description are seen; BROWSE shows them too.
SEEN_BY = {
    CATALOG.name: USE_CATALOG,
    SCHEMA.name: USE_SCHEMA,
    TABLE.name: SELECT,
    VOLUME.name: READ_VOLUME,
    MODEL.name: EXECUTE,
    FUNCTION.name: EXECUTE,
}
# Neither ALL_PRIVILEGES nor ownership gives these, as documented.
GRANTED_ONLY = frozenset({EXTERNAL_USE_SCHEMA, EXTERNAL_USE_LOCATION})
NOT_IN_ALL = GRANTED_ONLY | {MANAGE}
# What a workspace may do that is bound to a catalog for reading alone.
READING = frozenset(
    {BROWSE, SELECT, EXECUTE, READ_VOLUME, USE_CATALOG, USE_SCHEMA, EXTERNAL_USE_SCHEMA}
)


def checked(privilege: str, kind: Kind) -> str:
    """Return the name of a privilege in the API's form, ``USE_SCHEMA`` for ``USE SCHEMA``.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it cannot be granted on this kind.
    """
    name = privilege.strip().upper().replace(" ", "_")
    if name not in APPLICABLE[kind.name]:
        known = ", ".join(sorted(APPLICABLE[kind.name]))
        raise invalid(
            f"Privilege {shown(name)} is not applicable to {kind.name.upper()}; these are: {known}"
        )
    return name


def shown(privilege: str) -> str:
    """Return a privilege as messages and SQL spell it."""
    return privilege.replace("_", " ")
