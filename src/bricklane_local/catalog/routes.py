"""Routes of Unity Catalog.

Source: https://docs.databricks.com/api/workspace (Unity Catalog).
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from types import ModuleType
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route, versions
from bricklane_local.catalog import catalogs, schemas, tables, volumes
from bricklane_local.catalog.grants import kind_of
from bricklane_local.catalog.kinds import CATALOG, SCHEMA, TABLE, VOLUME, Kind
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.names import full_name_of
from bricklane_local.catalog.pages import page

UNITY = "/api/2.1/unity-catalog"
Describe = Callable[[Metastore, str, dict[str, Any]], dict[str, Any]]
SERVICES: dict[str, ModuleType] = {
    CATALOG.name: catalogs,
    SCHEMA.name: schemas,
    TABLE.name: tables,
    VOLUME.name: volumes,
}


def _getter(kind: Kind) -> Callable[[Call], dict[str, Any]]:
    def get(call: Call) -> dict[str, Any]:
        body: dict[str, Any] = SERVICES[kind.name].get(
            call.cloud.metastore, call.path["name"], call.caller
        )
        return body

    return get


def _creator(kind: Kind, *required: str) -> Callable[[Call], dict[str, Any]]:
    def create(call: Call) -> dict[str, Any]:
        for field in required:
            call.text(field)
        body: dict[str, Any] = SERVICES[kind.name].create(
            call.cloud.metastore, call.body, call.caller
        )
        return body

    return create


def _updater(kind: Kind) -> Callable[[Call], dict[str, Any]]:
    def update(call: Call) -> dict[str, Any]:
        body: dict[str, Any] = SERVICES[kind.name].update(
            call.cloud.metastore, call.path["name"], call.body, call.caller
        )
        return body

    return update


def delete_catalog(call: Call) -> None:
    """Drop a catalog."""
    force = call.flag("force")
    catalogs.delete(call.cloud.metastore, call.path["name"], call.caller, force=force)


def delete_schema(call: Call) -> None:
    """Drop a schema."""
    force = call.flag("force")
    schemas.delete(call.cloud.metastore, call.path["name"], call.caller, force=force)


def delete_table(call: Call) -> None:
    """Drop a table or view."""
    tables.delete(call.cloud.metastore, call.path["name"], call.caller)


def delete_volume(call: Call) -> None:
    """Drop a volume."""
    volumes.delete(call.cloud.metastore, call.path["name"], call.caller)


def list_catalogs(call: Call) -> dict[str, Any]:
    """List the catalogs that the caller may see."""
    return _list(call, CATALOG, "")


def list_schemas(call: Call) -> dict[str, Any]:
    """List the schemas of a catalog that the caller may see."""
    catalog = full_name_of(call.text("catalog_name"), CATALOG)
    call.cloud.metastore.body(CATALOG, catalog)
    return _list(call, SCHEMA, catalog)


def list_tables(call: Call) -> dict[str, Any]:
    """List the tables and views of a schema that the caller may see."""
    omitted = [field for field in ("columns", "properties") if call.flag(f"omit_{field}")]
    describe = tables.summary if "columns" in omitted else tables.info
    answer = _list(call, TABLE, _schema(call), describe)
    for item in answer.get("tables", ()):
        for field in omitted:
            item.pop(field, None)
    return answer


def list_volumes(call: Call) -> dict[str, Any]:
    """List the volumes of a schema that the caller may see."""
    return _list(call, VOLUME, _schema(call))


def _schema(call: Call) -> str:
    name = f"{call.text('catalog_name')}.{call.text('schema_name')}"
    schema = full_name_of(name, SCHEMA)
    call.cloud.metastore.body(SCHEMA, schema)
    return schema


def _list(call: Call, kind: Kind, parent: str, describe: Describe | None = None) -> dict[str, Any]:
    metastore = call.cloud.metastore
    found = [{"key": d.key, "body": d.body} for d in metastore.visible(call.caller, kind, parent)]
    answer = page(call, kind.plural, found)
    # Described only after the page is cut: describing a table reads its log.
    show = describe or SERVICES[kind.name].info
    if kind.plural in answer:
        answer[kind.plural] = [
            show(metastore, item["key"], item["body"]) for item in answer[kind.plural]
        ]
    return answer


def table_exists(call: Call) -> dict[str, Any]:
    """Say whether a table exists."""
    return {"table_exists": tables.exists(call.cloud.metastore, call.path["name"])}


def table_summaries(call: Call) -> dict[str, Any]:
    """List tables of a catalog by patterns of SQL's LIKE."""
    metastore = call.cloud.metastore
    catalog = full_name_of(call.text("catalog_name"), CATALOG)
    metastore.body(CATALOG, catalog)
    schema_pattern = _pattern(call, "schema_name_pattern")
    table_pattern = _pattern(call, "table_name_pattern")
    found = []
    for document in metastore.visible(call.caller, TABLE):
        owner, schema, name = document.key.split(".")
        if (
            owner == catalog
            and fnmatch.fnmatchcase(schema, schema_pattern)
            and fnmatch.fnmatchcase(name, table_pattern)
        ):
            found.append({"full_name": document.key, "table_type": document.body["table_type"]})
    return page(call, "tables", found)


def _pattern(call: Call, name: str) -> str:
    pattern = call.query.get(name) or "%"
    return pattern.lower().replace("[", "[[]").replace("%", "*").replace("_", "?")


