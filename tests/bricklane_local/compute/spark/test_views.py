"""Views of Unity Catalog in Spark."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from conftest import Engine

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]


def test_a_view_reads_its_tables_as_they_are_now(sql: Sql) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE VIEW v AS SELECT a * 10 AS b FROM t")
    sql("INSERT INTO t VALUES (2)")
    assert sql("SELECT b FROM v ORDER BY b") == [(10,), (20,)]


def test_names_in_a_view_belong_to_where_it_was_made(sql: Sql, schema: str) -> None:
    sql("CREATE TABLE t AS SELECT 'here' AS a")
    sql("CREATE VIEW inner_view AS SELECT a FROM t")
    sql("CREATE VIEW outer_view AS WITH x AS (SELECT * FROM inner_view) SELECT * FROM x")
    sql("USE SCHEMA dev.default")
    assert sql(f"SELECT * FROM {schema}.outer_view") == [("here",)]  # noqa: S608


def test_a_view_names_and_comments_its_columns(sql: Sql, schema: str, engine: Engine) -> None:
    sql("CREATE VIEW v (n COMMENT 'a number') COMMENT 'numbers' AS SELECT id FROM range(2)")
    answer = engine.cloud.request("GET", f"/api/2.1/unity-catalog/tables/{schema}.v").json()
    assert answer["table_type"] == "VIEW"
    assert answer["view_definition"] == "SELECT id FROM range(2)"
    assert [(c["name"], c["comment"]) for c in answer["columns"]] == [("n", "a number")]
    assert answer["comment"] == "numbers"
    assert sql("SELECT n FROM v ORDER BY n") == [(0,), (1,)]
    assert sql("DESCRIBE TABLE v") == [("n", "bigint", "a number")]


def test_a_view_is_replaced_altered_and_dropped(sql: Sql) -> None:
    sql("CREATE VIEW v AS SELECT 1 AS a")
    sql("CREATE VIEW IF NOT EXISTS v AS SELECT 2 AS a")
    assert sql("SELECT * FROM v") == [(1,)]
    sql("CREATE OR REPLACE VIEW v AS SELECT 3 AS b")
    assert sql("SELECT b FROM v") == [(3,)]
    sql("ALTER VIEW v AS SELECT 4 AS c")
    assert sql("SELECT c FROM v") == [(4,)]
    assert [row[1] for row in sql("SHOW VIEWS")] == ["v"]
    sql("DROP VIEW v")
    sql("DROP VIEW IF EXISTS v")
    assert sql("SHOW VIEWS") == []


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ("CREATE VIEW v AS SELECT 1 AS a", "TABLE_OR_VIEW_ALREADY_EXISTS"),
        ("CREATE OR REPLACE VIEW t AS SELECT 1 AS a", "TABLE_OR_VIEW_ALREADY_EXISTS"),
        ("CREATE VIEW w (a, b) AS SELECT 1", "CREATE_VIEW_COLUMN_ARITY_MISMATCH"),
        ("CREATE VIEW w AS SELECT * FROM missing", "TABLE_OR_VIEW_NOT_FOUND"),
        ("CREATE VIEW w AS SELECT * FROM temporary", "INVALID_TEMP_OBJ_REFERENCE"),
        ("CREATE OR REPLACE VIEW v AS SELECT * FROM v", "RECURSIVE_VIEW"),
        ("DROP VIEW missing", "TABLE_OR_VIEW_NOT_FOUND"),
        ("DROP VIEW t", "WRONG_COMMAND_FOR_OBJECT_TYPE"),
        ("DROP TABLE v", "WRONG_COMMAND_FOR_OBJECT_TYPE"),
    ],
)
def test_what_cannot_be_a_view_is_refused(sql: Sql, statement: str, condition: str) -> None:
    from pyspark.errors import AnalysisException

    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("CREATE VIEW v AS SELECT 1 AS a")
    sql("CREATE OR REPLACE TEMPORARY VIEW temporary AS SELECT 1 AS a")
    with pytest.raises(AnalysisException) as caught:
        sql(statement)
    assert (caught.value.getCondition() or "").split(".")[0] == condition


def test_a_temporary_view_hides_a_stored_one_and_stays_sparks(
    sql: Sql, spark: SparkSession
) -> None:
    sql("CREATE VIEW v AS SELECT 'stored' AS a")
    sql("CREATE TEMPORARY VIEW v AS SELECT 'temporary' AS a")
    assert sql("SELECT * FROM v") == [("temporary",)]
    sql("DROP VIEW v")
    assert sql("SELECT * FROM v") == [("stored",)]


def test_a_view_made_by_another_client_reads_in_its_own_schema(
    sql: Sql, schema: str, engine: Engine
) -> None:
    sql("CREATE TABLE t AS SELECT 7 AS a")
    catalog, _, name = schema.partition(".")
    body = {
        "name": "v",
        "catalog_name": catalog,
        "schema_name": name,
        "table_type": "VIEW",
        "view_definition": "SELECT a FROM t",
        "columns": [{"name": "a", "type_text": "int", "type_name": "INT", "position": 0}],
    }
    assert engine.cloud.request("POST", "/api/2.1/unity-catalog/tables", json=body).ok
    sql("USE SCHEMA dev.default")
    assert sql(f"SELECT a FROM {schema}.v") == [(7,)]  # noqa: S608


def test_no_secret_is_stored_with_a_view(sql: Sql, schema: str, engine: Engine) -> None:
    sql("CREATE VIEW v AS SELECT 1 AS a")
    answer = engine.cloud.request("GET", f"/api/2.1/unity-catalog/tables/{schema}.v")
    assert engine.cloud.profile["token"] not in answer.text
    assert "spark.bricklane" not in answer.text
