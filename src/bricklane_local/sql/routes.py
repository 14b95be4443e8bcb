"""Routes of statement execution, and the list of all routes of SQL warehouses."""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Route
from bricklane_local.sql import results
from bricklane_local.sql.client_routes import ROUTES as CLIENTS
from bricklane_local.sql.history import ROUTES as HISTORY
from bricklane_local.sql.model import (
    EXTERNAL_LINKS,
    FINAL,
    INLINE,
    INLINE_LIMIT,
    JSON_ARRAY,
    LINKS_LIMIT,
    Request,
    Statement,
)
from bricklane_local.sql.results import MEDIA_TYPES, STATEMENTS
from bricklane_local.sql.session_routes import ROUTES as SESSIONS
from bricklane_local.sql.session_routes import session_of
from bricklane_local.sql.thrift.routes import ROUTES as THRIFT
from bricklane_local.sql.warehouses import ROUTES as WAREHOUSES

WAIT = re.compile(r"(\d{1,3})s")
DEFAULT_WAIT, SHORTEST_WAIT, LONGEST_WAIT = "10s", 5, 50
TEXT_LIMIT = 16 * 1024**2
# What a result behind links may hold at most, by its disposition.
LIMITS = {INLINE: INLINE_LIMIT, EXTERNAL_LINKS: LINKS_LIMIT}


async def execute_statement(call: Call) -> dict[str, Any]:
    """Run a statement; answer with its result, or with its id when that takes too long."""
    seconds = _wait_seconds(call.body.get("wait_timeout") or DEFAULT_WAIT)
    statements = call.workspace.statements
    session_id = call.body.get("session_id")
    session = session_of(call, session_id).session if session_id else None
    found = statements.execute(_request(call), call.caller, session)
    if seconds:
        await statements.wait(found, seconds)
        if found.state not in FINAL and call.body.get("on_wait_timeout") == "CANCEL":
            statements.cancel(found)
            await statements.wait(found)
    return results.show(call.workspace, found)


def _request(call: Call) -> Request:
    text = call.text("statement")
    if len(text.encode()) > TEXT_LIMIT:
        raise invalid(f"The statement has more than {TEXT_LIMIT} bytes")
    disposition = call.body.get("disposition") or INLINE
    wanted = call.body.get("format") or JSON_ARRAY
    if disposition == INLINE and wanted != JSON_ARRAY:
        raise invalid(
            f"The format {wanted} needs the disposition {EXTERNAL_LINKS}: with {INLINE} the only "
            f"format is {JSON_ARRAY}"
        )
    byte_limit = call.integer("byte_limit", 0, low=0)
    highest = LIMITS[disposition]
    return Request(
        text,
        call.text("warehouse_id"),
        _parameters(call.body.get("parameters") or []),
        catalog=call.body.get("catalog") or "",
        schema=call.body.get("schema") or "",
        row_limit=call.integer("row_limit", 0, low=0) or None,
        byte_limit=min(byte_limit or highest, highest),
        cut=bool(byte_limit) or disposition == EXTERNAL_LINKS,
        format=wanted,
        disposition=disposition,
        client=call.request.headers.get("user-agent", ""),
    )


def _wait_seconds(text: str) -> int:
    match = WAIT.fullmatch(text)
    seconds = int(match[1]) if match else -1
    if seconds != 0 and not SHORTEST_WAIT <= seconds <= LONGEST_WAIT:
        raise invalid(
            f'wait_timeout must be "0s", or "{SHORTEST_WAIT}s" to "{LONGEST_WAIT}s"; got {text!r}'
        )
    return seconds


def _parameters(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = [item.get("name") for item in items]
    if not any(names):
        return items  # by position
    for name in names:
        if not name or names.count(name) > 1:
            raise invalid(f"Names of parameters must be unique and not empty; got {names}")
    return items


def _statement(call: Call) -> Statement:
    return call.workspace.statements.get(call.path["id"], call.caller)


def get_statement(call: Call) -> dict[str, Any]:
    """Return the state of a statement, and its result once it has one."""
    return results.show(call.workspace, _statement(call))


def get_chunk(call: Call) -> dict[str, Any]:
    """Return a chunk of a result."""
    index = call.path["index"]
    if not index.isdecimal():
        raise invalid(f"chunk_index must be a whole number, got {index!r}")
    return results.chunk(call.workspace, _statement(call), int(index))


def cancel_statement(call: Call) -> None:
    """Cancel a statement."""
    call.workspace.statements.cancel(_statement(call))


async def close_statement(call: Call) -> None:
    """Cancel a statement unless it has ended, and remove its result."""
    statements, found = call.workspace.statements, _statement(call)
    statements.cancel(found)
    await statements.wait(found)
    statements.close(found)


SDK, CONNECTOR = "databricks-sdk", "databricks-sql-connector"
KEPT = f"formats {', '.join(sorted(MEDIA_TYPES))}; results are kept for an hour"
ROUTES = [
    *WAREHOUSES,
    *results.ROUTES,
    *SESSIONS,
    *THRIFT,
    *CLIENTS,
    *HISTORY,
    Route(
        "POST",
        STATEMENTS,
        execute_statement,
        sdk="sql.StatementExecutionAPI.execute_statement",
        proved_by=SDK,
        note=KEPT,
    ),
    Route("GET", f"{STATEMENTS}/{{id}}", get_statement, proved_by=SDK),
    Route("POST", f"{STATEMENTS}/{{id}}/cancel", cancel_statement, proved_by=SDK),
    Route("DELETE", f"{STATEMENTS}/{{id}}", close_statement, proved_by=CONNECTOR),
    Route("GET", f"{STATEMENTS}/{{id}}/result/chunks/{{index}}", get_chunk, proved_by=SDK),
]
