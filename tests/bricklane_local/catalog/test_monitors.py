"""Quality monitors, through the official SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import NotFound, ResourceAlreadyExists
from databricks.sdk.service.catalog import MonitorInfoStatus, MonitorSnapshot

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

TABLE = "dev.default.watched"


@pytest.fixture(scope="module")
def table(server: Server) -> str:
    """A table; a view is one to monitors."""
    body = {
        "name": "watched",
        "catalog_name": "dev",
        "schema_name": "default",
        "table_type": "VIEW",
        "view_definition": "SELECT 1",
    }
    assert server.request("POST", "/api/2.1/unity-catalog/tables", json=body).ok
    return TABLE


def test_monitor_lives_from_create_to_delete(client: WorkspaceClient, table: str) -> None:
    made = client.quality_monitors.create(
        table, "dev.default", "/Workspace/monitors", snapshot=MonitorSnapshot()
    )
    assert made.status == MonitorInfoStatus.MONITOR_STATUS_ACTIVE
    assert made.profile_metrics_table_name == "dev.default.watched_profile_metrics"
    with pytest.raises(ResourceAlreadyExists, match="has a monitor already"):
        client.quality_monitors.create(table, "dev.default", "/x")
    changed = client.quality_monitors.update(table, "dev.developer", slicing_exprs=["a > 1"])
    assert changed.drift_metrics_table_name == "dev.developer.watched_drift_metrics"
    assert (changed.assets_dir, changed.snapshot) == ("/Workspace/monitors", None)
    assert client.quality_monitors.get(table).slicing_exprs == ["a > 1"]
    client.quality_monitors.delete(table)
    with pytest.raises(NotFound, match=f"The table '{table}' has no monitor"):
        client.quality_monitors.get(table)


def test_monitor_needs_its_table_and_its_output(client: WorkspaceClient, table: str) -> None:
    with pytest.raises(NotFound, match=r"Table 'dev\.default\.nothing' does not exist"):
        client.quality_monitors.create("dev.default.nothing", "dev.default", "/x")
    with pytest.raises(NotFound, match=r"Schema 'dev\.nothing' does not exist"):
        client.quality_monitors.create(table, "dev.nothing", "/x")


def test_a_dropped_table_takes_its_monitor_along(
    server: Server, client: WorkspaceClient, table: str
) -> None:
    client.quality_monitors.create(table, "dev.default", "/x")
    client.tables.delete(table)
    with pytest.raises(NotFound, match=f"Table '{table}' does not exist"):
        client.quality_monitors.get(table)
