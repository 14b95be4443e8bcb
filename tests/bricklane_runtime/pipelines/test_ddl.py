"""The SQL statements of pipelines, read without Spark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bricklane_runtime.pipelines.dataflow import Dataflow
from bricklane_runtime.pipelines.ddl import Statements
from bricklane_runtime.pipelines.model import Dataset, Kind, Name, PipelineError, Violation


def remembered(text: str) -> Callable[[], Any]:
    def query() -> Any:
        return text

    return query


def dataflow_of(*statements: str) -> Dataflow:
    dataflow = Dataflow("main", "shop")
    settings: dict[str, str] = {}
    reader = Statements(dataflow, remembered, remembered, settings.__setitem__)
    for statement in statements:
        reader.run(statement)
    return dataflow


def only(dataflow: Dataflow) -> tuple[Dataset, str]:
    (dataset,) = dataflow.datasets.values()
    (flow,) = dataflow.flows.values()
    return dataset, flow.query()


@pytest.mark.parametrize(
    ("head", "kind", "private"),
    [
        ("CREATE OR REFRESH MATERIALIZED VIEW", Kind.MATERIALIZED_VIEW, False),
        ("create materialized view", Kind.MATERIALIZED_VIEW, False),
        ("CREATE OR REFRESH LIVE TABLE", Kind.MATERIALIZED_VIEW, False),
        ("CREATE OR REFRESH STREAMING TABLE", Kind.STREAMING_TABLE, False),
        ("CREATE OR REFRESH STREAMING LIVE TABLE", Kind.STREAMING_TABLE, False),
        ("CREATE OR REFRESH PRIVATE STREAMING TABLE", Kind.STREAMING_TABLE, True),
        ("CREATE TEMPORARY VIEW", Kind.VIEW, False),
        ("CREATE TEMPORARY LIVE VIEW", Kind.VIEW, False),
    ],
)
def test_each_statement_defines_its_kind(head: str, kind: Kind, private: bool) -> None:
    dataset, query = only(dataflow_of(f"{head} orders AS\n SELECT 1 AS `a b` -- end"))
    assert (dataset.kind, dataset.private) == (kind, private)
    assert dataset.name == Name(("orders",) if kind is Kind.VIEW else ("main", "shop", "orders"))
    assert query == "SELECT 1 AS `a b`"


def test_clauses_before_the_query_describe_the_table() -> None:
    dataset, query = only(
        dataflow_of(
            """
            CREATE OR REFRESH STREAMING TABLE other.`or``ders` (
              id BIGINT COMMENT 'it''s, the key',
              price DECIMAL(10, 2),
              CONSTRAINT known EXPECT (id IS NOT NULL AND (id > 0)),
              CONSTRAINT cheap EXPECT (price < 10) ON VIOLATION DROP ROW,
              CONSTRAINT dear EXPECT (price > 0) ON VIOLATION FAIL UPDATE,
              CONSTRAINT key PRIMARY KEY (id)
            )
            USING DELTA
            PARTITIONED BY (id)
            COMMENT "all \\"orders\\""
            TBLPROPERTIES ('quality' = 'bronze', pipelines.reset.allowed = false)
            AS SELECT * FROM STREAM(raw)
            """
        )
    )
    assert dataset.name.parts == ("main", "other", "or`ders")
    assert dataset.schema == "id BIGINT COMMENT 'it''s, the key', price DECIMAL(10, 2)"
    assert dataset.partition_columns == ("id",)
    assert dataset.comment == 'all "orders"'
    assert dataset.properties == {"quality": "bronze", "pipelines.reset.allowed": "false"}
    found = {each.name: (each.condition, each.violation) for each in dataset.expectations.values()}
    assert found == {
        "known": ("id IS NOT NULL AND (id > 0)", Violation.ALLOW),
        "cheap": ("price < 10", Violation.DROP),
        "dear": ("price > 0", Violation.FAIL),
    }
    assert query == "SELECT * FROM STREAM(raw)"


def test_flows_add_to_streaming_tables() -> None:
    dataflow = dataflow_of(
        "CREATE STREAMING TABLE target",
        "CREATE FLOW first AS INSERT INTO target BY NAME SELECT * FROM STREAM a",
        "CREATE FLOW old AS INSERT INTO ONCE main.shop.target BY NAME SELECT * FROM b",
    )
    dataflow.check()
    first, old = dataflow.flows.values()
    assert (first.name, first.once, first.query()) == ("first", False, "SELECT * FROM STREAM a")
    assert (old.name, old.once, old.query()) == ("old", True, "SELECT * FROM b")
    assert first.target == old.target == Name(("main", "shop", "target"))


@pytest.mark.parametrize(
    "head", ["AUTO CDC INTO", "APPLY CHANGES INTO LIVE.", "CREATE FLOW f AS AUTO CDC INTO"]
)
def test_change_data_is_applied_as_its_clauses_say(head: str) -> None:
    separator = "" if head.endswith(".") else " "
    dataflow = dataflow_of(
        "CREATE STREAMING TABLE target",
        f"""{head}{separator}target FROM STREAM(changes) KEYS (id, `part`)
        IGNORE NULL UPDATES APPLY AS DELETE WHEN operation = 'D' AND (x IN (1, 2))
        SEQUENCE BY struct(day, number) COLUMNS * EXCEPT (operation, number)
        STORED AS SCD TYPE 2 TRACK HISTORY ON * EXCEPT (seen)""",
    )
    (flow,) = dataflow.flows.values()
    changes = flow.changes
    assert changes is not None
    assert flow.query() == "STREAM(changes)"
    assert changes.keys == ("id", "part")
    assert changes.ignore_null_updates
    assert changes.deletes == "operation = 'D' AND (x IN (1, 2))"
    assert changes.truncates is None
    assert changes.sequence == "struct(day, number)"
    assert changes.except_columns == ("operation", "number")
    assert changes.history
    assert changes.untracked == ("seen",)


def test_names_lead_where_the_source_says() -> None:
    dataflow = dataflow_of(
        "USE CATALOG other",
        "USE SCHEMA place",
        "CREATE MATERIALIZED VIEW here AS SELECT 1",
        "USE main.shop",
        "CREATE MATERIALIZED VIEW there AS SELECT 1",
    )
    assert [str(name) for name in dataflow.datasets] == ["other.place.here", "main.shop.there"]
    assert dataflow.namespaces["other.place.here"] == ("other", "place")


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("SELECT 1", "got: SELECT 1"),
        ("CREATE TABLE t AS SELECT 1", "near 'TABLE t AS SELECT 1'"),
        ("CREATE MATERIALIZED VIEW t", "AS and the query of t are missing"),
        ("CREATE MATERIALIZED VIEW t SCHEDULE EVERY 1 HOUR AS SELECT 1", "'SCHEDULE EVERY"),
        ("CREATE MATERIALIZED VIEW t (a) AS SELECT 1", "the column 'a' needs a type"),
        ("CREATE VIEW a.b AS SELECT 1", "belongs to no catalog or schema"),
        (
            "CREATE STREAMING TABLE t (CONSTRAINT c EXPECT (x) ON VIOLATION IGNORE)",
            "ON VIOLATION takes DROP ROW or FAIL UPDATE",
        ),
        ("AUTO CDC INTO t FROM STREAM s KEYS (k)", "SEQUENCE BY is missing"),
        ("AUTO CDC INTO t FROM s KEYS (k) SEQUENCE BY n STORED AS SCD TYPE 3", "must be 1 or 2"),
        ("AUTO CDC INTO t FROM s KEYS (k) SEQUENCE BY n WHERE x", "not supported here"),
    ],
)
def test_what_cannot_be_is_named(statement: str, problem: str) -> None:
    with pytest.raises(PipelineError) as caught:
        dataflow_of(statement)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        ((), "NO_TABLES_IN_PIPELINE"),
        (("CREATE STREAMING TABLE t",), "'main.shop.t' has no flow that fills it"),
        (
            (
                "CREATE MATERIALIZED VIEW t AS SELECT 1",
                "CREATE FLOW f AS INSERT INTO t BY NAME SELECT 1",
            ),
            "only streaming tables and sinks take flows",
        ),
        (
            (
                "CREATE MATERIALIZED VIEW t AS SELECT 1",
                "CREATE FLOW f AS INSERT INTO other BY NAME SELECT 1",
            ),
            "writes to 'main.shop.other', which the pipeline does not define",
        ),
        (
            ("CREATE MATERIALIZED VIEW t AS SELECT 1", "CREATE STREAMING TABLE T"),
            "multiple datasets named 'main.shop.t'",
        ),
    ],
)
def test_a_graph_that_cannot_be_is_refused(statements: tuple[str, ...], problem: str) -> None:
    with pytest.raises(PipelineError) as caught:
        dataflow_of(*statements).check()
    assert problem in str(caught.value)
