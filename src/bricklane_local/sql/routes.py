"""Routes of SQL warehouses and of statement execution."""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Route
from bricklane_local.sql.statements import FINAL, INLINE_LIMIT, Request, Statement
from bricklane_local.sql.warehouses import ROUTES as WAREHOUSES

WAIT = re.compile(r"(\d{1,3})s")
DEFAULT_WAIT, SHORTEST_WAIT, LONGEST_WAIT = "10s", 5, 50


async def execute_statement(call: Call) -> dict[str, Any]:
    """Run a statement; answer with its result, or with its id when that takes too long."""
    for name, wanted in (("disposition", "INLINE"), ("format", "JSON_ARRAY")):
        if call.body.get(name) not in (None, wanted):
            raise invalid(f"{name} {call.body[name]} is not supported here: use {wanted}")
    seconds = _wait_seconds(call.body.get("wait_timeout") or DEFAULT_WAIT)
    request = Request(
        call.text("statement"),
        _parameters(call.body.get("parameters") or []),
        catalog=call.body.get("catalog") or "",
        schema=call.body.get("schema") or "",
        row_limit=call.integer("row_limit", 0, low=0) or None,
        byte_limit=call.integer("byte_limit", 0, low=0, high=INLINE_LIMIT) or None,
    )
    call.workspace.warehouses.use(call.text("warehouse_id"), call.caller)
    statements = call.workspace.statements
    found = statements.execute(request, call.caller)
    if seconds:
        await statements.wait(found, seconds)
        if found.state not in FINAL and call.body.get("on_wait_timeout") == "CANCEL":
            statements.cancel(found)
    return statements.show(found)


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
    for name in names:
        if not name or names.count(name) > 1:
            raise invalid(f"Names of parameters must be unique and not empty; got {names}")
    return items


def _statement(call: Call) -> Statement:
    return call.workspace.statements.get(call.path["id"], call.caller)


def get_statement(call: Call) -> dict[str, Any]:
    """Return the state of a statement, and its result once it has one."""
    return call.workspace.statements.show(_statement(call))


def get_chunk(call: Call) -> dict[str, Any]:
    """Return a chunk of a result."""
    index = call.path["index"]
    if not index.isdecimal():
        raise invalid(f"chunk_index must be a whole number, got {index!r}")
    return call.workspace.statements.chunk(_statement(call), int(index))


def cancel_statement(call: Call) -> None:
    """Cancel a statement."""
    call.workspace.statements.cancel(_statement(call))


STATEMENTS = "/api/2.0/sql/statements"
SDK = "databricks-sdk"
INLINE = "results inline as JSON_ARRAY, in one chunk; kept until the server ends"
ROUTES = [
    *WAREHOUSES,
    Route(
        "POST",
        STATEMENTS,
        execute_statement,
        sdk="sql.StatementExecutionAPI.execute_statement",
        proved_by=SDK,
        note=INLINE,
    ),
    Route("GET", f"{STATEMENTS}/{{id}}", get_statement, proved_by=SDK),
    Route("POST", f"{STATEMENTS}/{{id}}/cancel", cancel_statement, proved_by=SDK),
    Route("GET", f"{STATEMENTS}/{{id}}/result/chunks/{{index}}", get_chunk, proved_by=SDK),
]
