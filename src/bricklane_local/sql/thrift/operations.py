"""Operations: what a client began, and the rows that it fetches."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.sql.model import ARROW_BATCHES, Statement, StatementState
from bricklane_local.sql.thrift.codes import OperationState, OperationType, ResultFormat, StatusCode
from bricklane_local.sql.thrift.columns import row_set, schema
from bricklane_local.sql.thrift.protocol import struct

if TYPE_CHECKING:
    from bricklane_local.sql.connections import Connection
    from bricklane_local.sql.statements import Statements
    from bricklane_local.sql.thrift.metadata import Table

STATES = {
    StatementState.PENDING: OperationState.PENDING,
    StatementState.RUNNING: OperationState.RUNNING,
    StatementState.SUCCEEDED: OperationState.FINISHED,
    StatementState.FAILED: OperationState.ERROR,
    StatementState.CANCELED: OperationState.CANCELED,
    StatementState.CLOSED: OperationState.CLOSED,
}
FETCH_FIRST = 4


def success() -> Any:
    """Return the status of a call that went well."""
    return struct("TStatus", statusCode=StatusCode.SUCCESS)


@dataclass(slots=True)
class Operation:
    """A statement, or a look into the catalog.

    Args:
        id: its id.
        secret: part of the handle that its client holds.
        kind: what began it.
        connection: whose it is.
        statement: what runs, when it is a statement.
        table: the whole result, when it is a look into the catalog.
        chunk: of the result, the next to be fetched.
        row: of the result, the next to be fetched.
    """

    id: uuid.UUID
    secret: bytes
    kind: OperationType
    connection: Connection
    statement: Statement | None = None
    table: Table | None = None
    chunk: int = 0
    row: int = 0
    _result: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def looking(cls, kind: OperationType, connection: Connection, table: Table) -> Operation:
        """Return a look into the catalog."""
        return cls(uuid.uuid4(), secrets.token_bytes(16), kind, connection, table=table)

    @classmethod
    def running(cls, connection: Connection, statement: Statement) -> Operation:
        """Return the operation of a statement."""
        kind = OperationType.EXECUTE_STATEMENT
        identifier = uuid.UUID(statement.id)
        return cls(identifier, secrets.token_bytes(16), kind, connection, statement)

    def handle(self) -> Any:
        """Return what the client names it by."""
        identifier = struct("THandleIdentifier", guid=self.id.bytes, secret=self.secret)
        return struct(
            "TOperationHandle",
            operationId=identifier,
            operationType=self.kind,
            hasResultSet=True,
        )

    @property
    def finished(self) -> bool:
        """Whether there are rows to fetch."""
        return self.statement is None or self.statement.state is StatementState.SUCCEEDED

    def status(self, statements: Statements) -> Any:
        """Return its state, with the error that it met."""
        found = self.statement
        answer = struct(
            "TGetOperationStatusResp",
            status=success(),
            operationState=OperationState.FINISHED if found is None else STATES[found.state],
            hasResultSet=True,
        )
        if found is None:
            return answer
        answer.operationStarted = found.started
        answer.operationCompleted = found.ended or None
        if found.error:
            answer.errorMessage = answer.displayMessage = found.error["message"]
            answer.sqlState = found.sql_state or None
        if found.state is StatementState.SUCCEEDED:
            answer.numModifiedRows = self._described(statements).get("affected_rows")
        return answer

    @property
    def arrow(self) -> bool:
        """Whether the client reads Arrow."""
        return self.statement is not None and self.statement.request.format == ARROW_BATCHES

    def _described(self, statements: Statements) -> dict[str, Any]:
        if not self._result:
            if self.table is not None:
                self._result = {"columns": self.table[0]}
            elif self.statement is not None:
                self._result = statements.result(self.statement)
        return self._result

    def metadata(self, statements: Statements) -> Any:
        """Return the description of its columns."""
        answer = struct(
            "TGetResultSetMetadataResp",
            status=success(),
            schema=schema(self._described(statements)["columns"]),
            resultFormat=ResultFormat.ARROW if self.arrow else ResultFormat.COLUMNS,
            lz4Compressed=False,
            isStagingOperation=False,
        )
        if self.arrow and self.statement is not None:
            answer.arrowSchema = (self.statement.folder / "schema.arrow").read_bytes()
        return answer

    def fetch(self, statements: Statements, request: Any) -> Any:
        """Return the next rows.

        Args:
            statements: have the result.
            request: says how many, by ``maxRows`` and ``maxBytes``.
        """
        if getattr(request, "orientation", None) == FETCH_FIRST:
            self.chunk = self.row = 0
        self._described(statements)
        rows = self._batches(request) if self.arrow else self._rows(request)
        answer = struct(
            "TFetchResultsResp", status=success(), hasMoreRows=self._more(), results=rows
        )
        if getattr(request, "includeResultSetMetadata", False):
            answer.resultSetMetadata = self.metadata(statements)
        return answer

    def _more(self) -> bool:
        if self.table is not None:
            return self.row < len(self.table[1])
        return self.row < int(self._result["total_row_count"])

    def _batches(self, request: Any) -> Any:
        """Return whole record batches: at least one, and as many as were asked for."""
        assert self.statement is not None  # noqa: S101 - only statements have batches
        chunks, begin = self._result["chunks"], self.row
        batches: list[Any] = []
        size = 0
        while self.chunk < len(chunks):
            item = chunks[self.chunk]
            too_many = self.row - begin + item["row_count"] > request.maxRows
            too_large = size + item["byte_count"] > (request.maxBytes or item["byte_count"] + size)
            if batches and (too_many or too_large):
                break
            content = (self.statement.folder / f"chunk-{self.chunk}").read_bytes()
            batches.append(struct("TSparkArrowBatch", batch=content, rowCount=item["row_count"]))
            size += len(content)
            self.row += item["row_count"]
            self.chunk += 1
        return struct("TRowSet", startRowOffset=begin, rows=[], arrowBatches=batches)

    def _rows(self, request: Any) -> Any:
        columns, begin = self._result["columns"], self.row
        if self.table is not None:
            rows = self.table[1][begin : begin + request.maxRows]
            self.row += len(rows)
            return row_set(columns, rows, begin)
        chunks = self._result["chunks"]
        if self.chunk >= len(chunks):
            return row_set(columns, [], begin)
        item = chunks[self.chunk]
        first = begin - item["row_offset"]
        found = self._texts(self.chunk)[first : first + request.maxRows]
        self.row += len(found)
        if self.row >= item["row_offset"] + item["row_count"]:
            self.chunk += 1
        return row_set(columns, found, begin)

    def _texts(self, index: int) -> list[list[str | None]]:
        if self.statement is None or not self._result["chunks"]:
            return []
        content = (self.statement.folder / f"chunk-{index}").read_bytes()
        rows: list[list[str | None]] = json.loads(content)
        return rows


def operation_of(connections: list[Connection], handle: Any, caller: str) -> Operation:
    """Return the operation that a client names, among those of a principal's sessions.

    Raises:
        ApiError: RESOURCE_DOES_NOT_EXIST.
    """
    guid = bytes(handle.operationId.guid)
    for connection in connections:
        found: Operation | None = connection.operations.get(guid)
        if (
            found is not None
            and connection.caller.user_name == caller
            and secrets.compare_digest(found.secret, bytes(handle.operationId.secret))
        ):
            return found
    name = uuid.UUID(bytes=guid) if len(guid) == 16 else guid.hex()
    raise ApiError(
        "RESOURCE_DOES_NOT_EXIST",
        f"Invalid OperationHandle: there is no operation {name}; it or its session was closed",
    )
