"""Routes of Unity Catalog: catalogs, schemas, tables and volumes, and the list of all others.

Source: https://docs.databricks.com/api/workspace (Unity Catalog).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route, versions
from bricklane_local.catalog import catalogs, credentials, crud, listing, schemas, tables, volumes
from bricklane_local.catalog.binding_routes import ROUTES as BINDINGS
from bricklane_local.catalog.calls import UNITY, caller_of, wanted
from bricklane_local.catalog.constraints.routes import ROUTES as CONSTRAINTS
from bricklane_local.catalog.functions.routes import ROUTES as FUNCTIONS
from bricklane_local.catalog.grant_routes import ROUTES as GRANTS
from bricklane_local.catalog.information.routes import ROUTES as INFORMATION
from bricklane_local.catalog.kinds import CATALOG, SCHEMA, TABLE, VOLUME, Kind
from bricklane_local.catalog.metastores.routes import ROUTES as METASTORES
from bricklane_local.catalog.models.routes import ROUTES as MODELS
from bricklane_local.catalog.monitors.routes import ROUTES as MONITORS
from bricklane_local.catalog.names import full_name_of
from bricklane_local.catalog.storage.routes import ROUTES as STORAGE
from bricklane_local.catalog.tags.routes import ROUTES as TAGS


def delete_catalog(call: Call) -> None:
    """Drop a catalog."""
    force = call.flag("force")
    catalogs.delete(call.cloud.metastore, call.path["name"], caller_of(call), force=force)


def delete_schema(call: Call) -> None:
    """Drop a schema."""
    force = call.flag("force")
    schemas.delete(call.cloud.metastore, call.path["name"], caller_of(call), force=force)


GET_TABLE = crud.getter(TABLE, tables)


def get_table(call: Call) -> dict[str, Any]:
    """Return one table or view.

    Spark, which resolves the text of a view, asks on behalf of the view (``in_view``): who reads a
    view need not see what it reads from.
    """
    view = call.query.get("in_view")
    if not view:
        return GET_TABLE(call)
    caller_of(call)  # The workspace must have a metastore.
    metastore = call.cloud.metastore
    owner = credentials.reader_of(metastore, full_name_of(view, TABLE), call.workspace)
    standing = metastore.standing(owner, TABLE, call.path["name"])
    standing.require_seen()
    name = standing.securable.full_name
    return tables.info(metastore, name, metastore.body(TABLE, name))


def delete_table(call: Call) -> None:
    """Drop a table or view."""
    from bricklane_local.pipelines.single import forget

    metastore, name = call.cloud.metastore, full_name_of(call.path["name"], TABLE)
    known = metastore.space.get(TABLE.name, name) or {}
    tables.delete(metastore, name, caller_of(call))
    if known.get("pipeline_id"):
        forget(call.workspace, name, call.caller)


def delete_volume(call: Call) -> None:
    """Drop a volume."""
    volumes.delete(call.cloud.metastore, call.path["name"], caller_of(call))


def list_catalogs(call: Call) -> dict[str, Any]:
    """List the catalogs that the caller may see."""
    return crud.page(call, CATALOG, "", catalogs.info)


def list_schemas(call: Call) -> dict[str, Any]:
    """List the schemas of a catalog that the caller may see."""
    catalog = full_name_of(call.text("catalog_name"), CATALOG)
    return crud.page(call, SCHEMA, catalog, schemas.info)


def list_tables(call: Call) -> dict[str, Any]:
    """List the tables and views of a schema that the caller may see."""
    omitted = [field for field in ("columns", "properties") if call.flag(f"omit_{field}")]
    describe = tables.summary if "columns" in omitted else tables.info
    answer = crud.page(call, TABLE, _schema(call), describe)
    for item in answer.get("tables", ()):
        for field in omitted:
            item.pop(field, None)
    return answer


def list_volumes(call: Call) -> dict[str, Any]:
    """List the volumes of a schema that the caller may see."""
    return crud.page(call, VOLUME, _schema(call), volumes.info)


def _schema(call: Call) -> str:
    return full_name_of(f"{call.text('catalog_name')}.{call.text('schema_name')}", SCHEMA)


def table_exists(call: Call) -> dict[str, Any]:
    """Say whether a table exists."""
    found = tables.exists(call.cloud.metastore, call.path["name"], caller_of(call))
    return {"table_exists": found}


def table_summaries(call: Call) -> dict[str, Any]:
    """List tables of a catalog by patterns of SQL's LIKE."""
    catalog = full_name_of(call.text("catalog_name"), CATALOG)
    patterns = _pattern(call, "schema_name_pattern"), _pattern(call, "table_name_pattern")
    asked = wanted(call)
    items = listing.tables_like(call.cloud.metastore, caller_of(call), catalog, patterns, asked)
    found, token = listing.cut(items, asked.size)
    summaries = [
        {"full_name": item.document.key, "table_type": tables.type_of(item.document.body)}
        for item in found
    ]
    return ({"tables": summaries} if summaries else {}) | (
        {"next_page_token": token} if token else {}
    )


