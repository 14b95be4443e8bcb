"""Privileges, as a table: which one can be granted on which kind of securable.

Source: https://docs.databricks.com/en/data-governance/unity-catalog/manage-privileges/privileges.html.
A privilege of a table can be granted on its schema or catalog too, from where it is inherited.
"""

from __future__ import annotations

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.kinds import CATALOG, METASTORE, SCHEMA, TABLE, VOLUME, Kind

ALL = "ALL_PRIVILEGES"
MANAGE = "MANAGE"
SELECT = "SELECT"
MODIFY = "MODIFY"
READ_VOLUME = "READ_VOLUME"
WRITE_VOLUME = "WRITE_VOLUME"
USE_CATALOG = "USE_CATALOG"
USE_SCHEMA = "USE_SCHEMA"
CREATE_CATALOG = "CREATE_CATALOG"
CREATE_SCHEMA = "CREATE_SCHEMA"
CREATE_TABLE = "CREATE_TABLE"
CREATE_VOLUME = "CREATE_VOLUME"

_EVERYWHERE = (ALL, "APPLY_TAG", MANAGE)
_TABLE = (*_EVERYWHERE, SELECT, MODIFY)
_VOLUME = (*_EVERYWHERE, READ_VOLUME, WRITE_VOLUME)
_IN_SCHEMA = (
    *_TABLE,
    READ_VOLUME,
    WRITE_VOLUME,
    USE_SCHEMA,
    CREATE_TABLE,
    CREATE_VOLUME,
    "BROWSE",
    "CREATE_FUNCTION",
    "CREATE_MATERIALIZED_VIEW",
    "CREATE_MODEL",
    "CREATE_MODEL_VERSION",
    "EXECUTE",
    "EXTERNAL_USE_SCHEMA",
    "REFRESH",
)
APPLICABLE: dict[str, tuple[str, ...]] = {
    METASTORE.name: (
        MANAGE,
        CREATE_CATALOG,
        "CREATE_CONNECTION",
        "CREATE_EXTERNAL_LOCATION",
        "CREATE_STORAGE_CREDENTIAL",
        "CREATE_SHARE",
        "CREATE_RECIPIENT",
        "CREATE_PROVIDER",
        "USE_CONNECTION",
        "MANAGE_ALLOWLIST",
    ),
    CATALOG.name: (*_IN_SCHEMA, USE_CATALOG, CREATE_SCHEMA),
    SCHEMA.name: _IN_SCHEMA,
    TABLE.name: (*_TABLE, "REFRESH"),
    VOLUME.name: _VOLUME,
}
# ALL_PRIVILEGES leaves these out, as documented.
NOT_IN_ALL = frozenset({MANAGE, "EXTERNAL_USE_SCHEMA"})


def checked(privilege: str, kind: Kind) -> str:
    """Return the name of a privilege in the API's form, ``USE_SCHEMA`` for ``USE SCHEMA``.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it cannot be granted on this kind.
    """
    name = privilege.strip().upper().replace(" ", "_")
    if name not in APPLICABLE[kind.name]:
        known = ", ".join(sorted(APPLICABLE[kind.name]))
        raise invalid(
            f"Privilege {shown(name)} is not applicable to a {kind.name}; these are: {known}"
        )
    return name


def shown(privilege: str) -> str:
    """Return a privilege as messages and SQL spell it."""
    return privilege.replace("_", " ")
