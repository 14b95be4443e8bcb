"""The route of the Thrift endpoint: one message in, one out.

Source: what databricks-sql-connector sends (https://github.com/databricks/databricks-sql-python);
``http_path`` of https://docs.databricks.com/en/integrations/compute-details.html.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bricklane_local.app.asgi import JSON_LIMIT
from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Route
from bricklane_local.errors import LocalError
from bricklane_local.sql.sessions import SessionError
from bricklane_local.sql.thrift.codes import PROTOCOL, StatusCode
from bricklane_local.sql.thrift.protocol import decode, encode, struct
from bricklane_local.sql.thrift.service import ANSWERS, METHODS

MEDIA_TYPE = "application/x-thrift"
# Where clients look for the reason of a status that is not 200.
REASON = "x-thriftserver-error-message"
# Errors of the request as a whole, answered by the HTTP status as the platform's gateway does.
BY_STATUS = ("MALFORMED_REQUEST", "NOT_IMPLEMENTED", "PERMISSION_DENIED")


async def answer(call: Call) -> Response:
    """Answer one message."""
    try:
        method, number, request = decode(await _content(call))
    except ApiError as error:
        return _refusal(error)
    try:
        result = await METHODS[method](call, request)
    except ApiError as error:
        if error.code in BY_STATUS:
            return _refusal(error)
        gone = "Invalid SessionHandle" in error.message or "Invalid Operation" in error.message
        code = StatusCode.INVALID_HANDLE if gone else StatusCode.ERROR
        result = _failed(method, code, error.message)
    except SessionError as failure:
        state = str(failure.error.get("sql_state") or "")
        result = _failed(method, StatusCode.ERROR, str(failure), state)
    except LocalError as failure:
        return _refusal(ApiError("TEMPORARILY_UNAVAILABLE", failure.message))
    return Response(encode(method, number, result), media_type=MEDIA_TYPE)


async def _content(call: Call) -> bytes:
    content = bytearray()
    async for piece in call.stream():
        content += piece
        if len(content) > JSON_LIMIT:
            raise ApiError(
                "MALFORMED_REQUEST", f"The message exceeds {JSON_LIMIT} bytes", status=413
            )
    return bytes(content)


def _refusal(error: ApiError) -> Response:
    from bricklane_local.app.asgi import json_response

    response = json_response(error.body(), error.status)
    response.headers[REASON] = " ".join(error.message.encode("ascii", "replace").decode().split())
    return response


def _failed(method: str, code: StatusCode, message: str, sql_state: str = "") -> Any:
    status = struct(
        "TStatus",
        statusCode=code,
        errorMessage=message,
        displayMessage=message,
        sqlState=sql_state or None,
    )
    result = struct(ANSWERS.get(method, "TOperationResp"), status=status)
    if method == "OpenSession":
        result.serverProtocolVersion = PROTOCOL
    if method == "GetInfo":
        result.infoValue = struct("TGetInfoValue")
    return result


ROUTES = [
    Route(
        "POST",
        path,
        answer,
        raw=True,
        proved_by="databricks-sql-connector",
        note="Thrift over HTTP; rows come as Arrow or columns, never as links (CloudFetch)",
    )
    for path in ("/sql/1.0/warehouses/{id}", "/sql/1.0/endpoints/{id}")
]
