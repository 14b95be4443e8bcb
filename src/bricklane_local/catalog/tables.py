"""What can be done with tables and views.

Source: https://docs.databricks.com/api/workspace/tables, and for making managed tables the staging
tables of https://github.com/unitycatalog/unitycatalog (api/all.yaml).
"""

from __future__ import annotations

import uuid
from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import SCHEMA, TABLE
from bricklane_local.catalog.metastore import Metastore, shown, text_map
from bricklane_local.catalog.monitors import service as monitors
from bricklane_local.catalog.names import full_name_of, normal, parent_of
from bricklane_local.catalog.privileges import CREATE_EXTERNAL_TABLE, CREATE_TABLE
from bricklane_local.catalog.storage.coverage import require_location

MANAGED, EXTERNAL, VIEW = "MANAGED", "EXTERNAL", "VIEW"
MATERIALIZED_VIEW = "MATERIALIZED_VIEW"
# The field of a managed table that belongs to a pipeline: the type that is shown of it.
PIPELINE_TYPE = "pipeline_table_type"
DELTA = "DELTA"
STAGING = "staging_table"


def info(metastore: Metastore, full_name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the ``TableInfo`` of a stored table; of a Delta table as its log has it now."""
    answer = summary(metastore, full_name, body)
    if body.get("data_source_format") == DELTA and body["table_type"] != VIEW:
        described = metastore.logs.describe(metastore.locations.folder(body["storage_location"]))
        if described is not None:
            answer["columns"] = described.columns
            answer["properties"] = described.properties
            if described.comment:
                answer["comment"] = described.comment
    return answer


def summary(metastore: Metastore, full_name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the ``TableInfo`` of a stored table, without a look at its data."""
    catalog, schema, name = full_name.split(".")
    return {
        **{key: value for key, value in shown(body).items() if key != PIPELINE_TYPE},
        "table_type": type_of(body),
        "name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "full_name": full_name,
        "securable_type": "TABLE",
        "metastore_id": metastore.id,
        "browse_only": False,
    }


def type_of(body: dict[str, Any]) -> str:
    """Return the type of a stored table as the API shows it."""
    return str(body.get(PIPELINE_TYPE) or body["table_type"])


def belong(metastore: Metastore, full_name: str, pipeline_id: str, table_type: str) -> None:
    """Note that a managed table belongs to a pipeline.

    Args:
        metastore: that has it.
        full_name: of the table.
        pipeline_id: of the pipeline.
        table_type: ``MATERIALIZED_VIEW`` or ``STREAMING_TABLE``.
    """
    body = metastore.body(TABLE, full_name)
    changed = body | {"pipeline_id": pipeline_id, PIPELINE_TYPE: table_type}
    if changed != body:
        metastore.space.update(TABLE.name, full_name, changed)


def of_pipeline(metastore: Metastore, pipeline_id: str) -> list[str]:
    """Return the full names of the tables of a pipeline."""
    documents = metastore.children(TABLE)
    return [each.key for each in documents if each.body.get("pipeline_id") == pipeline_id]


def exists(metastore: Metastore, full_name: str, caller: Caller) -> bool:
    """Say whether there is such a table or view.

    Raises:
        ApiError: SCHEMA_DOES_NOT_EXIST, or PERMISSION_DENIED to whom the schema is not shown.
    """
    full_name = full_name_of(full_name, TABLE)
    metastore.standing(caller, SCHEMA, parent_of(full_name)).require_seen(browse=True)
    return metastore.space.get(TABLE.name, full_name) is not None


def _new_name(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> str:
    schema = full_name_of(f"{fields['catalog_name']}.{fields['schema_name']}", SCHEMA)
    full_name = f"{schema}.{normal(fields['name'], TABLE.noun)}"
    metastore.standing(caller, SCHEMA, schema).require(CREATE_TABLE)
    if metastore.space.get(TABLE.name, full_name) is not None:
        raise TABLE.duplicate(full_name)
    return full_name


def stage(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Give out the folder of a managed table that is about to be written.

    Raises:
        ApiError: as :func:`create`, so that nothing is written for a table that cannot be made.
    """
    full_name = _new_name(metastore, fields, caller)
    identifier = str(uuid.uuid4())
    location = metastore.locations.table_folder(identifier).as_uri()
    metastore.space.insert(STAGING, location, {"id": identifier}, parent=full_name)
    catalog, schema, name = full_name.split(".")
    return {
        "id": identifier,
        "name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "staging_location": location,
    }


def create(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Register a table whose data has been written, or store a view.

    Raises:
        ApiError: TABLE_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED, or
            INVALID_PARAMETER_VALUE for a location that was not given out or definitions that do
            not fit the type.
    """
    full_name = _new_name(metastore, fields, caller)
    table_type = fields["table_type"]
    stored = {
        "table_type": table_type,
        "comment": fields.get("comment"),
        "columns": fields.get("columns"),
        "properties": text_map(fields.get("properties"), "properties") or None,
    }
    identifier = str(uuid.uuid4())
    location = fields.get("storage_location") or ""
    if table_type == VIEW:
        if not fields.get("view_definition"):
            raise invalid("view_definition is required for a VIEW")
        stored |= {key: fields.get(key) for key in ("view_definition", "view_dependencies")}
    elif table_type in (MANAGED, EXTERNAL):
        location = _canonical(metastore, location)
        if table_type == MANAGED:
            identifier = _staged(metastore, location)
        else:
            require_location(metastore, caller, location, CREATE_EXTERNAL_TABLE)
        stored |= {
            "data_source_format": fields.get("data_source_format") or DELTA,
            "storage_location": location,
        }
    else:
        raise invalid(f"table_type must be one of {MANAGED}, {EXTERNAL}, {VIEW}; got {table_type}")
    with metastore.database.transaction():
        metastore.insert(TABLE, full_name, stored, caller.user_name, identifier=identifier)
        metastore.space.delete(STAGING, location)
    return info(metastore, full_name, metastore.body(TABLE, full_name))


def _canonical(metastore: Metastore, location: str) -> str:
    if not location:
        raise invalid("storage_location is required for a table")
    folder = metastore.locations.folder(location)
    # Spark writes file:/path, Java and others file:///path: both are one place.
    is_local = location.startswith(("/", "file:"))
    return folder.as_uri() if is_local else location.rstrip("/")


def _staged(metastore: Metastore, location: str) -> str:
    staged = metastore.space.get(STAGING, location)
    if staged is None:
        raise invalid(
            f"The location {location!r} of a managed table was not given out by "
            "POST /api/2.1/unity-catalog/staging-tables"
        )
    return str(staged["id"])


def update(
    metastore: Metastore, full_name: str, fields: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    """Change what the catalog keeps of a table, its name included.

    Columns and properties of a Delta table are its log's, and cannot be changed here.
    """
    full_name = full_name_of(full_name, TABLE)
    body = metastore.body(TABLE, full_name)
    changes = {key: fields.get(key) for key in ("owner", "comment")}
    kept = {"columns", "properties"} if body.get("data_source_format") != DELTA else set()
    if body["table_type"] == VIEW:
        kept |= {"view_definition", "view_dependencies"}
    changes |= {key: fields.get(key) for key in kept}
    others = {"columns", "properties", "view_definition", "view_dependencies"} - kept
    if refused := [key for key in sorted(others) if fields.get(key) is not None]:
        raise invalid(f"{', '.join(refused)} of the table '{full_name}' cannot be changed here")
    with metastore.database.transaction():
        metastore.update(TABLE, full_name, changes, caller)
        if fields.get("new_name"):
            full_name = metastore.rename(TABLE, full_name, fields["new_name"])
    return info(metastore, full_name, metastore.body(TABLE, full_name))


def delete(metastore: Metastore, full_name: str, caller: Caller) -> None:
    """Drop a table or view, and the data of a managed table."""
    full_name = full_name_of(full_name, TABLE)
    metastore.standing(caller, TABLE, full_name).require_management()
    with metastore.database.transaction():
        drop(metastore, full_name)
    metastore.trash.empty()


def drop(metastore: Metastore, full_name: str) -> None:
    """Remove a table or view, inside the caller's transaction."""
    body = metastore.body(TABLE, full_name)
    metastore.remove(TABLE, full_name)
    monitors.remove(metastore, body["table_id"])
    if body["table_type"] == MANAGED:
        metastore.trash.take(metastore.locations.folder(body["storage_location"]))