def _pattern(call: Call, name: str) -> str:
    pattern = call.query.get(name) or "%"
    literal = re.sub(r"([*?[])", r"[\1]", pattern.lower())
    return literal.replace("%", "*").replace("_", "?")


def stage_table(call: Call) -> dict[str, Any]:
    """Give out the folder of a managed table that is about to be written."""
    for field in ("name", "catalog_name", "schema_name"):
        call.text(field)
    return tables.stage(call.cloud.metastore, call.body, caller_of(call))


def table_credentials(call: Call) -> dict[str, Any]:
    """Allow or refuse reading and writing a table's data."""
    metastore, caller = call.cloud.metastore, caller_of(call)
    identifier, operation = call.text("table_id"), call.text("operation")
    view = call.body.get("in_view")
    if view:
        within = full_name_of(view, TABLE)
        return credentials.issue_in_view(metastore, identifier, within, call.workspace)
    issued = credentials.issue(metastore, TABLE, identifier, operation, caller)
    if operation == credentials.WRITE:
        credentials.require_writable(metastore, identifier, call.caller.pipeline_id)
    return issued


def volume_credentials(call: Call) -> dict[str, Any]:
    """Allow or refuse reading and writing a volume's files."""
    identifier, operation = call.text("volume_id"), call.text("operation")
    return credentials.issue(call.cloud.metastore, VOLUME, identifier, operation, caller_of(call))


def _listed(kind: Kind, lister: Any, remover: Callable[[Call], None]) -> list[Route]:
    path, proof = f"{UNITY}/{kind.plural}", f"databricks {kind.plural}"
    return [
        Route("GET", path, lister, proved_by=f"{proof} list"),
        Route("DELETE", f"{path}/{{name}}", remover, proved_by=f"{proof} delete"),
    ]


IN_SCHEMA = ("name", "catalog_name", "schema_name")
ROUTES = [
    *crud.routes(CATALOG, catalogs, "CatalogsAPI", ("name",)),
    *_listed(CATALOG, list_catalogs, delete_catalog),
    *crud.routes(SCHEMA, schemas, "SchemasAPI", ("name", "catalog_name")),
    *_listed(SCHEMA, list_schemas, delete_schema),
    *crud.routes(VOLUME, volumes, "VolumesAPI", (*IN_SCHEMA, "volume_type")),
    *_listed(VOLUME, list_volumes, delete_volume),
    Route("GET", f"{UNITY}/tables/{{name}}", get_table, proved_by="databricks tables get"),
    *(
        route
        for route in crud.routes(TABLE, tables, "TablesAPI", (*IN_SCHEMA, "table_type"))
        if route.method != "GET"
    ),
    *_listed(TABLE, list_tables, delete_table),
    Route(
        "GET", f"{UNITY}/tables/{{name}}/exists", table_exists, proved_by="databricks tables exists"
    ),
    Route(
        "GET",
        f"{UNITY}/table-summaries",
        table_summaries,
        proved_by="databricks tables list-summaries",
    ),
    Route("POST", f"{UNITY}/staging-tables", stage_table, proved_by="Spark"),
    *(
        Route(
            "POST",
            path,
            handler,
            sdk=f"catalog.{api}",
            proved_by="databricks-sdk",
            note="checks the privileges; the data is local and needs no credential",
        )
        for what, handler, api in (
            (
                "table",
                table_credentials,
                "TemporaryTableCredentialsAPI.generate_temporary_table_credentials",
            ),
            (
                "volume",
                volume_credentials,
                "TemporaryVolumeCredentialsAPI.generate_temporary_volume_credentials",
            ),
        )
        for path in versions(
            f"/api/{{version}}/unity-catalog/temporary-{what}-credentials", "2.0", "2.1"
        )
    ),
    *GRANTS,
    *BINDINGS,
    *STORAGE,
    *MODELS,
    *MONITORS,
    *METASTORES,
    *FUNCTIONS,
    *CONSTRAINTS,
    *TAGS,
    *INFORMATION,
]
