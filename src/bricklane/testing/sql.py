"""SQL in tests: by a warehouse of the workspace, or the Spark of this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.sql import StatementResponse

WAREHOUSE = "DATABRICKS_WAREHOUSE_ID"
WAREHOUSE_VARIABLE = "warehouse_id"
WAIT_SECONDS = 1800.0
RUNNING = frozenset({"PENDING", "RUNNING"})


class Sql(Protocol):
    """Runs statements."""

    def run(
        self, statement: str, parameters: Mapping[str, Any], catalog: str | None, schema: str | None
    ) -> list[Any]:
        """Run a statement and return its rows, each by position and by name.

        Args:
            statement: one statement, with markers such as ``:name``.
            parameters: values of the markers.
            catalog: current catalog of the statement.
            schema: current schema of the statement.

        Raises:
            BricklaneError: when it fails, with what the workspace said.
        """


@dataclass(frozen=True, slots=True)
class SparkSql:
    """Statements by a Spark session.

    Args:
        spark: the session.
    """

    spark: Any

    def run(
        self, statement: str, parameters: Mapping[str, Any], catalog: str | None, schema: str | None
    ) -> list[Any]:
        """Run a statement in the session; see :class:`Sql`."""
        from bricklane.testing.spark.naming import quoted

        if catalog or schema:
            here = ".".join(quoted(name) for name in (catalog, schema) if name)
            self.spark.sql(f"USE {'CATALOG ' if catalog and not schema else ''}{here}")
        chosen = {"args": dict(parameters)} if parameters else {}
        return cast("list[Any]", self.spark.sql(statement, **chosen).collect())


@dataclass(frozen=True, slots=True)
class WarehouseSql:
    """Statements by a SQL warehouse.

    Source: https://docs.databricks.com/api/workspace/statementexecution

    Args:
        client: the workspace.
        warehouse: id of the warehouse.
    """

    client: WorkspaceClient
    warehouse: str

    def run(
        self, statement: str, parameters: Mapping[str, Any], catalog: str | None, schema: str | None
    ) -> list[Any]:
        """Run a statement on the warehouse; see :class:`Sql`."""
        from databricks.sdk.errors.base import DatabricksError

        try:
            answer = self.client.statement_execution.execute_statement(
                statement=statement,
                warehouse_id=self.warehouse,
                catalog=catalog,
                schema=schema,
                parameters=[_parameter(name, value) for name, value in parameters.items()] or None,
                wait_timeout="30s",
            )
            return self._rows(statement, self._finished(answer))
        except DatabricksError as error:
            raise _failed(statement, str(error)) from None

    def _finished(self, answer: StatementResponse) -> StatementResponse:
        until = time.monotonic() + WAIT_SECONDS
        identity = answer.statement_id or ""
        try:
            while _state(answer) in RUNNING and time.monotonic() < until:
                time.sleep(0.5)
                answer = self.client.statement_execution.get_statement(identity)
        finally:
            if _state(answer) in RUNNING:
                self.client.statement_execution.cancel_execution(identity)
        return answer

    def _rows(self, statement: str, answer: StatementResponse) -> list[Any]:
        if _state(answer) != "SUCCEEDED":
            error = answer.status.error if answer.status else None
            raise _failed(statement, (error.message if error else "") or _state(answer))
        schema = answer.manifest.schema if answer.manifest else None
        columns = (schema.columns if schema else None) or []
        names = [column.name or f"c{number}" for number, column in enumerate(columns)]
        readers = [
            _reader(column.type_name.value if column.type_name else "") for column in columns
        ]
        make = _row_class(names)
        return [
            make(*(read(text) for read, text in zip(readers, row, strict=True)))
            for row in self._chunks(answer)
        ]

    def _chunks(self, answer: StatementResponse) -> list[list[str | None]]:
        rows: list[list[str | None]] = []
        chunk = answer.result
        while chunk is not None:
            rows += cast("list[list[str | None]]", chunk.data_array or [])
            if chunk.next_chunk_index is None:
                break
            chunk = self.client.statement_execution.get_statement_result_chunk_n(
                answer.statement_id or "", chunk.next_chunk_index
            )
        return rows


def _state(answer: StatementResponse) -> str:
    state = answer.status.state if answer.status else None
    return state.value if state else ""


def _failed(statement: str, said: str) -> BricklaneError:
    shown = " ".join(statement.split())
    shown = shown if len(shown) <= 200 else f"{shown[:200]}…"
    return BricklaneError(f"`{shown}` failed: {said.strip()}")


def _row_class(names: Sequence[str]) -> Callable[..., Any]:
    """Return what makes a row that is read by position, and by name where a name can be one."""
    fields = [(name, Any) for name in names]
    try:
        return cast("Callable[..., Any]", NamedTuple("Row", fields))
    except ValueError:  # Such as `count(1)`, or the same name twice.
        return lambda *values: values


def _parameter(name: str, value: Any) -> Any:
    from databricks.sdk.service.sql import StatementParameterListItem

    kinds: tuple[tuple[type, str], ...] = (
        (bool, "BOOLEAN"),
        (int, "BIGINT"),
        (float, "DOUBLE"),
        (datetime, "TIMESTAMP"),
        (date, "DATE"),
    )
    kind = next((kind for python, kind in kinds if isinstance(value, python)), None)
    if isinstance(value, Decimal):
        kind = _decimal_type(value)
    text = None if value is None else str(value).lower() if kind == "BOOLEAN" else str(value)
    return StatementParameterListItem(name=name, value=text, type=kind)


def _decimal_type(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    scale = max(0, -exponent) if isinstance(exponent, int) else 0
    return f"DECIMAL(38,{scale})"


def _boolean(text: str) -> bool:
    return text == "true"


READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("BYTE", "SHORT", "INT", "LONG"), int),
    **dict.fromkeys(("FLOAT", "DOUBLE"), float),
    **dict.fromkeys(("ARRAY", "MAP", "STRUCT"), json.loads),
    "BOOLEAN": _boolean,
    "DECIMAL": Decimal,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
}


def _reader(kind: str) -> Callable[[str | None], Any]:
    read = READERS.get(kind, str)
    return lambda text: None if text is None else read(text)


def choose_warehouse(
    client: WorkspaceClient, variables: Mapping[str, str], environment: Mapping[str, str]
) -> str:
    """Return the id of the warehouse for statements of tests.

    It is that of the bundle's variable ``warehouse_id``, else of ``DATABRICKS_WAREHOUSE_ID``, else
    the first that the workspace lists, one that runs before one that has to start.

    Raises:
        BricklaneError: when there is none.
    """
    if chosen := variables.get(WAREHOUSE_VARIABLE) or environment.get(WAREHOUSE):
        return chosen
    order = {"RUNNING": 0, "STARTING": 1, "STOPPED": 2, "STOPPING": 3}
    usable = [
        (order[each.state.value], each.id)
        for each in client.warehouses.list()
        if each.id and each.state and each.state.value in order
    ]
    if not usable:
        raise BricklaneError(
            f"the workspace {client.config.host} has no SQL warehouse that you may use",
            hint=f"set {WAREHOUSE}, or add a variable {WAREHOUSE_VARIABLE} to the bundle",
            exit_code=ExitCode.CONFIG,
        )
    return min(usable, key=lambda each: each[0])[1]
