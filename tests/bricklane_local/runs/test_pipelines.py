"""Pipelines on real Spark: what their sources define is made, counted, refreshed and removed."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType
from databricks.sdk.service.workspace import ImportFormat

if TYPE_CHECKING:
    from conftest import Desk, Server, Workbench

pytestmark = pytest.mark.real
SHOP = """
# Databricks notebook source
import dlt
from pyspark.sql import functions as F

# COMMAND ----------
@dlt.table(comment="as it came", table_properties={"quality": "bronze"})
@dlt.expect("known", "customer IS NOT NULL")
def bronze():
    return spark.readStream.table("dev.raw.orders")

# COMMAND ----------
@dlt.view
def sensible():
    return dlt.read_stream("bronze").where("amount IS NOT NULL")

@dlt.expect_or_drop("positive", "amount > 0")
@dlt.expect_all({"cheap": "amount < 50", "known": "customer IS NOT NULL"})
@dlt.table(name="silver", partition_cols=["customer"])
def silver_orders():
    return dlt.read_stream("sensible").withColumn("twice", F.col("amount") * 2)
"""
GOLD = """
CREATE OR REFRESH MATERIALIZED VIEW gold (
  CONSTRAINT enough EXPECT (total >= ${least}) ON VIOLATION DROP ROW
)
COMMENT 'by customer' TBLPROPERTIES ('quality' = 'gold')
AS WITH bronze AS (SELECT * FROM LIVE.silver)
SELECT customer, sum(amount) AS total, (SELECT count(*) FROM dev.shop.copied) AS copied
FROM bronze GROUP BY customer;

CREATE OR REFRESH STREAMING TABLE copied;
CREATE FLOW arriving AS INSERT INTO copied BY NAME
SELECT customer FROM STREAM(LIVE.bronze) WHERE customer = :chosen;
CREATE FLOW old AS INSERT INTO ONCE copied BY NAME SELECT 'old' AS customer;
"""
CHANGES = """
from pyspark import pipelines as dp
from pyspark.sql.functions import col, expr

@dp.temporary_view
def changes():
    return spark.readStream.table("dev.raw.changes")

for name, kind in (("present", 1), ("history", 2)):
    dp.create_streaming_table(name)
    dp.create_auto_cdc_flow(
        target=name, source="changes", keys=["id"], sequence_by=col("seq"),
        apply_as_deletes=expr("op = 'D'"), except_column_list=["op", "seq"],
        stored_as_scd_type=kind, ignore_null_updates=kind == 1,
    )
"""

LOADED = """
import dlt

@dlt.table
def loaded():
    files = spark.readStream.format("cloudFiles").option("cloudFiles.format", "json")
    files = files.option("cloudFiles.inferColumnTypes", "true").load("/Volumes/dev/raw/landing")
    return spark.sql("SELECT name, size FROM {files}", files=files)
