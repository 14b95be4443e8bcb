"""Catalogs and schemas in Spark."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Engine

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def catalog(sql: Sql) -> Iterator[str]:
    name = f"c{uuid.uuid4().hex[:8]}"
    yield name
    sql("USE CATALOG dev")
    sql(f"DROP CATALOG IF EXISTS {name} CASCADE")


def test_a_catalog_is_made_used_commented_and_dropped(
    sql: Sql, catalog: str, engine: Engine
) -> None:
    sql(f"CREATE CATALOG {catalog} COMMENT 'mine'")
    sql(f"CREATE CATALOG IF NOT EXISTS {catalog}")
    sql(f"USE CATALOG {catalog}")
    assert sql("SELECT current_catalog(), current_schema()") == [(catalog, "default")]
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql(f"COMMENT ON CATALOG {catalog} IS 'ours'")
    answer = engine.cloud.request("GET", f"/api/2.1/unity-catalog/catalogs/{catalog}")
    assert answer.json()["comment"] == "ours"
    assert ("Comment", "ours") in sql(f"DESCRIBE CATALOG {catalog}")
    assert (catalog,) in sql("SHOW CATALOGS")
    sql("USE CATALOG dev")
    assert sql(f"SELECT * FROM {catalog}.default.t") == [(1,)]  # noqa: S608
    sql(f"DROP CATALOG {catalog} CASCADE")
    assert (catalog,) not in sql("SHOW CATALOGS")


@pytest.mark.parametrize(
    "statement",
    [
        "USE CATALOG {}",
        "use catalog `{}`;",
        "SET CATALOG '{}'",
        "-- which one\n/* this\none */ USE CATALOG {} -- that",
        "USE CATALOG IDENTIFIER('{}')",
        "USE CATALOG IDENTIFIER(:name)",
    ],
)
def test_every_way_to_name_a_catalog_is_understood(
    sql: Sql, catalog: str, statement: str, engine: Engine
) -> None:
    # Made by somebody else, after this session began.
    body = {"name": catalog}
    assert engine.cloud.request("POST", "/api/2.1/unity-catalog/catalogs", json=body).ok
    arguments = {"args": {"name": catalog}} if ":name" in statement else {}
    sql(statement.format(catalog), **arguments)
    assert sql("SELECT current_catalog()") == [(catalog,)]


@pytest.mark.parametrize(
    "statement",
    [
        "USE SCHEMA dev.default",
        "USE DATABASE `dev`.`default`",
        "USE dev.default",
        "USE SCHEMA IDENTIFIER('dev.' || :schema)",
    ],
)
def test_a_schema_can_be_used_together_with_its_catalog(
    sql: Sql, catalog: str, statement: str
) -> None:
    sql(f"CREATE CATALOG {catalog}")
    sql(f"USE CATALOG {catalog}")
    arguments = {"args": {"schema": "default"}} if ":schema" in statement else {}
    sql(statement, **arguments)
    assert sql("SELECT current_catalog(), current_schema()") == [("dev", "default")]


def test_the_catalog_api_knows_catalogs_from_a_sessions_first_word(
    engine: Engine, sql: Sql, catalog: str
) -> None:
    sql(f"CREATE CATALOG {catalog}")
    session = engine.session(spark__sql__defaultCatalog="spark_catalog")
    try:
        session.catalog.setCurrentCatalog(catalog)
        assert session.catalog.currentCatalog() == catalog
        assert catalog in [found.name for found in session.catalog.listCatalogs()]
    finally:
        session.stop()


def test_a_catalog_that_does_not_exist_is_named(sql: Sql) -> None:
    from pyspark.errors import PySparkException

    with pytest.raises(PySparkException, match="nowhere") as caught:
        sql("USE CATALOG nowhere")
    assert caught.value.getCondition() == "CATALOG_NOT_FOUND"


def test_schemas_are_made_listed_described_and_dropped(sql: Sql, schema: str) -> None:
    from pyspark.errors import AnalysisException

    name = schema.partition(".")[2]
    assert (name,) in sql("SHOW SCHEMAS IN dev")
    sql(f"COMMENT ON SCHEMA {schema} IS 'for a test'")
    assert ("Comment", "for a test") in sql(f"DESCRIBE SCHEMA {schema}")
    sql("CREATE TABLE t AS SELECT 1 AS a")
    with pytest.raises(AnalysisException) as caught:
        sql(f"DROP SCHEMA {schema}")
    assert caught.value.getCondition() == "SCHEMA_NOT_EMPTY"
    sql("USE SCHEMA dev.default")
    sql(f"DROP SCHEMA {schema} CASCADE")
    assert (name,) not in sql("SHOW SCHEMAS IN dev")
    sql(f"DROP SCHEMA IF EXISTS {schema}")


def test_the_token_is_not_shown(sql: Sql, engine: Engine) -> None:
    for statement in ("SET", "SET -v"):
        assert engine.cloud.profile["token"] not in str(sql(statement))
        assert engine.endpoint.token not in str(sql(statement))


def test_a_session_without_identity_is_told_what_is_missing(engine: Engine) -> None:
    from pyspark.errors import AnalysisException

    session = engine.session(
        spark__bricklane__token="",
        spark__sql__catalog__dev="bricklane.spark.UnityCatalog",
    )
    try:
        with pytest.raises(AnalysisException, match=r"spark\.bricklane\.token is not set"):
            session.sql("SHOW SCHEMAS IN dev").collect()
    finally:
        session.stop()
