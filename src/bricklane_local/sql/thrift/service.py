"""The methods of the Thrift interface, each a function of a call and the request's argument."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.sql.connections import Connection
from bricklane_local.sql.model import (
    ARROW_BATCHES,
    FINAL,
    JSON_ARRAY,
    LINKS_LIMIT,
    Request,
)
from bricklane_local.sql.thrift.codes import PROTOCOL, InfoType, OperationType
from bricklane_local.sql.thrift.keys import foreign_keys, primary_keys
from bricklane_local.sql.thrift.metadata import Metadata, Table
from bricklane_local.sql.thrift.operations import Operation, operation_of, success
from bricklane_local.sql.thrift.protocol import struct

# How long a client that asks waits for news of its statement: first with the statement, then again.
FIRST_WAIT, NEXT_WAIT = 1.0, 1.0
BATCH_ROWS = 10_000
INFORMATION: dict[InfoType, dict[str, Any]] = {
    InfoType.SERVER_NAME: {"stringValue": "Spark SQL"},
    InfoType.DBMS_NAME: {"stringValue": "Spark SQL"},
    InfoType.DBMS_VERSION: {"stringValue": "4.1.1"},
    InfoType.MAX_COLUMN_NAME_LENGTH: {"lenValue": 255},
    InfoType.MAX_SCHEMA_NAME_LENGTH: {"lenValue": 255},
    InfoType.MAX_TABLE_NAME_LENGTH: {"lenValue": 255},
}
# Of https://docs.databricks.com/api/workspace/queryhistory: arguments that clients want as text.
TEXTS = {
    "timestampAsArrow": "timestamp",
    "decimalAsArrow": "decimal",
    "complexTypesAsArrow": "complex",
}


def _connection(call: Call, handle: Any) -> Connection:
    guid = bytes(handle.sessionId.guid)
    if len(guid) != 16:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"Invalid SessionHandle: {guid.hex()}")
    connections = call.workspace.connections
    return connections.get(uuid.UUID(bytes=guid), call.caller, bytes(handle.sessionId.secret))


def _operation(call: Call, request: Any) -> Operation:
    held = call.workspace.connections.held
    return operation_of(held, request.operationHandle, call.caller.user_name)


async def open_session(call: Call, request: Any) -> Any:
    """Open a session."""
    namespace = request.initialNamespace
    place = (
        (namespace and namespace.catalogName) or "",
        (namespace and namespace.schemaName) or "",
    )
    found = await call.workspace.connections.open(
        call.caller,
        call.path["id"],
        place,
        dict(request.configuration or {}),
        call.request.headers.get("user-agent", ""),
    )
    identifier = struct("THandleIdentifier", guid=found.id.bytes, secret=found.secret)
    return struct(
        "TOpenSessionResp",
        status=success(),
        serverProtocolVersion=PROTOCOL,
        sessionHandle=struct(
            "TSessionHandle", sessionId=identifier, serverProtocolVersion=PROTOCOL
        ),
        initialNamespace=namespace,
        canUseMultipleCatalogs=True,
    )


async def close_session(call: Call, request: Any) -> Any:
    """Close a session."""
    call.workspace.connections.close(_connection(call, request.sessionHandle))
    return struct("TCloseSessionResp", status=success())


async def get_info(call: Call, request: Any) -> Any:
    """Tell something of this server."""
    _connection(call, request.sessionHandle)
    known = {int(kind): value for kind, value in INFORMATION.items()}
    if request.infoType not in known:
        raise ApiError("NOT_IMPLEMENTED", f"GetInfo knows {sorted(known)}, not {request.infoType}")
    value = struct("TGetInfoValue", **known[request.infoType])
    return struct("TGetInfoResp", status=success(), infoValue=value)


async def execute_statement(call: Call, request: Any) -> Any:
    """Begin a statement, and answer its first rows if they come soon."""
    connection = _connection(call, request.sessionHandle)
    direct = request.getDirectResults
    types = request.useArrowNativeTypes
    wanted = Request(
        request.statement,
        connection.warehouse_id,
        parameters(request.parameters or []),
        row_limit=request.resultRowLimit or None,
        byte_limit=LINKS_LIMIT,
        cut=True,
        format=ARROW_BATCHES if request.canReadArrowResult else JSON_ARRAY,
        batch_rows=max(1, min(direct.maxRows, BATCH_ROWS)) if direct else BATCH_ROWS,
        texts=tuple(text for name, text in TEXTS.items() if getattr(types, name, None) is not True),
        client=connection.client,
    )
    statements = call.workspace.statements
    statement = statements.execute(wanted, call.caller, connection.session)
    operation = Operation.running(connection, statement)
    connection.operations[operation.id.bytes] = operation
    if direct is None:
        return struct("TOperationResp", status=success(), operationHandle=operation.handle())
    await statements.wait(statement, FIRST_WAIT)
    return _begun(call, operation, direct)


def parameters(items: list[Any]) -> list[dict[str, Any]]:
    """Return the parameters of a statement, in the order of the markers that they are for."""
    # The JDBC driver sends them in any order, and says of each which marker it is for.
    return [_parameter(item) for item in sorted(items, key=lambda item: item.ordinal or 0)]


def _parameter(item: Any) -> dict[str, Any]:
    value = item.value
    given = None
    if value is not None:
        given = next(
            (
                kept
                for name in ("stringValue", "doubleValue", "booleanValue")
                if (kept := getattr(value, name)) is not None
            ),
            None,
        )
    parameter = {"name": item.name, "type": item.type, "value": given}
    if item.arguments is not None:
        parameter["arguments"] = [_argument(part) for part in item.arguments]
    return parameter


def _argument(item: Any) -> dict[str, Any]:
    argument = {"type": item.type, "value": item.value}
    if item.arguments is not None:
        argument["arguments"] = [_argument(part) for part in item.arguments]
    return argument


def _begun(call: Call, operation: Operation, direct: Any) -> Any:
    """Return the answer to what began an operation, with its rows when they are there."""
    statements = call.workspace.statements
    answer = struct("TOperationResp", status=success(), operationHandle=operation.handle())
    if direct is None:
        return answer
    results = struct("TSparkDirectResults", operationStatus=operation.status(statements))
    if operation.finished:
        results.resultSetMetadata = operation.metadata(statements)
        results.resultSet = operation.fetch(statements, direct)
        if not results.resultSet.hasMoreRows:
            _close(call, operation)
            results.closeOperation = struct("TCloseOperationResp", status=success())
    answer.directResults = results
    return answer


def _close(call: Call, operation: Operation) -> None:
    operation.connection.operations.pop(operation.id.bytes, None)
    if operation.statement is not None and operation.statement.state in FINAL:
        call.workspace.statements.close(operation.statement)


def _look(
    kind: OperationType, find: Callable[[Metadata, Any], Table]
) -> Callable[[Call, Any], Awaitable[Any]]:
    async def look(call: Call, request: Any) -> Any:
        connection = _connection(call, request.sessionHandle)
        table = find(Metadata(call.workspace, call.caller), request)
        operation = Operation.looking(kind, connection, table)
        connection.operations[operation.id.bytes] = operation
        return _begun(call, operation, request.getDirectResults)

    return look


async def get_operation_status(call: Call, request: Any) -> Any:
    """Return the state of an operation, when it has ended or after a moment."""
    operation = _operation(call, request)
    if operation.statement is not None:
        await call.workspace.statements.wait(operation.statement, NEXT_WAIT)
    return operation.status(call.workspace.statements)


async def cancel_operation(call: Call, request: Any) -> Any:
    """Cancel an operation."""
    operation = _operation(call, request)
    if operation.statement is not None:
        call.workspace.statements.cancel(operation.statement)
    return struct("TCancelOperationResp", status=success())


async def close_operation(call: Call, request: Any) -> Any:
    """Forget an operation and its rows."""
    operation = _operation(call, request)
    statements, statement = call.workspace.statements, operation.statement
    if statement is not None:
        statements.cancel(statement)
        await statements.wait(statement)
    _close(call, operation)
    return struct("TCloseOperationResp", status=success())


async def get_result_set_metadata(call: Call, request: Any) -> Any:
    """Describe the columns of an operation."""
    return _finished(_operation(call, request)).metadata(call.workspace.statements)


async def fetch_results(call: Call, request: Any) -> Any:
    """Return the next rows of an operation."""
    return _finished(_operation(call, request)).fetch(call.workspace.statements, request)


def _finished(operation: Operation) -> Operation:
    if not operation.finished:
        state = operation.statement.state if operation.statement else ""
        raise ApiError("BAD_REQUEST", f"Operation {operation.id} is {state}: it has no result")
    return operation


METHODS: dict[str, Callable[[Call, Any], Awaitable[Any]]] = {
    "OpenSession": open_session,
    "CloseSession": close_session,
    "GetInfo": get_info,
    "ExecuteStatement": execute_statement,
    "GetTypeInfo": _look(OperationType.GET_TYPE_INFO, lambda data, _: data.type_info()),
    "GetCatalogs": _look(OperationType.GET_CATALOGS, lambda data, _: data.catalogs()),
    "GetSchemas": _look(
        OperationType.GET_SCHEMAS, lambda data, r: data.schemas(r.catalogName, r.schemaName)
    ),
    "GetTables": _look(
        OperationType.GET_TABLES,
        lambda data, r: data.tables(r.catalogName, r.schemaName, r.tableName, r.tableTypes),
    ),
    "GetTableTypes": _look(OperationType.GET_TABLE_TYPES, lambda data, _: data.table_types()),
    "GetColumns": _look(
        OperationType.GET_COLUMNS,
        lambda data, r: data.columns(r.catalogName, r.schemaName, r.tableName, r.columnName),
    ),
    "GetFunctions": _look(OperationType.GET_FUNCTIONS, lambda data, _: data.functions()),
    "GetPrimaryKeys": _look(
        OperationType.UNKNOWN,
        lambda data, r: primary_keys(data, (r.catalogName, r.schemaName, r.tableName)),
    ),
    "GetCrossReference": _look(
        OperationType.UNKNOWN,
        lambda data, r: foreign_keys(
            data,
            (r.parentCatalogName, r.parentSchemaName, r.parentTableName),
            (r.foreignCatalogName, r.foreignSchemaName, r.foreignTableName),
        ),
    ),
    "GetOperationStatus": get_operation_status,
    "CancelOperation": cancel_operation,
    "CloseOperation": close_operation,
    "GetResultSetMetadata": get_result_set_metadata,
    "FetchResults": fetch_results,
}
# The structure that answers each method.
ANSWERS = {
    "OpenSession": "TOpenSessionResp",
    "CloseSession": "TCloseSessionResp",
    "GetInfo": "TGetInfoResp",
    "GetOperationStatus": "TGetOperationStatusResp",
    "CancelOperation": "TCancelOperationResp",
    "CloseOperation": "TCloseOperationResp",
    "GetResultSetMetadata": "TGetResultSetMetadataResp",
    "FetchResults": "TFetchResultsResp",
}
