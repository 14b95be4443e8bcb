"""The SQL connector as users install it, on real Spark: over Thrift, and by statements."""

from __future__ import annotations

import datetime as dt
import decimal
import gc
import json
import logging
import threading
import time
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from databricks import sql
from databricks.sql.client import Connection
from databricks.sql.exc import DatabaseError, RequestError, ServerOperationError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Workbench

pytestmark = pytest.mark.real
SLOW = "SELECT count(*) FROM range(100000000000) a JOIN range(100000000000) b ON a.id > b.id"


def warehouse(client: WorkspaceClient) -> str:
    starter = "Serverless Starter Warehouse"
    return next(str(w.id) for w in client.warehouses.list() if w.name == starter)


def connect(bench: Workbench, **more: Any) -> Connection:
    host = bench.server.host
    path = f"/sql/1.0/warehouses/{warehouse(bench.client)}"
    settings = {
        "server_hostname": host,
        "http_path": path,
        "_connection_uri": host + path,
        "access_token": bench.server.profile["token"],
        "enable_telemetry": False,  # it would keep sockets open to the end of the process
        **more,
    }
    return sql.connect(**settings)


@pytest.fixture(scope="module", autouse=True)
def unlogged() -> Iterator[None]:
    """Keep errors out of the captured log: they hold sockets of connections that were refused."""
    logger = logging.getLogger("databricks.sql")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(level)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def connection(bench: Workbench) -> Iterator[Connection]:
    with connect(
        bench,
        catalog="dev",
        session_configuration={"TIMEZONE": "UTC"},
    ) as found:
        yield found


