"""The kinds of securables, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from bricklane_local.app.errors import ApiError


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of securable.

    Args:
        name: as paths of permissions spell it, and in documents.
        noun: as messages spell it.
        plural: its collection in paths, and the field of lists.
        depth: how many parts a full name has.
        id_field: the field that holds its id.
        code: what its error codes begin with.
    """

    name: str
    noun: str
    plural: str
    depth: int
    id_field: str
    code: str

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

KINDS = {kind.name: kind for kind in (METASTORE, CATALOG, SCHEMA, TABLE, VOLUME)}
# What a schema holds.
LEAVES = (TABLE, VOLUME)