def stage_table(call: Call) -> dict[str, Any]:
    """Give out the folder of a managed table that is about to be written."""
    for field in ("name", "catalog_name", "schema_name"):
        call.text(field)
    return tables.stage(call.cloud.metastore, call.body, call.caller)


def table_credentials(call: Call) -> dict[str, Any]:
    """Allow or refuse reading and writing a table's data."""
    return tables.credentials(
        call.cloud.metastore, call.text("table_id"), call.text("operation"), call.caller
    )


def get_grants(call: Call) -> dict[str, Any]:
    """Return the grants on a securable itself."""
    metastore = call.cloud.metastore
    securable = metastore.securable(kind_of(call.path["kind"]), call.path["name"])
    granted = metastore.grants.direct(securable)
    wanted = call.query.get("principal")
    assignments = [
        {"principal": principal, "privileges": privileges}
        for principal, privileges in granted.items()
        if wanted in (None, "", principal)
    ]
    return page(call, "privilege_assignments", assignments)


def change_grants(call: Call) -> dict[str, Any]:
    """Add and remove grants on a securable."""
    metastore = call.cloud.metastore
    securable = metastore.securable(kind_of(call.path["kind"]), call.path["name"])
    metastore.grants.require_management(call.caller, securable)
    with metastore.database.transaction():
        metastore.grants.change(securable, call.body.get("changes") or [])
    return get_grants(call)


def effective_grants(call: Call) -> dict[str, Any]:
    """Return the grants on a securable, inherited ones included."""
    metastore = call.cloud.metastore
    securable = metastore.securable(kind_of(call.path["kind"]), call.path["name"])
    wanted = call.query.get("principal")
    assignments = [
        {"principal": principal, "privileges": privileges}
        for principal, privileges in metastore.grants.effective(securable).items()
        if wanted in (None, "", principal)
    ]
    return page(call, "privilege_assignments", assignments)


def current_metastore(call: Call) -> dict[str, Any]:
    """Return which metastore the workspace has."""
    return {
        "metastore_id": call.cloud.metastore.info["metastore_id"],
        "workspace_id": call.workspace.id,
        "default_catalog_name": call.workspace.catalog,
    }


def metastore_summary(call: Call) -> dict[str, Any]:
    """Describe the workspace's metastore."""
    info = call.cloud.metastore.info
    return {
        **info,
        "global_metastore_id": f"local:bricklane:{info['metastore_id']}",
        "cloud": "local",
        "region": "bricklane",
        "owner": "admins",
        "privilege_model_version": "1.0",
        "external_access_enabled": True,
        "delta_sharing_scope": "INTERNAL",
    }


def _of_kind(kind: Kind, cls: str, required: tuple[str, ...], others: list[Route]) -> list[Route]:
    path, sdk = f"{UNITY}/{kind.plural}", f"catalog.{cls}"
    proof = f"databricks {kind.plural}"
    one = f"{path}/{{name}}"
    create = _creator(kind, *required)
    update = _updater(kind)
    return [
        Route("POST", path, create, sdk=f"{sdk}.create", proved_by=f"{proof} create"),
        Route("GET", one, _getter(kind), proved_by=f"{proof} get"),
        Route("PATCH", one, update, sdk=f"{sdk}.update", proved_by=f"{proof} update"),
        *others,
    ]


def _listed(kind: Kind, lister: Any, remover: Any) -> list[Route]:
    path, proof = f"{UNITY}/{kind.plural}", f"databricks {kind.plural}"
    return [
        Route("GET", path, lister, proved_by=f"{proof} list"),
        Route("DELETE", f"{path}/{{name}}", remover, proved_by=f"{proof} delete"),
    ]


IN_SCHEMA = ("name", "catalog_name", "schema_name")
GRANT_PATH = f"{UNITY}/permissions/{{kind}}/{{name}}"
ROUTES = [
    *_of_kind(CATALOG, "CatalogsAPI", ("name",), _listed(CATALOG, list_catalogs, delete_catalog)),
    *_of_kind(
        SCHEMA,
        "SchemasAPI",
        ("name", "catalog_name"),
        _listed(SCHEMA, list_schemas, delete_schema),
    ),
    *_of_kind(
        VOLUME,
        "VolumesAPI",
        (*IN_SCHEMA, "volume_type"),
        _listed(VOLUME, list_volumes, delete_volume),
    ),
    *_of_kind(
        TABLE,
        "TablesAPI",
        (*IN_SCHEMA, "table_type"),
        _listed(TABLE, list_tables, delete_table),
    ),
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
            table_credentials,
            sdk="catalog.TemporaryTableCredentialsAPI.generate_temporary_table_credentials",
            proved_by="databricks-sdk",
            note="checks the privileges; the data is local and needs no credential",
        )
        for path in versions(
            "/api/{version}/unity-catalog/temporary-table-credentials", "2.0", "2.1"
        )
    ),
    Route("GET", GRANT_PATH, get_grants, proved_by="databricks grants get"),
    Route(
        "PATCH",
        GRANT_PATH,
        change_grants,
        sdk="catalog.GrantsAPI.update",
        proved_by="databricks grants update",
        note="principals are taken by name, whether they exist or not",
    ),
    Route(
        "GET",
        f"{UNITY}/effective-permissions/{{kind}}/{{name}}",
        effective_grants,
        proved_by="databricks grants get-effective",
    ),
    Route(
        "GET",
        f"{UNITY}/current-metastore-assignment",
        current_metastore,
        proved_by="databricks metastores current",
    ),
    Route(
        "GET",
        f"{UNITY}/metastore_summary",
        metastore_summary,
        proved_by="databricks metastores summary",
    ),
]