"""


@pytest.fixture(scope="module")
def desk(pipelines: Desk) -> Desk:
    """A desk with raw tables."""
    pipelines.sql(
        "CREATE SCHEMA dev.raw",
        "CREATE TABLE dev.raw.orders AS SELECT * FROM VALUES ('a', 5), ('a', -1), ('b', 7), "
        "(NULL, 3), ('c', NULL) AS t(customer, amount)",
        "CREATE TABLE dev.raw.changes AS SELECT * FROM VALUES (1, 'x', 'I', 1), (2, 'y', 'I', 2), "
        "(1, 'xx', 'U', 4), (2, NULL, 'D', 5), (3, 'z', 'I', 6), (1, 'late', 'U', 3) "
        "AS t(id, name, op, seq)",
    )
    return pipelines


@pytest.fixture(scope="module")
def shop(desk: Desk) -> Iterator[tuple[str, dict[str, Any]]]:
    """A pipeline of a notebook and of files of both languages, and its first update."""
    folder = "/Workspace/Shared/shop"
    desk.file(f"{folder}/layers/orders.py", SHOP)
    desk.file(f"{folder}/layers/deep/gold.sql", GOLD)
    desk.file(f"{folder}/changes.py", CHANGES)
    desk.file(f"{folder}/layers/readme.txt", "no source")
    number = desk.create(
        "shop",
        f"{folder}/changes.py",
        configuration={"least": "3"},
        libraries=[
            {"glob": {"include": f"{folder}/layers/**"}},
            {"file": {"path": f"{folder}/changes.py"}},
        ],
    )
    yield number, desk.update(number, parameters={"chosen": "a"})
    desk.client.pipelines.delete(number)


def test_datasets_are_made_each_behind_what_it_reads(
    desk: Desk, shop: tuple[str, dict[str, Any]]
) -> None:
    number, update = shop
    assert update["state"] == "COMPLETED", desk.events(update, "flow_progress")
    states = [
        e["details"]["update_progress"]["state"] for e in desk.events(update, "update_progress")
    ]
    assert states == [
        "WAITING_FOR_RESOURCES",
        "INITIALIZING",
        "SETTING_UP_TABLES",
        "RUNNING",
        "COMPLETED",
    ]
    assert desk.sql("SELECT * FROM dev.shop.gold ORDER BY ALL") == [
        [None, "3", "3"],
        ["a", "5", "3"],
        ["b", "7", "3"],
    ]
    assert desk.sql("SELECT * FROM dev.shop.silver ORDER BY amount")[-1] == ["b", "7", "14"]
    assert desk.sql("SELECT * FROM dev.shop.copied ORDER BY 1") == [["a"], ["a"], ["old"]]
    inputs = {
        e["origin"]["flow_name"]: [
            d["name"] for d in e["details"]["flow_definition"]["input_datasets"]
        ]
        for e in desk.events(update, "flow_definition")
    }
    assert inputs["dev.shop.bronze"] == ["dev.raw.orders"]
    assert sorted(inputs["dev.shop.gold"]) == ["dev.shop.copied", "dev.shop.silver"]
    kinds = {}
    for table in desk.client.tables.list("dev", "shop"):
        assert table.pipeline_id == number
        kinds[table.name] = table.table_type and table.table_type.value
    streaming = dict.fromkeys(
        ("bronze", "silver", "copied", "present", "history"), "STREAMING_TABLE"
    )
    assert kinds == {"gold": "MATERIALIZED_VIEW", **streaming}
    gold = desk.client.tables.get("dev.shop.gold")
    assert (gold.comment, (gold.properties or {})["quality"]) == ("by customer", "gold")


def test_expectations_count_and_drop(desk: Desk, shop: tuple[str, dict[str, Any]]) -> None:
    found = desk.quality(shop[1])
    assert found["bronze"] == (5, 0, {"known": 1})
    assert found["silver"] == (3, 1, {"cheap": 0, "known": 1, "positive": 1})
    assert found["gold"] == (3, 0, {"enough": 0})
    assert found["old"] == (1, None, {})


def test_change_data_makes_the_present_and_the_history(
    desk: Desk, shop: tuple[str, dict[str, Any]]
) -> None:
    del shop
    assert desk.sql("SELECT * FROM dev.shop.present ORDER BY id") == [["1", "xx"], ["3", "z"]]
    assert desk.sql("SELECT * FROM dev.shop.history ORDER BY id, __START_AT") == [
        ["1", "x", "1", "3"],
        ["1", "late", "3", "4"],
        ["1", "xx", "4", None],
        ["2", "y", "2", "5"],
        ["3", "z", "6", None],
    ]


def test_an_update_takes_what_is_new_and_a_full_refresh_all(
    desk: Desk, shop: tuple[str, dict[str, Any]]
) -> None:
    number, _ = shop
    desk.sql(
        "INSERT INTO dev.raw.orders VALUES ('d', 50), ('a', 2)",
        "INSERT INTO dev.raw.changes VALUES (2, 'back', 'I', 8), (3, NULL, 'U', 7)",
    )
    tables = ["bronze", "silver", "gold", "copied", "present"]
    second = desk.update(number, refresh_selection=tables, parameters={"chosen": "a"})
    assert second["state"] == "COMPLETED"
    found = desk.quality(second)
    assert found["bronze"] == (2, 0, {"known": 0})
    assert found["silver"] == (2, 0, {"cheap": 1, "known": 0, "positive": 0})
    assert found["arriving"] == (1, None, {})
    assert found["old"] == (0, None, {})
    assert desk.sql("SELECT total FROM dev.shop.gold WHERE customer = 'a'") == [["7"]]
    assert desk.sql("SELECT * FROM dev.shop.present ORDER BY id")[1:] == [["2", "back"], ["3", "z"]]
    before = desk.client.tables.get("dev.shop.copied").table_id
    third = desk.update(number, full_refresh_selection=["copied"], parameters={"chosen": "b"})
    assert third["state"] == "COMPLETED"
    assert set(desk.quality(third)) == {"arriving", "old"}
    assert desk.sql("SELECT * FROM dev.shop.copied ORDER BY 1") == [["b"], ["old"]]
    assert desk.client.tables.get("dev.shop.copied").table_id == before
    states = [
        e["details"]["update_progress"]["state"] for e in desk.events(third, "update_progress")
    ]
    assert "RESETTING" in states


CIRCLE = """
CREATE MATERIALIZED VIEW m AS SELECT * FROM n;
CREATE MATERIALIZED VIEW n AS SELECT * FROM m
"""
MISSPELT = "CREATE MATERIALIZED VIEW m (CONSTRAINT c EXPECT (x > 1)) AS SELECT 1 AS y"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("CREATE MATERIALIZED VIEW m AS SELECT nothing FROM dev.raw.orders", "UNRESOLVED_COLUMN"),
        (CIRCLE, "read each other in a circle: dev.broken.m > dev.broken.n > dev.broken.m"),
        ("CREATE MATERIALIZED VIEW m AS SELECT * FROM STREAM dev.raw.orders", "by a batch query"),
        ("CREATE STREAMING TABLE m AS SELECT * FROM dev.raw.orders", "read its source with STREAM"),
        ("CREATE MATERIALIZED VIEW m AS SELECT * FROM LIVE.gone", "is not defined in the pipeline"),
        (MISSPELT, "UNRESOLVED_COLUMN"),
        ("CREATE MATERIALIZED VIEW m AS SELECT :day", "parameter :day; the pipeline gives: none"),
        ("import dlt\ndlt.create_sink('s', 'kafka', {})", "reaches no Kafka"),
        (
            "import dlt\n@dlt.table\ndef t():\n    return 1",
            "must return a Spark DataFrame, got int",
        ),
        ("import dlt\n\n1 / 0", "line 3: ZeroDivisionError"),
    ],
)
def test_a_source_that_cannot_be_fails_before_any_table_is_made(
    desk: Desk, source: str, problem: str
) -> None:
    ending = "py" if source.startswith("import") else "sql"
    path = desk.file(f"/Workspace/Shared/broken.{ending}", source)
    number = desk.create("broken", path, schema="broken", allow_duplicate_names=True)
    assert problem in desk.errors(desk.update(number, validate_only=True))
    desk.client.pipelines.delete(number)
    assert not list(desk.client.tables.list("dev", "broken"))


def test_a_validation_changes_nothing(desk: Desk) -> None:
    text = "CREATE MATERIALIZED VIEW only_checked AS SELECT * FROM dev.raw.orders"
    number = desk.create("checked", desk.file("/Workspace/Shared/checked.sql", text))
    update = desk.update(number, validate_only=True)
    assert (update["state"], update["validate_only"]) == ("COMPLETED", True)
    unknown = desk.update(number, refresh_selection=["nothing"])
    assert "The table 'nothing' of the selection is not in the pipeline" in desk.errors(unknown)
    with pytest.raises(NotFound):
        desk.client.tables.get("dev.shop.only_checked")
    desk.client.pipelines.delete(number)


def test_a_flow_that_fails_stops_what_reads_it_and_keeps_the_rows(desk: Desk) -> None:
    strict = """
        CREATE MATERIALIZED VIEW strict
        (CONSTRAINT low EXPECT (amount < {limit}) ON VIOLATION FAIL UPDATE)
        AS SELECT id AS amount FROM range(0, 9, 1, 1);
        CREATE STREAMING TABLE streamed
        (CONSTRAINT few EXPECT (amount < {limit}) ON VIOLATION FAIL UPDATE)
        AS SELECT * FROM STREAM dev.raw.orders WHERE amount IS NOT NULL;
        CREATE MATERIALIZED VIEW behind AS SELECT count(*) AS n FROM strict;
        CREATE MATERIALIZED VIEW beside AS SELECT 1 AS n;
        CREATE MATERIALIZED VIEW numbers AS
        SELECT CAST(if(id = {limit}, 'oh', '1') AS INT) AS n FROM range(0, 9, 1, 1);
    """
    path = desk.file("/Workspace/Shared/strict.sql", strict.format(limit=1000))
    number = desk.create("strict", path, schema="strict")
    assert desk.update(number)["state"] == "COMPLETED"
    before = desk.sql("SELECT n FROM dev.strict.behind")
    desk.file("/Workspace/Shared/strict.sql", strict.format(limit=7))
    desk.sql("INSERT INTO dev.raw.orders VALUES ('e', 8)")
    update = desk.update(number)
    message = desk.errors(update)
    # Rows that are not the first of their partition: Spark's errors are of writing.
    assert message.endswith(
        "have failed: [EXPECTATION_VIOLATION] Flow 'dev.strict.strict' failed to meet the "
        "expectation. Violated expectations: 'low'. Input data: '{\"amount\":7}'."
    )
    (cast,) = [
        event
        for event in desk.events(update, "flow_progress")
        if event["origin"]["flow_name"] == "dev.strict.numbers" and "error" in event
    ]
    why = '[CAST_INVALID_INPUT] The value \'oh\' of the type "STRING" cannot be cast to "INT"'
    assert cast["message"].startswith(f"Flow 'dev.strict.numbers' has FAILED. {why}")
    (exception,) = cast["error"]["exceptions"]
    assert exception["message"].startswith("[TASK_WRITE_FAILED]")
    assert f"\nCaused by: {why}" in exception["message"]
    problems = {
        event["origin"]["flow_name"]: [each["class_name"] for each in event["error"]["exceptions"]]
        for event in desk.events(update, "flow_progress")
        if "error" in event
    }
    assert problems == {
        "dev.strict.strict": ["ExpectationViolation", "SparkException"],
        "dev.strict.streamed": ["ExpectationViolation", "StreamingQueryException"],
        "dev.strict.numbers": ["SparkException"],
    }
    ends = {
        event["origin"]["flow_name"]: event["details"]["flow_progress"]["status"]
        for event in desk.events(update, "flow_progress")
    }
    assert ends == {
        "dev.strict.strict": "FAILED",
        "dev.strict.streamed": "FAILED",
        "dev.strict.numbers": "FAILED",
        "dev.strict.behind": "SKIPPED",
        "dev.strict.beside": "COMPLETED",
    }
    assert desk.sql("SELECT n FROM dev.strict.behind") == before
    desk.client.pipelines.delete(number)
    assert not list(desk.client.tables.list("dev", "strict"))


def test_files_are_loaded_as_they_arrive(desk: Desk) -> None:
    folder = "/Volumes/dev/raw/landing"
    desk.client.volumes.create("dev", "raw", "landing", VolumeType.MANAGED)
    number = desk.create("loaded", desk.file("/Workspace/Shared/loaded.py", LOADED))
    for name in ("a", "b"):
        content: Any = io.BytesIO(json.dumps({"name": name, "size": 1}).encode())
        desk.client.files.upload(f"{folder}/{name}.json", content)
        update = desk.update(number)
        assert update["state"] == "COMPLETED", desk.errors(update)
        assert desk.quality(update) == {"loaded": (1, None, {})}
    assert desk.sql("SELECT name, size FROM dev.shop.loaded ORDER BY 1") == [["a", "1"], ["b", "1"]]
    desk.client.pipelines.delete(number)


def test_a_pipeline_acts_as_whom_it_names(desk: Desk) -> None:
    made = desk.client.service_principals.create(display_name="pipeline")
    name = str(made.application_id)
    text = "CREATE MATERIALIZED VIEW mine AS SELECT *, current_user() AS who FROM dev.raw.orders"
    home = f"/Users/{desk.client.current_user.me().user_name}"
    path = desk.file(f"{home}/mine.sql", text)
    number = desk.create("mine", path, schema="mine", run_as={"service_principal_name": name})
    assert "does not have CAN_READ permissions" in desk.errors(desk.update(number))
    folder = desk.client.workspace.get_status(path)
    desk.client.api_client.do(
        "PATCH",
        f"/api/2.0/permissions/files/{folder.object_id}",
        body={
            "access_control_list": [
                {"service_principal_name": name, "permission_level": "CAN_READ"}
            ]
        },
    )
    assert "The schema dev.mine does not exist and cannot be made" in desk.errors(
        desk.update(number)
    )
    use = [Privilege.USE_CATALOG, Privilege.CREATE_SCHEMA]
    desk.client.grants.update(
        "catalog", "dev", changes=[PermissionsChange(add=use, principal=name)]
    )
    assert "does not have USE SCHEMA on Schema 'dev.raw'" in desk.errors(desk.update(number))
    read = [Privilege.USE_SCHEMA, Privilege.SELECT]
    change = PermissionsChange(add=read, principal=name)
    desk.client.grants.update("schema", "dev.raw", changes=[change])
    assert desk.update(number)["state"] == "COMPLETED"
    me = str(desk.client.current_user.me().user_name)
    change = PermissionsChange(add=[*read, Privilege.MODIFY], principal=me)
    desk.client.grants.update("schema", "dev.mine", changes=[change])
    problem = desk.problem("INSERT INTO dev.mine.mine VALUES ('x', 1, 'me')")
    assert f"'dev.mine.mine' is a materialized view: its query, in the pipeline {number}" in problem
    assert desk.sql("SELECT DISTINCT who FROM dev.mine.mine") == [[name]]
    assert desk.client.tables.get("dev.mine.mine").owner == name
    desk.client.pipelines.delete(number, cascade=False)
    assert desk.client.tables.get("dev.mine.mine").owner == name


def test_a_name_that_is_taken_is_left_alone(desk: Desk) -> None:
    text = "CREATE MATERIALIZED VIEW orders AS SELECT 1 AS n"
    path = desk.file("/Workspace/Shared/taken.sql", text)
    number = desk.create("taken", path, schema="raw")
    assert "because a MANAGED table already exists" in desk.errors(desk.update(number))
    desk.client.pipelines.delete(number)
    assert desk.client.tables.get("dev.raw.orders")


def test_a_continuous_pipeline_runs_until_it_is_stopped(desk: Desk) -> None:
    text = "CREATE MATERIALIZED VIEW ticking AS SELECT count(*) AS n FROM dev.raw.changes"
    path = desk.file("/Workspace/Shared/ticking.sql", text)
    settings = {"pipelines.trigger.interval": "1 second"}
    number = desk.create("ticking", path, continuous=True, configuration=settings)
    while not (updates := desk.client.pipelines.list_updates(number).updates or []):
        time.sleep(0.1)
    (update,) = updates
    desk.until(number, str(update.update_id), "RUNNING")
    desk.sql("INSERT INTO dev.raw.changes VALUES (9, 'n', 'I', 9)")
    wanted = desk.sql("SELECT count(*) FROM dev.raw.changes")
    while desk.sql("SELECT n FROM dev.shop.ticking") != wanted:
        time.sleep(0.2)
    shown: Any = desk.client.api_client.do("GET", f"/api/2.0/pipelines/{number}")
    assert shown["state"] == "RUNNING"
    desk.client.api_client.do("POST", f"/api/2.0/pipelines/{number}/stop")
    ended = desk.until(number, str(update.update_id), "COMPLETED", "FAILED", "CANCELED")
    assert (ended["state"], ended["mode"]) == ("CANCELED", "CONTINUOUS")
    desk.client.pipelines.delete(number)


def test_outside_of_a_pipeline_dlt_says_so(bench: Workbench) -> None:
    output = bench.output(bench.run(bench.task("import dlt")))
    assert (
        "ModuleNotFoundError: The Delta Live Tables (DLT) module is not supported"
        in output["error"]
    )


def test_an_update_that_the_cloud_did_not_outlive_says_so(
    fresh: Server, compute: list[str]
) -> None:
    fresh.up(*compute)
    client = fresh.client()
    body = {"name": "killed", "catalog": "dev", "libraries": [{"file": {"path": "/Shared/a.sql"}}]}
    client.workspace.upload(
        "/Shared/a.sql",
        b"CREATE MATERIALIZED VIEW a AS SELECT 1 AS n",  # type: ignore[arg-type]
        format=ImportFormat.RAW,
    )
    made: Any = client.api_client.do("POST", "/api/2.0/pipelines", body=body)
    number = made["pipeline_id"]
    started = client.pipelines.start_update(number)
    os.kill(json.loads((fresh.state / "server.json").read_text())["pid"], signal.SIGKILL)
    fresh.up()
    client = fresh.client()
    found: Any = client.api_client.do(
        "GET", f"/api/2.0/pipelines/{number}/updates/{started.update_id}"
    )
    assert found["update"]["state"] == "FAILED"
    (event,) = client.pipelines.list_pipeline_events(number, filter="level='ERROR'")
    assert "interrupted: the local cloud stopped" in str(event.message)
