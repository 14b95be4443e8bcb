"""The Thrift endpoint without Spark: its messages, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bricklane_local.app.errors import ApiError
from bricklane_local.sql.saved import query_parameters, with_markers
from bricklane_local.sql.thrift.codes import TypeId
from bricklane_local.sql.thrift.columns import values
from bricklane_local.sql.thrift.protocol import decode, struct
from bricklane_local.sql.thrift.service import parameters

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server


def test_columns_are_read_from_texts() -> None:
    numbers = values(TypeId.BIGINT, ["1", None, "3"]).i64Val
    assert (numbers.values, numbers.nulls) == ([1, 0, 3], b"\x02")
    flags = values(TypeId.BOOLEAN, ["true", "false"]).boolVal
    assert (flags.values, flags.nulls) == ([True, False], b"\x00")
    moments = values(TypeId.TIMESTAMP, ["2026-01-02T03:04:05.678Z"]).stringVal
    assert moments.values == ["2026-01-02 03:04:05.678"]
    assert values(TypeId.BINARY, ["AQI="]).binaryVal.values == [b"\x01\x02"]


def test_parameters_are_in_the_order_of_their_markers() -> None:
    sent = [
        struct("TSparkParameter", ordinal=2, type="STRING"),
        struct("TSparkParameter", ordinal=1, type="INT"),
    ]
    assert [item["type"] for item in parameters(sent)] == ["INT", "STRING"]


@pytest.mark.parametrize("content", [b"", b"GET / HTTP/1.1", b"\x80\x01\x00\x01\x00\x00\x00\x04"])
def test_what_is_no_message_is_refused(content: bytes) -> None:
    with pytest.raises(ApiError, match="no message of Thrift"):
        decode(content)


def test_refusals_tell_why_in_a_header(server: Server, client: WorkspaceClient) -> None:
    (warehouse,) = client.warehouses.list()
    path = f"/sql/1.0/warehouses/{warehouse.id}"
    answer = server.request("POST", path, data=b"nothing")
    assert answer.status_code == 400
    assert "no message of Thrift" in answer.headers["x-thriftserver-error-message"]
    denied = server.request("POST", path, headers={"Authorization": "Bearer no"})
    assert denied.status_code == 401
    assert "Invalid access token" in denied.headers["x-databricks-reason-phrase"]


def test_parameters_of_the_older_editor_are_markers() -> None:
    text = "SELECT '{{ a }}', {{b}}, \"{{c}}\" FROM t WHERE x = '{'"
    assert with_markers(text) == "SELECT :a, :b, :c FROM t WHERE x = '{'"
    query = {
        "id": "q",
        "parameters": [
            {"name": "a", "text_value": {"value": "x"}},
            {"name": "b", "numeric_value": {"value": 2.5}},
            {"name": "c", "enum_value": {"values": ["one"]}},
        ],
    }
    found = {item["name"]: item for item in query_parameters(query, {"a": "y", "d": "z"})}
    assert (found["a"]["value"], found["a"]["type"]) == ("y", "STRING")
    assert (found["b"]["value"], found["b"]["type"]) == ("2.5", "DOUBLE")
    assert (found["c"]["value"], found["d"]["value"]) == ("one", "z")
    several = {"id": "q", "parameters": [{"name": "c", "enum_value": {"values": ["1", "2"]}}]}
    with pytest.raises(ApiError, match="Parameter c must have one value, it has 2"):
        query_parameters(several, {})
    ranged = {"id": "q", "parameters": [{"name": "r", "date_range_value": {}}]}
    with pytest.raises(ApiError, match="Parameter r of query q is of a kind"):
        query_parameters(ranged, {})


def test_statements_survive_the_server(fresh: Server) -> None:
    import json
    import os
    import signal

    client = fresh.up().client()
    (warehouse,) = client.warehouses.list()
    sent = client.statement_execution.execute_statement("SELECT 1", str(warehouse.id))
    record = json.loads((fresh.state / "server.json").read_bytes())
    os.kill(record["pid"], signal.SIGKILL)
    again = fresh.up().client()
    found = again.statement_execution.get_statement(str(sent.statement_id))
    assert found.status
    assert found.status.error
    assert "without Spark" in str(found.status.error.message)
    (listed,) = again.query_history.list().res or []
    assert (listed.query_id, listed.query_text) == (sent.statement_id, "SELECT 1")
