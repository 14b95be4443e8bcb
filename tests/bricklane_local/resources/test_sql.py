"""Dashboards, Genie spaces, queries and alerts, through the SDK."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import (
    InvalidParameterValue,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceConflict,
    ResourceDoesNotExist,
)
from databricks.sdk.errors import (
    NotImplemented as NotThere,
)
from databricks.sdk.service.dashboards import Dashboard, LifecycleState
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.sql import (
    Aggregation,
    AlertCondition,
    AlertConditionOperand,
    AlertLifecycleState,
    AlertOperandColumn,
    AlertOperator,
    AlertV2,
    AlertV2Evaluation,
    AlertV2OperandColumn,
    ComparisonOperator,
    CreateAlertRequestAlert,
    CreateQueryRequestQuery,
    CronSchedule,
    UpdateAlertRequestAlert,
    UpdateQueryRequestQuery,
)
from databricks.sdk.service.sql import LifecycleState as QueryState
from databricks.sdk.service.workspace import ObjectType

from tests.bricklane_local.resources.callers import denied, give, name_of

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

ME, HOME = "developer@bricklane.local", "/Users/developer@bricklane.local"
PAGES = json.dumps({"pages": []})
ALERT = AlertV2(
    display_name="a",
    query_text="SELECT 1 AS n",
    warehouse_id="w",
    evaluation=AlertV2Evaluation(
        source=AlertV2OperandColumn(name="n", aggregation=Aggregation.SUM),
        comparison_operator=ComparisonOperator.GREATER_THAN,
    ),
    schedule=CronSchedule(quartz_cron_schedule="0 0 0 * * ?", timezone_id="UTC"),
)


@pytest.fixture
def dashboard_id(client: WorkspaceClient) -> str:
    client.workspace.mkdirs(f"{HOME}/boards")
    name = f"d{len(list(client.lakeview.list(show_trashed=True)))}"
    made = client.lakeview.create(
        Dashboard(display_name=name, parent_path=f"{HOME}/boards", serialized_dashboard=PAGES)
    )
    return str(made.dashboard_id)


def test_a_dashboard_is_a_file_of_the_tree(client: WorkspaceClient, dashboard_id: str) -> None:
    found = client.lakeview.get(dashboard_id)
    assert found.path == f"{HOME}/boards/{found.display_name}.lvdash.json"
    listed = client.workspace.get_status(found.path)
    assert (listed.object_type, listed.resource_id) == (ObjectType.DASHBOARD, dashboard_id)
    with client.workspace.download(found.path) as stream:
        assert stream.read().decode() == PAGES
    changed = client.lakeview.update(dashboard_id, Dashboard(display_name=f"new-{dashboard_id}"))
    assert str(changed.path).endswith(f"new-{dashboard_id}.lvdash.json")
    assert int(changed.etag or 0) > int(found.etag or 0)
    with pytest.raises(ResourceDoesNotExist):
        client.workspace.get_status(found.path)
    with pytest.raises(ResourceConflict, match="is not the current one"):
        client.lakeview.update(dashboard_id, Dashboard(etag=found.etag, display_name="x"))
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        client.lakeview.create(
            Dashboard(display_name=f"new-{dashboard_id}", parent_path=f"{HOME}/boards")
        )
    with pytest.raises(InvalidParameterValue, match="serialized_dashboard is not JSON"):
        client.lakeview.update(dashboard_id, Dashboard(serialized_dashboard="{"))
    with pytest.raises(ResourceDoesNotExist, match=r"Path \(/nowhere\) doesn't exist"):
        client.lakeview.create(Dashboard(display_name="x", parent_path="/nowhere"))


def test_a_dashboard_sets_catalog_and_schema_of_its_datasets(
    client: WorkspaceClient, dashboard_id: str
) -> None:
    datasets = [{"name": "a", "catalog": "own"}, {"name": "b"}]
    content = json.dumps({"pages": [], "datasets": datasets})
    client.lakeview.update(
        dashboard_id, Dashboard(serialized_dashboard=content), dataset_schema="sales"
    )
    shown = client.lakeview.get(dashboard_id)
    assert json.loads(str(shown.serialized_dashboard))["datasets"] == [
        {"name": "a", "catalog": "own", "schema": "sales"},
        {"name": "b", "schema": "sales"},
    ]
    client.lakeview.update(dashboard_id, Dashboard(), dataset_catalog="dev")
    shown = client.lakeview.get(dashboard_id)
    assert {
        dataset["catalog"] for dataset in json.loads(str(shown.serialized_dashboard))["datasets"]
    } == {"dev"}
    assert "dataset_schema" not in shown.as_dict()


def test_a_dashboard_is_published_and_moved_to_the_trash(
    client: WorkspaceClient, dashboard_id: str
) -> None:
    with pytest.raises(ResourceDoesNotExist, match="is not published"):
        client.lakeview.get_published(dashboard_id)
    before = client.lakeview.get(dashboard_id).etag
    client.lakeview.publish(dashboard_id, embed_credentials=False, warehouse_id="w")
    published = client.lakeview.get_published(dashboard_id)
    assert (published.embed_credentials, published.warehouse_id) == (False, "w")
    assert client.lakeview.get(dashboard_id).etag == before
    client.lakeview.unpublish(dashboard_id)
    client.lakeview.trash(dashboard_id)
    assert client.lakeview.get(dashboard_id).lifecycle_state is LifecycleState.TRASHED
    ids = [item.dashboard_id for item in client.lakeview.list()]
    assert dashboard_id not in ids
    assert dashboard_id in [d.dashboard_id for d in client.lakeview.list(show_trashed=True)]
    for act in (
        lambda: client.lakeview.trash(dashboard_id),
        lambda: client.lakeview.update(dashboard_id, Dashboard(display_name="x")),
    ):
        with pytest.raises(PermissionDenied, match="is in the trash"):
            act()


def test_dashboards_go_with_their_folder(client: WorkspaceClient, dashboard_id: str) -> None:
    client.workspace.delete(f"{HOME}/boards", recursive=True)
    assert client.lakeview.get(dashboard_id).lifecycle_state is LifecycleState.TRASHED


def test_dashboards_inherit_from_their_folder(
    client: WorkspaceClient, other: WorkspaceClient, dashboard_id: str
) -> None:
    what = f"dashboard {dashboard_id}"
    denied(lambda: other.lakeview.get(dashboard_id), "CAN_READ", what)
    denied(
        lambda: other.lakeview.create(Dashboard(display_name="x", parent_path=f"{HOME}/boards")),
        "CAN_MANAGE",
        f"{HOME}/boards",
    )
    assert list(other.lakeview.list()) == []
    folder = str(client.workspace.get_status(f"{HOME}/boards").object_id)
    give(client, "directories", folder, "CAN_READ")
    path = str(client.lakeview.get(dashboard_id).path)
    assert other.lakeview.get(dashboard_id).path == path
    assert other.workspace.get_status(path).resource_id == dashboard_id
    denied(
        lambda: other.lakeview.update(dashboard_id, Dashboard(display_name="x")), "CAN_EDIT", what
    )
    denied(lambda: other.lakeview.publish(dashboard_id), "CAN_EDIT", what)
    give(client, "dashboards", dashboard_id, "CAN_EDIT", other)
    other.lakeview.publish(dashboard_id)
    denied(lambda: other.lakeview.trash(dashboard_id), "CAN_MANAGE", what)
    read = AccessControlRequest(group_name="users", permission_level=PermissionLevel.CAN_READ)
    shown = client.permissions.set("dashboards", dashboard_id, access_control_list=[read])
    assert shown.object_type == "dashboard"
    denied(lambda: other.lakeview.publish(dashboard_id), "CAN_EDIT", what)


def test_a_genie_space_is_kept(client: WorkspaceClient, other: WorkspaceClient) -> None:
    made = client.genie.create_space("w", '{"version": 1}', title="t")
    found = client.genie.get_space(made.space_id)
    assert (found.title, found.serialized_space) == ("t", '{"version": 1}')
    changed = client.genie.update_space(made.space_id, title="u", etag=found.etag)
    assert changed.etag != found.etag
    assert [space.title for space in client.genie.list_spaces().spaces or []] == ["u"]
    assert not other.genie.list_spaces().spaces
    denied(lambda: other.genie.get_space(made.space_id), "CAN_READ", "Genie space")
    client.genie.trash_space(made.space_id)
    with pytest.raises(ResourceDoesNotExist, match="no Genie space"):
        client.genie.get_space(made.space_id)


def test_a_query_is_kept(client: WorkspaceClient, other: WorkspaceClient) -> None:
    made = client.queries.create(
        query=CreateQueryRequestQuery(display_name="q", query_text="SELECT 1", warehouse_id="w")
    )
    query_id = str(made.id)
    assert (made.owner_user_name, made.parent_path) == (ME, f"/Workspace{HOME}")
    changed = client.queries.update(
        query_id,
        "display_name,description,tags",
        query=UpdateQueryRequestQuery(display_name="r", query_text="ignored", tags=["t"]),
    )
    assert (changed.display_name, changed.query_text, changed.tags) == ("r", "SELECT 1", ["t"])
    assert [item.display_name for item in client.queries.list()] == ["r"]
    with pytest.raises(InvalidParameterValue, match="update_mask names create_time"):
        client.queries.update(query_id, "create_time", query=UpdateQueryRequestQuery())
    with pytest.raises(ResourceDoesNotExist, match="Principal nobody does not exist"):
        client.queries.update(
            query_id, "owner_user_name", query=UpdateQueryRequestQuery(owner_user_name="nobody")
        )
    denied(lambda: other.queries.get(query_id), "CAN_READ", f"query {query_id}")
    give(client, "sql/queries", query_id, "CAN_RUN", other)
    assert other.queries.get(query_id).display_name == "r"
    denied(lambda: other.queries.delete(query_id), "CAN_MANAGE")
    client.queries.delete(query_id)
    assert client.queries.get(query_id).lifecycle_state is QueryState.TRASHED
    assert list(client.queries.list()) == []


def test_an_alert_watches_a_query(client: WorkspaceClient) -> None:
    query = client.queries.create(query=CreateQueryRequestQuery(query_text="SELECT 1 AS n"))
    condition = AlertCondition(
        op=AlertOperator.EQUAL,
        operand=AlertConditionOperand(column=AlertOperandColumn(name="n")),
    )
    made = client.alerts.create(
        alert=CreateAlertRequestAlert(display_name="a", query_id=query.id, condition=condition)
    )
    changed = client.alerts.update(
        str(made.id), "display_name", alert=UpdateAlertRequestAlert(display_name="b")
    )
    assert (changed.display_name, changed.condition) == ("b", condition)
    with pytest.raises(ResourceDoesNotExist, match="no query with the id 7"):
        client.alerts.create(
            alert=CreateAlertRequestAlert(display_name="a", query_id="7", condition=condition)
        )
    client.alerts.delete(str(made.id))
    assert list(client.alerts.list()) == []


def test_an_alert_is_a_file_of_the_tree(client: WorkspaceClient) -> None:
    client.workspace.mkdirs(f"{HOME}/watched")
    wanted = {**ALERT.as_dict(), "display_name": "filed", "parent_path": f"{HOME}/watched"}
    made = client.alerts_v2.create_alert(AlertV2.from_dict(wanted))
    alert_id, path = str(made.id), f"{HOME}/watched/filed.dbalert.json"
    with client.workspace.download(path) as stream:
        content = json.loads(stream.read())
    assert content["query_lines"] == ["SELECT 1 AS n"]
    assert content["evaluation"] == ALERT.as_dict()["evaluation"]
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        client.alerts_v2.create_alert(AlertV2.from_dict(wanted))
    moved = AlertV2.from_dict({**wanted, "display_name": "again"})
    client.alerts_v2.update_alert(alert_id, moved, "display_name")
    listed = [item.path for item in client.workspace.list(f"{HOME}/watched")]
    assert listed == [f"{HOME}/watched/again.dbalert.json"]
    client.workspace.delete(f"{HOME}/watched", recursive=True)
    found = client.alerts_v2.get_alert(alert_id)
    assert found.lifecycle_state is AlertLifecycleState.DELETED


def test_legacy_dashboards_are_refused_by_name(client: WorkspaceClient) -> None:
    with pytest.raises(NotThere, match="it is for legacy dashboards, which Databricks has"):
        list(client.dashboards.list())


def test_an_alert_has_a_query_of_its_own(client: WorkspaceClient, other: WorkspaceClient) -> None:
    made = client.alerts_v2.create_alert(ALERT)
    alert_id = str(made.id)
    assert made.effective_run_as
    assert made.effective_run_as.user_name == ME
    wanted = AlertV2.from_dict({**ALERT.as_dict(), "display_name": "b", "query_text": "ignored"})
    changed = client.alerts_v2.update_alert(alert_id, wanted, "display_name")
    assert (changed.display_name, changed.query_text) == ("b", "SELECT 1 AS n")
    denied(lambda: other.alerts_v2.get_alert(alert_id), "CAN_READ", f"alert {alert_id}")
    give(client, "alertsv2", alert_id, "CAN_RUN", other)
    assert [alert.id for alert in other.alerts_v2.list_alerts()] == [alert_id]
    denied(lambda: other.alerts_v2.trash_alert(alert_id), "CAN_MANAGE")
    own = other.alerts_v2.create_alert(ALERT)
    assert own.effective_run_as
    assert own.effective_run_as.service_principal_name == name_of(other)
    client.alerts_v2.trash_alert(alert_id)
    found = client.alerts_v2.get_alert(alert_id)
    assert found.lifecycle_state is AlertLifecycleState.DELETED
