"""Routes of command execution.

Source: https://docs.databricks.com/api/workspace/commandexecution.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Route
from bricklane_local.commands.context import Command, Context


def create(call: Call) -> dict[str, Any]:
    """Begin a context."""
    contexts = call.workspace.contexts
    return {"id": contexts.create(call.text("clusterId"), call.text("language"), call.caller).id}


def _context(call: Call) -> Context:
    return call.workspace.contexts.get(call.text("clusterId"), call.text("contextId"), call.caller)


def context_status(call: Call) -> dict[str, Any]:
    """Return the state of a context."""
    context = _context(call)
    return {"id": context.id, "status": context.status}


def destroy(call: Call) -> dict[str, Any]:
    """End a context."""
    context = _context(call)
    call.workspace.contexts.destroy(context)
    return {"id": context.id}


def execute(call: Call) -> dict[str, Any]:
    """Run a command in a context."""
    language = str(call.body.get("language") or "")
    text = call.text("command")
    return {"id": call.workspace.contexts.execute(_context(call), language, text, call.caller).id}


def _command(call: Call) -> tuple[Context, Command]:
    context = _context(call)
    command_id = call.text("commandId")
    command = context.commands.get(command_id)
    if command is None:
        raise ApiError(
            "RESOURCE_DOES_NOT_EXIST",
            f"Execution context {context.id} has no command {command_id!r}",
        )
    return context, command


def command_status(call: Call) -> dict[str, Any]:
    """Return the state of a command, and its result once it has ended."""
    _context, command = _command(call)
    return {"id": command.id, "status": command.status, "results": command.results}


def cancel(call: Call) -> dict[str, Any]:
    """Stop a command unless it has ended."""
    context, command = _command(call)
    context.cancel(command)
    return {"id": command.id}


SDK = "databricks-sdk"
NOTE = "Python and SQL; a context ends with its cluster, with the server, and after 30 idle minutes"
ROUTES = [
    Route("POST", "/api/1.2/contexts/create", create, proved_by=SDK, note=NOTE),
    Route("GET", "/api/1.2/contexts/status", context_status, proved_by=SDK),
    Route("POST", "/api/1.2/contexts/destroy", destroy, proved_by=SDK),
    Route("POST", "/api/1.2/commands/execute", execute, proved_by=SDK),
    Route("GET", "/api/1.2/commands/status", command_status, proved_by=SDK),
    Route("POST", "/api/1.2/commands/cancel", cancel, proved_by=SDK),
]
