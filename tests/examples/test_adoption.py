"""A job that somebody made by hand becomes part of a bundle, and leaves it again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from conftest import AcceptanceCloud

pytestmark = pytest.mark.real
CODE = b"# Databricks notebook source\nprint('made by hand')\n"
FLOW = b"CREATE MATERIALIZED VIEW one AS SELECT 1 AS n;\n"
PROJECT = """\
bundle:
  name: adoption
include:
  - resources/*.yml
targets:
  prod:
    mode: production
    default: true
    workspace:
      root_path: /Workspace/Shared/.bundle/${bundle.name}
"""


@pytest.fixture
def job_id(acceptance_cloud: AcceptanceCloud) -> Iterator[int]:
    """Make a job with a notebook, as people do in the workspace; delete both in the end."""
    from databricks.sdk.service.jobs import NotebookTask, Task
    from databricks.sdk.service.workspace import ImportFormat, Language

    client = acceptance_cloud.client
    path = f"/Users/{client.current_user.me().user_name}/made by hand"
    client.workspace.upload(
        path, io.BytesIO(CODE), format=ImportFormat.SOURCE, language=Language.PYTHON, overwrite=True
    )
    task = Task(task_key="only", notebook_task=NotebookTask(notebook_path=path))
    created = client.jobs.create(name="Made by hand", tasks=[task]).job_id or 0
    yield created
    client.jobs.delete(created)
    client.workspace.delete(path)


def test_bundle_adopts_a_job_and_lets_it_go(
    acceptance_cloud: AcceptanceCloud, job_id: int, tmp_path: Path
) -> None:
    def bundle(*arguments: str) -> str:
        return acceptance_cloud.run(tmp_path, "bundle", *arguments).expect().stdout

    (tmp_path / "databricks.yml").write_text(PROJECT, "utf-8")
    bundle("generate", "job", "--existing-job-id", str(job_id), "--key", "adopted")
    written = yaml.safe_load((tmp_path / "resources" / "adopted.job.yml").read_text("utf-8"))
    assert written["resources"]["jobs"]["adopted"]["name"] == "Made by hand"
    assert (tmp_path / "src" / "made by hand.py").read_bytes() == CODE

    bundle("deployment", "bind", "adopted", str(job_id), "--auto-approve")
    bundle("deploy")
    assert "0 to add, 0 to change, 0 to delete, 1 unchanged" in bundle("plan")
    client = acceptance_cloud.client
    assert [job.job_id for job in client.jobs.list(name="Made by hand")] == [job_id]
    tasks = client.jobs.get(job_id).settings
    assert tasks is not None
    assert tasks.tasks
    assert tasks.tasks[0].notebook_task
    assert tasks.tasks[0].notebook_task.notebook_path == (
        "/Workspace/Shared/.bundle/adoption/files/src/made by hand"
    )

    bundle("deployment", "unbind", "adopted")
    bundle("destroy", "--auto-approve")
    assert [job.job_id for job in client.jobs.list(name="Made by hand")] == [job_id]


def test_bundle_takes_over_a_pipeline_and_copies_a_dashboard(
    acceptance_cloud: AcceptanceCloud, tmp_path: Path
) -> None:
    from databricks.sdk.service import dashboards, pipelines

    def bundle(*arguments: str) -> str:
        return acceptance_cloud.run(tmp_path, "bundle", *arguments).expect().stdout

    (tmp_path / "databricks.yml").write_text(PROJECT, "utf-8")
    client, path = acceptance_cloud.client, "/Shared/by hand.sql"
    client.workspace.upload(path, io.BytesIO(FLOW), overwrite=True)
    file = pipelines.PipelineLibrary(file=pipelines.FileLibrary(path=path))
    pipeline_id = client.pipelines.create(
        name="By hand", catalog="dev", schema="default", serverless=True, libraries=[file]
    ).pipeline_id
    content = '{"datasets": [{"name": "one", "queryLines": ["SELECT 1"]}], "pages": []}'
    (warehouse,) = client.warehouses.list()
    board = dashboards.Dashboard(
        display_name="By hand", serialized_dashboard=content, warehouse_id=warehouse.id
    )
    dashboard_id = client.lakeview.create(board).dashboard_id
    try:
        existing = ("--existing-pipeline-id", str(pipeline_id))
        bundle("generate", "pipeline", *existing, "--key", "adopted", "--bind")
        bundle("generate", "dashboard", "--existing-id", str(dashboard_id), "--key", "copied")
        assert (tmp_path / "src" / "by hand.sql").read_bytes() == FLOW
        bundle("deploy")
        assert "0 to add, 0 to change, 0 to delete, 2 unchanged" in bundle("plan")
        (adopted,) = client.pipelines.list_pipelines(filter="name LIKE 'By hand'")
        assert adopted.pipeline_id == pipeline_id

        made = json.loads(bundle("summary", "-o", "json"))["resources"]["dashboards"]["copied"]
        changed = content.replace("SELECT 1", "SELECT 2")
        client.lakeview.update(made["id"], dashboards.Dashboard(serialized_dashboard=changed))
        bundle("generate", "dashboard", "--resource", "copied", "--force")
        assert "SELECT 2" in (tmp_path / "src" / "copied.lvdash.json").read_text("utf-8")
        bundle("deploy", "--force")
        assert "0 to add, 0 to change, 0 to delete, 2 unchanged" in bundle("plan")

        bundle("deployment", "unbind", "adopted")
        bundle("destroy", "--auto-approve")
        assert [item.dashboard_id for item in client.lakeview.list()] == [dashboard_id]
    finally:
        client.pipelines.delete(str(pipeline_id))
        client.lakeview.trash(str(dashboard_id))
        client.workspace.delete(path)


def test_bundle_copies_an_alert(acceptance_cloud: AcceptanceCloud, tmp_path: Path) -> None:
    from databricks.sdk.service import sql

    def bundle(*arguments: str) -> str:
        return acceptance_cloud.run(tmp_path, "bundle", *arguments).expect().stdout

    (tmp_path / "databricks.yml").write_text(PROJECT, "utf-8")
    client = acceptance_cloud.client
    (warehouse,) = client.warehouses.list()
    threshold = sql.AlertV2OperandValue(double_value=1.0)
    alert = client.alerts_v2.create_alert(
        sql.AlertV2(
            display_name="By hand",
            parent_path="/Workspace/Shared",
            query_text="SELECT 1 AS n\nUNION SELECT 2",
            warehouse_id=warehouse.id,
            evaluation=sql.AlertV2Evaluation(
                source=sql.AlertV2OperandColumn(name="n"),
                comparison_operator=sql.ComparisonOperator.GREATER_THAN,
                threshold=sql.AlertV2Operand(value=threshold),
            ),
            schedule=sql.CronSchedule(quartz_cron_schedule="0 0 4 * * ?", timezone_id="UTC"),
        )
    )
    try:
        bundle("generate", "alert", "--existing-id", str(alert.id), "--key", "copied")
        bundle("deploy")
        assert "0 to add, 0 to change, 0 to delete, 1 unchanged" in bundle("plan")
        made = json.loads(bundle("summary", "-o", "json"))["resources"]["alerts"]["copied"]
        copy = client.alerts_v2.get_alert(made["id"])
        assert str(copy.query_text).split() == str(alert.query_text).split()
        assert (copy.evaluation, copy.schedule) == (alert.evaluation, alert.schedule)
        bundle("destroy", "--auto-approve")
        assert [found.id for found in client.alerts_v2.list_alerts()] == [alert.id]
    finally:
        client.alerts_v2.trash_alert(str(alert.id))
