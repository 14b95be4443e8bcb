"""Event logs of pipelines as tables: by the function ``event_log``, and published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Desk

pytestmark = pytest.mark.real
COUNTED = """
CREATE OR REFRESH MATERIALIZED VIEW counted (CONSTRAINT small EXPECT (n < 3))
AS SELECT id AS n FROM range(5)
"""
STATES = "details:update_progress.state"


@pytest.fixture(scope="module")
def path(pipelines: Desk) -> str:
    """A source of one table."""
    pipelines.sql("CREATE SCHEMA dev.event_logs")
    return pipelines.file("/Workspace/Shared/logs/counted.sql", COUNTED)


def test_the_function_reads_the_log_of_a_pipeline_or_of_its_table(
    pipelines: Desk, path: str
) -> None:
    desk = pipelines
    number = desk.create("logged", path, schema="event_logs")
    update = desk.update(number)
    log = f"event_log('{number}')"
    pipelines.sql(f"CREATE VIEW dev.event_logs.mine AS SELECT * FROM {log}")  # noqa: S608
    last = "SELECT origin.update_id FROM dev.event_logs.mine WHERE event_type = 'create_update'"
    assert desk.sql(last) == [[update["update_id"]]]
    quality = (
        "SELECT e.name, e.failed_records FROM (SELECT explode(from_json("
        "details:flow_progress:data_quality:expectations, "
        "'ARRAY<STRUCT<name: STRING, failed_records: INT>>')) AS e "
        "FROM event_log(TABLE(dev.event_logs.counted)) WHERE event_type = 'flow_progress')"
    )
    assert desk.sql(quality) == [["small", "2"]]
    ended = f"SELECT timestamp > '2020-01-01' FROM {log} WHERE {STATES} = 'COMPLETED'"  # noqa: S608
    assert desk.sql(ended) == [["true"]]
    desk.sql("CREATE TABLE dev.event_logs.plain AS SELECT 1 AS a")
    assert "has no event log" in desk.problem(
        "SELECT * FROM event_log(TABLE(dev.event_logs.plain))"
    )
    assert "was not found" in desk.problem("SELECT * FROM event_log('nothing')")
    assert "takes the id of a pipeline" in desk.problem("SELECT * FROM event_log()")
    other = desk.client.service_principals.create(display_name="owner")
    entry: dict[str, Any] = {
        "service_principal_name": str(other.application_id),
        "permission_level": "IS_OWNER",
    }
    body = {"access_control_list": [entry]}
    desk.client.api_client.do("PATCH", f"/api/2.0/permissions/pipelines/{number}", body=body)
    assert f"Only the owner of the pipeline {number}" in desk.problem(f"SELECT * FROM {log}")  # noqa: S608
    desk.client.pipelines.delete(number)


def test_a_log_is_published_with_all_that_happened_once(pipelines: Desk, path: str) -> None:
    desk = pipelines
    number = desk.create("published", path, schema="event_logs", event_log={"name": "events"})
    table = "dev.event_logs.events"
    first = desk.update(number)
    desk.published(number, table)
    desk.file(path, "CREATE MATERIALIZED VIEW counted AS SELECT missing FROM range(5)")
    second = desk.update(number)
    desk.published(number, table)
    states = f"SELECT origin.update_id, {STATES} FROM {table} WHERE event_type = 'update_progress'"  # noqa: S608
    ended = desk.sql(f"{states} AND {STATES} IN ('COMPLETED', 'FAILED') ORDER BY timestamp")
    assert ended == [[first["update_id"], "COMPLETED"], [second["update_id"], "FAILED"]]
    assert desk.sql(f"SELECT count(*) - count(DISTINCT id) FROM {table}") == [["0"]]  # noqa: S608
    columns = "SELECT * FROM {} ORDER BY sequence.control_plane_seq_no"
    log = desk.sql(columns.format(f"event_log('{number}')"))
    assert desk.sql(columns.format(table)) == log
    desk.client.pipelines.delete(number)
    assert desk.sql(f"SELECT count(*) FROM {table}") == [[str(len(log))]]  # noqa: S608


def test_a_log_that_cannot_be_published_fails_the_update(pipelines: Desk, path: str) -> None:
    desk = pipelines
    desk.sql("CREATE TABLE dev.event_logs.taken AS SELECT 1 AS a")
    number = desk.create("taken log", path, schema="event_logs", event_log={"name": "taken"})
    problem = desk.errors(desk.update(number))
    assert "The event log cannot be published to dev.event_logs.taken" in problem
    assert "a MANAGED table already exists" in problem
    desk.client.pipelines.delete(number)