def rows(connection: Connection, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        return [tuple(row) for row in cursor.execute(statement, parameters).fetchall()]


def test_values_and_types(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 AS i, 'x' AS s, CAST('1.50' AS DECIMAL(5,2)) AS d, array(1, 2) AS a, "
            "NULL AS n, TIMESTAMP'2026-01-02 03:04:05' AS t, DATE'2026-01-02' AS day, X'01' AS b, "
            "true AS yes, named_struct('x', 1) AS st, INTERVAL '1' DAY AS iv"
        )
        assert [column[1] for column in cursor.description] == [
            *("int", "string", "decimal", "array", "null", "timestamp", "date", "binary"),
            *("boolean", "struct", "interval_day_time"),
        ]
        (row,) = cursor.fetchall()
    assert list(row.a) == [1, 2]
    utc = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert (row.i, row.s, row.d, row.n) == (1, "x", decimal.Decimal("1.50"), None)
    assert (row.t, row.day, row.b, row.yes) == (utc, dt.date(2026, 1, 2), b"\x01", True)
    assert (row.st, row.iv) == ({"x": 1}, "1")


def test_a_session_remembers(connection: Connection, bench: Workbench) -> None:
    rows(connection, "CREATE SCHEMA dev.connected")
    rows(connection, "USE dev.connected")
    rows(connection, "SET of.mine = 3")
    rows(connection, "CREATE TABLE t AS SELECT id, concat('v', id) AS v FROM range(20000)")
    assert rows(connection, "SELECT current_schema()") == [("connected",)]
    assert rows(connection, "SET of.mine") == [("of.mine", "3")]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE t SET v = 'z' WHERE id < 10")
        assert cursor.rowcount == 10
        cursor.execute("SELECT id FROM t ORDER BY id")
        assert [row.id for row in cursor.fetchmany(2)] == [0, 1]
        assert cursor.fetchall_arrow().num_rows == 19_998
        names = [row.TABLE_NAME for row in cursor.tables("dev", "connected").fetchall()]
        columns = cursor.columns("dev", "connected", "t").fetchall()
        schemas = [row.TABLE_SCHEM for row in cursor.schemas("dev").fetchall()]
        catalogs = [row.TABLE_CAT for row in cursor.catalogs().fetchall()]
    assert names == ["t"]
    assert [(row.COLUMN_NAME, row.TYPE_NAME) for row in columns] == [
        ("id", "BIGINT"),
        ("v", "STRING"),
    ]
    assert "connected" in schemas
    assert "dev" in catalogs
    ((described,),) = rows(connection, "DESCRIBE TABLE EXTENDED t AS JSON")
    shown = json.loads(described)
    assert (shown["catalog_name"], shown["schema_name"], shown["table_name"]) == (
        *("dev", "connected", "t"),
    )
    assert [column["type"]["name"] for column in shown["columns"]] == ["bigint", "string"]
    with connect(bench) as other:
        assert rows(other, "SELECT current_catalog(), current_schema()") == [("dev", "default")]


def test_parameters(connection: Connection) -> None:
    named = {"a": 1, "b": "it's", "c": decimal.Decimal("1.5"), "d": None}
    assert rows(connection, "SELECT :a + 1, :b, :c, :d", named) == [
        (2, "it's", decimal.Decimal("1.5"), None)
    ]
    assert rows(connection, "SELECT ?, ?, ?, ?", [7, "x", 1, 2]) == [(7, "x", 1, 2)]
    with pytest.raises(ServerOperationError, match="5 parameters without names, and Spark"):
        rows(connection, "SELECT ?, ?, ?, ?, ?", [1, 2, 3, 4, 5])
    assert rows(connection, "SELECT array_max(:a), :m['k']", {"a": [1, 3], "m": {"k": 2}}) == [
        (3, 2)
    ]


def test_errors_and_cancelling(connection: Connection, bench: Workbench) -> None:
    with pytest.raises(ServerOperationError, match="TABLE_OR_VIEW_NOT_FOUND"):
        rows(connection, "SELECT * FROM nothing")
    with connection.cursor() as cursor:
        cursor.execute_async(SLOW)
        assert cursor.is_query_pending()
        cursor.cancel()
        deadline = time.monotonic() + 60
        while cursor.is_query_pending() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not cursor.is_query_pending()
    with connection.cursor() as cursor:
        timer = threading.Timer(4, cursor.cancel)
        timer.start()
        with pytest.raises(DatabaseError, match="CANCELED"):
            cursor.execute(SLOW)
        timer.join()
    assert rows(connection, "SELECT 5") == [(5,)]
    with pytest.raises(RequestError, match="Invalid access token"):
        connect(bench, access_token="dapi0")
    unknown = bench.server.host + "/sql/1.0/warehouses/7"
    with pytest.raises(DatabaseError, match="Warehouse 7 does not exist"):
        connect(bench, _connection_uri=unknown)
    with pytest.raises(DatabaseError, match="CATALOG_NOT_FOUND"):
        connect(bench, catalog="nowhere", schema="x")
    with connect(bench, catalog="dev", schema="comes") as early:
        rows(early, "CREATE SCHEMA dev.comes")
        assert rows(early, "SELECT current_schema()") == [("comes",)]
    with pytest.raises(DatabaseError, match="setting COLOUR is not supported"):
        connect(bench, session_configuration={"COLOUR": "red"})


def test_a_statement_ends_after_the_timeout_of_its_session(bench: Workbench) -> None:
    with connect(bench, session_configuration={"STATEMENT_TIMEOUT": "3"}) as limited:
        with pytest.raises(DatabaseError, match="ran longer than 3 seconds"):
            rows(limited, SLOW)
        rows(limited, "SET statement_timeout = 2")
        with pytest.raises(DatabaseError, match="ran longer than 2 seconds"):
            rows(limited, SLOW)
        with pytest.raises(DatabaseError, match="from 0 to 172800, got '-1'"):
            rows(limited, "SET STATEMENT_TIMEOUT = -1")
        rows(limited, "RESET STATEMENT_TIMEOUT")
        assert rows(limited, "SELECT 5") == [(5,)]


def test_who_connects_is_who_asks(bench: Workbench, connection: Connection) -> None:
    made = bench.client.service_principals.create(display_name="connecting")
    secret = bench.client.service_principal_secrets_proxy.create(str(made.id)).secret
    machine = bench.server.machine(str(made.application_id), str(secret))
    rows(connection, "CREATE SCHEMA dev.closed")
    rows(connection, "CREATE TABLE dev.closed.t AS SELECT 1 AS a")
    with connect(bench, access_token=machine.config.oauth_token().access_token) as other:
        assert rows(other, "SELECT current_user()") == [(made.application_id,)]
        with pytest.raises(ServerOperationError, match="PERMISSION_DENIED"):
            rows(other, "SELECT * FROM dev.closed.t")
        with other.cursor() as cursor:
            assert "closed" not in [r.TABLE_SCHEM for r in cursor.schemas("dev").fetchall()]


def test_a_warehouse_that_stops_closes_its_sessions(bench: Workbench) -> None:
    made = str(bench.client.warehouses.create(name="stops", cluster_size="Small").id)
    uri = f"{bench.server.host}/sql/1.0/warehouses/{made}"
    try:
        connection = connect(bench, _connection_uri=uri)
        assert rows(connection, "SELECT 1") == [(1,)]
        assert bench.client.warehouses.get(made).num_active_sessions == 1
        bench.client.warehouses.stop(made)
        with pytest.raises(DatabaseError, match="Invalid SessionHandle"):
            rows(connection, "SELECT 1")
        connection.close()
        assert bench.client.warehouses.get(made).num_active_sessions == 0
    finally:
        bench.client.warehouses.delete(made)


def test_by_statements(bench: Workbench) -> None:
    address, _, port = bench.server.host.rpartition(":")
    with connect(
        bench,
        server_hostname=address,
        _port=int(port),
        use_sea=True,
        catalog="dev",
        schema="default",
    ) as connection:
        rows(connection, "SET of.mine = 4")
        assert rows(connection, "SET of.mine") == [("of.mine", "4")]
        assert rows(connection, "SELECT id FROM range(3) ORDER BY id") == [(0,), (1,), (2,)]
        assert rows(connection, "SELECT :a", {"a": 7}) == [(7,)]
