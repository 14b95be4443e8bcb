"""Tables and views: made as Spark makes them, read through the official SDK."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.service.catalog import ColumnTypeName, DataSourceFormat, TableType
from deltalake import DeltaTable, write_deltalake

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

UNITY = "/api/2.1/unity-catalog"


def stage(server: Server, name: str) -> str:
    """Ask for the folder of a managed table."""
    body = {"name": name, "catalog_name": "dev", "schema_name": "default"}
    answer = server.request("POST", f"{UNITY}/staging-tables", json=body)
    assert answer.status_code == 200, answer.text
    location: str = answer.json()["staging_location"]
    return location


def register(server: Server, name: str, location: str, **fields: Any) -> dict[str, Any]:
    """Register a table that was written."""
    body = {
        "name": name,
        "catalog_name": "dev",
        "schema_name": "default",
        "table_type": "MANAGED",
        "data_source_format": "DELTA",
        "storage_location": location,
    }
    answer = server.request("POST", f"{UNITY}/tables", json=body | fields)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def folder_of(location: str) -> Path:
    return Path(urlsplit(location).path)


def managed(server: Server, name: str, **columns: Any) -> Path:
    """Make a managed Delta table of the given columns; return its folder."""
    location = stage(server, name)
    write_deltalake(str(folder_of(location)), pa.table(columns or {"id": [1, 2]}))
    register(server, name, location)
    return folder_of(location)


def test_columns_come_from_the_delta_log(server: Server, client: WorkspaceClient) -> None:
    schema = pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            pa.field("price", pa.decimal128(10, 2)),
            pa.field("tags", pa.list_(pa.string())),
            pa.field("at", pa.timestamp("us", "UTC")),
        ]
    )
    location = stage(server, "typed")
    write_deltalake(str(folder_of(location)), schema.empty_table(), partition_by=["id"])
    register(server, "typed", location)
    table = client.tables.get("dev.default.typed")
    columns = [
        (c.name, c.type_text, c.type_name, c.nullable, c.partition_index)
        for c in table.columns or []
    ]
    assert columns == [
        ("id", "bigint", ColumnTypeName.LONG, False, 0),
        ("price", "decimal(10,2)", ColumnTypeName.DECIMAL, True, None),
        ("tags", "array<string>", ColumnTypeName.ARRAY, True, None),
        ("at", "timestamp", ColumnTypeName.TIMESTAMP, True, None),
    ]
    price = (table.columns or [])[1]
    assert (price.type_precision, price.type_scale) == (10, 2)
    assert json.loads(price.type_json or "")["type"] == "decimal(10,2)"
    assert (table.table_type, table.data_source_format) == (
        TableType.MANAGED,
        DataSourceFormat.DELTA,
    )


def test_changes_of_the_data_are_seen_at_once(server: Server, client: WorkspaceClient) -> None:
    folder = managed(server, "growing")
    assert [c.name for c in client.tables.get("dev.default.growing").columns or []] == ["id"]
    write_deltalake(
        str(folder), pa.table({"id": [3], "name": ["x"]}), mode="append", schema_mode="merge"
    )
    names = [c.name for c in client.tables.get("dev.default.growing").columns or []]
    assert names == ["id", "name"]
    DeltaTable(str(folder)).alter.set_table_properties({"delta.appendOnly": "true"})
    properties = client.tables.get("dev.default.growing").properties
    assert properties == {"delta.appendOnly": "true"}
    DeltaTable(str(folder)).alter.set_table_description("from the log")
    assert client.tables.get("dev.default.growing").comment == "from the log"


def test_dropped_managed_table_loses_its_data(server: Server, client: WorkspaceClient) -> None:
    folder = managed(server, "dropped")
    client.tables.delete("dev.default.dropped")
    assert not folder.exists()
    with pytest.raises(NotFound, match=r"Table 'dev\.default\.dropped' does not exist"):
        client.tables.get("dev.default.dropped")


def test_dropped_external_table_keeps_its_data(client: WorkspaceClient, tmp_path: Path) -> None:
    write_deltalake(str(tmp_path), pa.table({"id": [1]}))
    client.tables.create(
        "outside", "dev", "default", TableType.EXTERNAL, DataSourceFormat.DELTA, str(tmp_path)
    )
    assert client.tables.get("dev.default.outside").storage_location == tmp_path.as_uri()
    client.tables.delete("dev.default.outside")
    assert (tmp_path / "_delta_log").is_dir()


def test_managed_table_needs_a_location_that_was_given_out(server: Server) -> None:
    body = {
        "name": "own",
        "catalog_name": "dev",
        "schema_name": "default",
        "table_type": "MANAGED",
        "storage_location": "/tmp/own",
    }
    answer = server.request("POST", f"{UNITY}/tables", json=body)
    assert answer.status_code == 400
    assert "was not given out by POST /api/2.1/unity-catalog/staging-tables" in answer.text


@pytest.mark.parametrize(
    ("schema", "status", "code"),
    [("default", 400, "TABLE_ALREADY_EXISTS"), ("nowhere", 404, "SCHEMA_DOES_NOT_EXIST")],
)
def test_staging_refuses_before_anything_is_written(
    server: Server, schema: str, status: int, code: str
) -> None:
    if not server.request("GET", f"{UNITY}/tables/dev.default.known").ok:
        managed(server, "known")
    body = {"name": "KNOWN", "catalog_name": "dev", "schema_name": schema}
    answer = server.request("POST", f"{UNITY}/staging-tables", json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_exists_tells_tables_from_missing_schemas(server: Server, client: WorkspaceClient) -> None:
    managed(server, "here")
    assert client.tables.exists("dev.default.here").table_exists is True
    assert client.tables.exists("dev.default.gone").table_exists is False
    with pytest.raises(NotFound, match=r"Schema 'dev\.nowhere' does not exist"):
        client.tables.exists("dev.nowhere.gone")


def test_view_is_stored_replaced_and_renamed(server: Server, client: WorkspaceClient) -> None:
    columns = [{"name": "id", "type_text": "bigint", "type_name": "LONG", "position": 0}]
    register(
        server,
        "seen",
        "",
        table_type="VIEW",
        view_definition="SELECT 1 AS id",
        columns=columns,
        properties={"view.schemaMode": "BINDING"},
    )
    view = client.tables.get("dev.default.seen")
    assert (view.table_type, view.view_definition) == (TableType.VIEW, "SELECT 1 AS id")
    changes = {"view_definition": "SELECT 2 AS id", "comment": "two", "new_name": "seen2"}
    answer = server.request("PATCH", f"{UNITY}/tables/dev.default.seen", json=changes)
    assert answer.status_code == 200, answer.text
    view = client.tables.get("dev.default.seen2")
    assert (view.view_definition, view.comment) == ("SELECT 2 AS id", "two")
    assert [c.name for c in view.columns or []] == ["id"]


def test_view_needs_a_definition(server: Server) -> None:
    body = {
        "name": "v",
        "catalog_name": "dev",
        "schema_name": "default",
        "table_type": "VIEW",
    }
    answer = server.request("POST", f"{UNITY}/tables", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"] == "view_definition is required for a VIEW"


def test_columns_of_a_table_are_its_datas(server: Server) -> None:
    managed(server, "fixed")
    changes: dict[str, list[str]] = {"columns": []}
    answer = server.request("PATCH", f"{UNITY}/tables/dev.default.fixed", json=changes)
    assert answer.status_code == 400
    assert "columns of the table 'dev.default.fixed' cannot be changed here" in answer.text


def test_properties_of_other_formats_are_kept_here(
    server: Server, client: WorkspaceClient, tmp_path: Path
) -> None:
    location = str(tmp_path)
    register(server, "csv", location, table_type="EXTERNAL", data_source_format="CSV")
    changes = {"properties": {"option.header": "true"}}
    answer = server.request("PATCH", f"{UNITY}/tables/dev.default.csv", json=changes)
    assert answer.status_code == 200, answer.text
    assert client.tables.get("dev.default.csv").properties == {"option.header": "true"}


def test_list_can_leave_out_columns(server: Server, client: WorkspaceClient) -> None:
    managed(server, "listed")
    full = {t.name: t for t in client.tables.list("dev", "default")}
    short = {t.name: t for t in client.tables.list("dev", "default", omit_columns=True)}
    assert full["listed"].columns
    assert not short["listed"].columns


def test_summaries_match_patterns_of_like(server: Server, client: WorkspaceClient) -> None:
    for name in ("sum_a", "sum_b", "sumxc"):
        managed(server, name)
    found = client.tables.list_summaries("dev", table_name_pattern="sum\\_%".replace("\\", ""))
    assert {s.full_name for s in found} == {
        "dev.default.sum_a",
        "dev.default.sum_b",
        "dev.default.sumxc",
    }
    only = client.tables.list_summaries("dev", table_name_pattern="sum__", schema_name_pattern="d%")
    assert {s.full_name for s in only} == {
        "dev.default.sum_a",
        "dev.default.sum_b",
        "dev.default.sumxc",
    }


def test_credentials_name_the_location(server: Server, client: WorkspaceClient) -> None:
    folder = managed(server, "opened")
    from databricks.sdk.service.catalog import TableOperation

    table_id = client.tables.get("dev.default.opened").table_id
    answer = client.temporary_table_credentials.generate_temporary_table_credentials(
        operation=TableOperation.READ_WRITE, table_id=table_id
    )
    assert answer.url == folder.as_uri()
    with pytest.raises(NotFound, match="Table with id 'nothing' does not exist"):
        client.temporary_table_credentials.generate_temporary_table_credentials(
            operation=TableOperation.READ, table_id="nothing"
        )


def test_full_name_needs_three_parts(client: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match=r"the form catalog\.schema\.name"):
        client.tables.get("dev.default")
