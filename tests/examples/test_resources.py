"""Resources of every kind that are changed in place, with the real CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Bundle

pytestmark = pytest.mark.real
CHANGES = {
    "min_idle_instances: 0": "min_idle_instances: 1",
    "num_workers: 1": "num_workers: 3",
    "max_workers: 2": "max_workers: 5",
    "max_num_clusters: 1": "max_num_clusters: 2",
    "display_name: delays": "display_name: all delays",
    "SELECT 1 AS flights": "SELECT 2 AS flights",
    "title: questions": "title: answers",
    "delay-model": "delay-model-2",
    "Predicts delays": "Predicts all delays",
    "scale_to_zero_enabled: true": "scale_to_zero_enabled: false",
    "value: flights": "value: operations",
    "usage_tracking_config: {enabled: true}": "usage_tracking_config: {enabled: false}",
    "description: Departures": "description: All departures",
    "capacity: CU_1": "capacity: CU_2",
    "autoscaling_limit_max_cu: 4": "autoscaling_limit_max_cu: 8",
    "level: CAN_QUERY": "level: CAN_VIEW",
}


@pytest.mark.parametrize("mortal_bundle", ["workspace_resources"], indirect=True)
def test_resources_change_in_place(mortal_bundle: Bundle) -> None:
    bundle, client = mortal_bundle, mortal_bundle.cloud.client
    bundle.run("deploy").expect()
    before = bundle.read("summary")["resources"]
    for old, new in CHANGES.items():
        bundle.edit(old, new)
    planned = bundle.read("plan")["plan"]
    actions = {change["action"] for change in planned.values()} - {"skip"}
    assert actions == {"update", "resize"}, planned
    bundle.run("deploy").expect()
    count = len(planned)
    unchanged = f"Plan: 0 to add, 0 to change, 0 to delete, {count} unchanged"
    assert unchanged in bundle.run("plan").expect().stdout
    after = bundle.read("summary")["resources"]
    for kind, resources in before.items():
        ids = {key: resource["id"] for key, resource in resources.items()}
        assert {key: resource["id"] for key, resource in after[kind].items()} == ids
    bundle.cloud.crash()
    assert unchanged in bundle.run("plan").expect().stdout
    assert [board.display_name for board in client.lakeview.list()] == ["all delays"]


@pytest.mark.parametrize("mortal_bundle", ["workspace_resources"], indirect=True)
def test_an_app_is_started_and_deployed(mortal_bundle: Bundle) -> None:
    client = mortal_bundle.cloud.client
    mortal_bundle.run("deploy").expect()
    app = client.apps.get("departures")
    assert app.compute_status
    assert app.compute_status.state
    assert app.compute_status.state.value == "STOPPED"
    assert "App is started!" in mortal_bundle.run("run", "board").expect().stderr
    deployed = client.apps.get("departures").active_deployment
    assert deployed
    assert str(deployed.source_code_path).endswith("/files/app")
    principal = str(app.service_principal_client_id)
    assert principal in [found.application_id for found in client.service_principals.list()]
    mortal_bundle.run("destroy", "--auto-approve").expect()
    assert principal not in [found.application_id for found in client.service_principals.list()]
