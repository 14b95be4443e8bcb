"""The kinds of securables, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from bricklane_local.app.errors import ApiError


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of securable.

    Args:
        name: as documents and answers spell it, in lower case.
        noun: as messages spell it.
        plural: its collection in paths.
        depth: how many parts a full name has.
        id_field: the field that holds its id.
        code: what its error codes begin with.
        listed: the field of lists, when it is not ``plural``.
        permission: as paths of permissions spell it, when it is not ``name``.
    """

    name: str
    noun: str
    plural: str
    depth: int
    id_field: str
    code: str
    listed: str = ""
    permission: str = ""

    def missing(self, full_name: str) -> ApiError:
        """Return the error for a securable that does not exist."""
        return ApiError(f"{self.code}_DOES_NOT_EXIST", f"{self.noun} '{full_name}' does not exist.")

    def duplicate(self, full_name: str) -> ApiError:
        """Return the error for a name that is taken.

        Its status is 400, unlike other APIs' 409: clients catch ``BadRequest`` for it
        (https://github.com/databrickslabs/ucx/pull/2077).
        """
        message = f"{self.noun} '{full_name}' already exists"
        return ApiError(f"{self.code}_ALREADY_EXISTS", message, status=400)


METASTORE = Kind("metastore", "Metastore", "metastores", 1, "metastore_id", "METASTORE")
CATALOG = Kind("catalog", "Catalog", "catalogs", 1, "id", "CATALOG")
SCHEMA = Kind("schema", "Schema", "schemas", 2, "schema_id", "SCHEMA")
TABLE = Kind("table", "Table", "tables", 3, "table_id", "TABLE")
VOLUME = Kind("volume", "Volume", "volumes", 3, "volume_id", "VOLUME")
# To permissions a model is a kind of function, as it is to the messages of the platform.
MODEL = Kind(
    "registered_model",
    "Routine or Model",
    "models",
    3,
    "id",
    "FUNCTION",
    listed="registered_models",
    permission="function",
)
# Paths of permissions name it like a model, which it shares its names with.
FUNCTION = Kind(
    "function", "Routine or Model", "functions", 3, "function_id", "FUNCTION", permission="function"
)
STORAGE_CREDENTIAL = Kind(
    "storage_credential",
    "Storage Credential",
    "storage-credentials",
    1,
    "id",
    "STORAGE_CREDENTIAL",
    listed="storage_credentials",
)
SERVICE_CREDENTIAL = Kind("credential", "Credential", "credentials", 1, "id", "CREDENTIAL")
EXTERNAL_LOCATION = Kind(
    "external_location",
    "External Location",
    "external-locations",
    1,
    "id",
    "EXTERNAL_LOCATION",
    listed="external_locations",
)
CONNECTION = Kind("connection", "Connection", "connections", 1, "connection_id", "CONNECTION")

KINDS = {
    kind.permission or kind.name: kind
    for kind in (
        METASTORE,
        CATALOG,
        SCHEMA,
        TABLE,
        VOLUME,
        MODEL,
        STORAGE_CREDENTIAL,
        SERVICE_CREDENTIAL,
        EXTERNAL_LOCATION,
        CONNECTION,
    )
}
# What a schema holds.
LEAVES = (TABLE, VOLUME, MODEL, FUNCTION)
# What can be kept to some workspaces.
BINDABLE = {
    kind.name: kind for kind in (CATALOG, STORAGE_CREDENTIAL, SERVICE_CREDENTIAL, EXTERNAL_LOCATION)
}


def kind_of(name: str) -> Kind:
    """Return the kind that a path of permissions names, in letters of either case.

    Raises:
        ApiError: NOT_IMPLEMENTED for securables that the local metastore does not have.
    """
    kind = KINDS.get(name.lower())
    if kind is None:
        raise ApiError(
            "NOT_IMPLEMENTED",
            f"The local metastore has no securables of the type {name}; "
            f"it has: {', '.join(sorted(KINDS))}",
        )
    return kind
