"""Statement execution through the SDK, on real Spark."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]
import pytest
import requests
from databricks.sdk.errors import InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.sql import (
    Disposition,
    ExecuteStatementRequestOnWaitTimeout,
    Format,
    StatementParameterListItem,
    StatementResponse,
    StatementState,
)

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
SLOW = "SELECT count(*) FROM range(100000000000) a JOIN range(100000000000) b ON a.id > b.id"


def execute(bench: Workbench, statement: str, **more: Any) -> StatementResponse:
    (warehouse,) = bench.client.warehouses.list()
    return bench.client.statement_execution.execute_statement(
        statement, str(warehouse.id), **{"wait_timeout": "50s", **more}
    )


def rows(answer: StatementResponse) -> list[list[str]]:
    assert answer.status
    assert answer.status.state is StatementState.SUCCEEDED, answer.status
    assert answer.result
    return answer.result.data_array or []


def message(answer: StatementResponse) -> str:
    assert answer.status
    assert answer.status.state is StatementState.FAILED, answer.status
    assert answer.status.error
    return str(answer.status.error.message)


def until_ended(bench: Workbench, statement_id: str | None) -> StatementResponse:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = bench.client.statement_execution.get_statement(str(statement_id))
        assert answer.status
        if answer.status.state not in (StatementState.PENDING, StatementState.RUNNING):
            return answer
        time.sleep(0.1)
    raise AssertionError(f"statement {statement_id} did not end")


def test_values_come_as_text(bench: Workbench) -> None:
    answer = execute(
        bench,
        "SELECT 1 AS i, 9007199254740993L AS l, CAST('1.50' AS DECIMAL(5,2)) AS d, true AS b, "
        "NULL AS n, DATE'2026-01-02' AS day, TIMESTAMP'2026-01-02T03:04:05.678Z' AS t, "
        "array('a', NULL) AS a, named_struct('x', 1) AS s, 'é\"' AS text, current_user() AS me;",
    )
    assert rows(answer) == [
        [
            *("1", "9007199254740993", "1.50", "true", None, "2026-01-02"),
            *("2026-01-02T03:04:05.678Z", '["a",null]', '{"x":1}', 'é"'),
            "developer@bricklane.local",
        ]
    ]
    assert answer.manifest
    assert answer.manifest.schema
    columns = answer.manifest.schema.columns or []
    assert [column.type_text for column in columns[:4]] == [
        *("INT", "BIGINT", "DECIMAL(5,2)", "BOOLEAN")
    ]
    assert [str(column.type_name and column.type_name.value) for column in columns[:9]] == [
        *("INT", "LONG", "DECIMAL", "BOOLEAN", "NULL", "DATE", "TIMESTAMP", "ARRAY", "STRUCT")
    ]


def test_every_kind_of_type_has_a_text(bench: Workbench) -> None:
    answer = execute(
        bench,
        "SELECT INTERVAL '1-2' YEAR TO MONTH, INTERVAL '1 2:3:4.5' DAY TO SECOND, X'0102', "
        "parse_json('{\"a\":[1]}'), array(INTERVAL '1' DAY), map('k', DATE'2026-01-02'), "
        "TIMESTAMP_NTZ'2026-01-02 03:04:05', float('nan'), CAST(7 AS TINYINT), 1 AS x, 2 AS x",
    )
    assert rows(answer) == [
        [
            *("1-2", "1 02:03:04.5", "AQI=", '{"a":[1]}', "[\"INTERVAL '1' DAY\"]"),
            *('{"k":"2026-01-02"}', "2026-01-02T03:04:05.000", "NaN", "7", "1", "2"),
        ]
    ]


def test_lists_in_lists_of_nothing_have_a_size(bench: Workbench) -> None:
    frame = "named_struct('method', string(id), 'file', string(id), 'line', id)"
    found = f"named_struct('all', array(named_struct('name', string(id), 'stack', array({frame}))))"
    answer = execute(bench, f"SELECT if(id > 9, {found}, NULL) AS error, id FROM range(10)")  # noqa: S608
    assert rows(answer) == [[None, str(number)] for number in range(10)]


def test_results_are_behind_links(bench: Workbench) -> None:
    def linked(statement: str, kind: Format, **more: Any) -> StatementResponse:
        return execute(
            bench, statement, disposition=Disposition.EXTERNAL_LINKS, format=kind, **more
        )

    def content(answer: StatementResponse) -> requests.Response:
        assert answer.result
        assert answer.result.external_links
        (link,) = answer.result.external_links
        assert link.expiration
        return requests.get(str(link.external_link), timeout=60)  # without credentials

    some = "SELECT id, IF(id = 1, NULL, 'a,b') AS text FROM range(3) ORDER BY id"
    assert content(linked(some, Format.CSV)).text.splitlines() == [
        *("id,text", '0,"a,b"', "1,null", '2,"a,b"')
    ]
    assert content(linked(some, Format.JSON_ARRAY)).json() == [
        *(["0", "a,b"], ["1", None], ["2", "a,b"])
    ]
    stream = content(linked(some, Format.ARROW_STREAM)).content
    assert pa.ipc.open_stream(stream).read_all().to_pylist()[2] == {"id": 2, "text": "a,b"}
    large = linked("SELECT repeat('x', 1000) FROM range(30000)", Format.CSV)
    assert large.manifest
    assert (large.manifest.total_chunk_count or 0) > 1
    first = large.manifest.chunks or []
    assert sum(chunk.row_count or 0 for chunk in first) == 30_000
    second = bench.client.statement_execution.get_statement_result_chunk_n(
        str(large.statement_id), 1
    )
    assert second.external_links
    assert second.external_links[0].row_offset == first[1].row_offset
    answer = linked(some, Format.CSV)
    assert answer.result
    assert answer.result.external_links
    link = str(answer.result.external_links[0].external_link)
    assert requests.get(link[:-1] + "x", timeout=60).status_code == 403
    moved = {"milliseconds": 16 * 60_000}
    bench.server.request("POST", "/_bricklane/clock", json=moved).raise_for_status()
    expired = requests.get(link, timeout=60)
    moved = {"milliseconds": 60 * 60_000}
    bench.server.request("POST", "/_bricklane/clock", json=moved).raise_for_status()
    later = bench.client.statement_execution.get_statement(str(answer.statement_id))
    back = {"milliseconds": -76 * 60_000}
    bench.server.request("POST", "/_bricklane/clock", json=back).raise_for_status()
    assert (expired.status_code, "expired" in expired.text) == (403, True)
    assert later.status
    assert later.status.state is StatementState.CLOSED


def test_parameters_have_types(bench: Workbench) -> None:
    def item(name: str, value: str | None, kind: str | None = None) -> StatementParameterListItem:
        return StatementParameterListItem(name=name, value=value, type=kind)

    answer = execute(
        bench,
        "SELECT id, :text, :missing IS NULL, :day + INTERVAL 1 DAY FROM range(10) LIMIT :count",
        parameters=[
            item("text", "it's; --"),
            item("count", "2", "INT"),
            item("missing", None, "INT"),
            item("day", "2026-02-28", "DATE"),
        ],
    )
    found = rows(answer)
    assert [row[:3] for row in found] == [["0", "it's; --", "true"], ["1", "it's; --", "true"]]
    assert found[0][3].startswith("2026-03-01")
    wrong = execute(bench, "SELECT :n", parameters=[item("n", "x", "INT")])
    assert "Parameter n: 'x' is no INT" in message(wrong)


def test_catalog_and_schema_statements_and_limits(bench: Workbench) -> None:
    bench.client.catalogs.create("other")
    place = {"catalog": "other", "schema": "shown"}
    assert rows(execute(bench, "CREATE SCHEMA other.shown")) == []
    rows(execute(bench, "CREATE TABLE t AS SELECT id FROM range(5)", **place))
    answer = execute(bench, "SELECT * FROM t ORDER BY id", **place, row_limit=2)
    assert rows(answer) == [["0"], ["1"]]
    assert answer.manifest
    assert answer.manifest.truncated
    chunk = bench.client.statement_execution.get_statement_result_chunk_n(
        str(answer.statement_id), 0
    )
    assert chunk.data_array == [["0"], ["1"]]
    cut = execute(bench, "SELECT repeat('x', 100) FROM range(5)", byte_limit=250)
    assert len(rows(cut)) == 2
    large = execute(bench, "SELECT repeat('x', 1000000) FROM range(30)")
    assert "Inline byte limit exceeded" in message(large)


def test_failures_are_told(bench: Workbench) -> None:
    assert "TABLE_OR_VIEW_NOT_FOUND" in message(execute(bench, "SELECT * FROM dev.default.nothing"))
    assert "exactly one statement" in message(execute(bench, "SELECT 1; SELECT 2"))
    with pytest.raises(NotFound, match="Warehouse 7 does not exist"):
        bench.client.statement_execution.execute_statement("SELECT 1", "7")
    with pytest.raises(InvalidParameterValue, match='wait_timeout must be "0s", or "5s" to "50s"'):
        execute(bench, "SELECT 1", wait_timeout="1s")
    with pytest.raises(InvalidParameterValue, match="format CSV needs the disposition EXTERNAL"):
        execute(bench, "SELECT 1", format=Format.CSV)
    with pytest.raises(NotFound, match="was not found"):
        bench.client.statement_execution.get_statement("nothing")


def test_a_row_that_cannot_be_written_is_told_with_its_reason(bench: Workbench) -> None:
    rows(execute(bench, "CREATE TABLE dev.default.numbers (n INT)"))
    values = "if(id = 3, 'oh', '1') FROM range(0, 5, 1, 1)"
    said = message(execute(bench, f"INSERT INTO dev.default.numbers SELECT {values}"))
    assert said.startswith("[TASK_WRITE_FAILED] Task failed while writing rows to ")
    assert "\nCaused by: [CAST_INVALID_INPUT] The value 'oh' of the type \"STRING\"" in said
    assert "\tat " not in said
    rows(execute(bench, "DROP TABLE dev.default.numbers"))


def test_a_statement_can_be_polled_and_cancelled(bench: Workbench) -> None:
    begun = execute(bench, "SELECT 7", wait_timeout="0s")
    assert rows(until_ended(bench, begun.statement_id)) == [["7"]]
    slow = execute(bench, SLOW, wait_timeout="0s")
    time.sleep(2)
    bench.client.statement_execution.cancel_execution(str(slow.statement_id))
    ended = until_ended(bench, slow.statement_id)
    assert ended.status
    assert ended.status.state is StatementState.CANCELED
    cancelled = execute(
        bench,
        SLOW,
        wait_timeout="5s",
        on_wait_timeout=ExecuteStatementRequestOnWaitTimeout.CANCEL,
    )
    assert cancelled.status
    assert cancelled.status.state is StatementState.CANCELED


def test_statements_run_as_whoever_sends_them(bench: Workbench) -> None:
    made = bench.client.service_principals.create(display_name="asker")
    secret = bench.client.service_principal_secrets_proxy.create(str(made.id)).secret
    machine = bench.server.machine(str(made.application_id), str(secret))
    (warehouse,) = machine.warehouses.list()
    bench.client.schemas.create("hidden", "dev")
    rows(execute(bench, "CREATE TABLE dev.hidden.t AS SELECT 1 AS a"))
    denied = machine.statement_execution.execute_statement(
        "SELECT * FROM dev.hidden.t", str(warehouse.id), wait_timeout="50s"
    )
    assert "PERMISSION_DENIED" in message(denied)
    other = execute(bench, "SELECT 1")
    with pytest.raises(PermissionDenied, match="was sent by somebody else"):
        machine.statement_execution.get_statement(str(other.statement_id))
