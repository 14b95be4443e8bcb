"""The statements of SQL files in the query history.

A worker runs them, and not a warehouse's sessions; what it recorded of each is taken over when it
has ended. Source: https://docs.databricks.com/en/sql/user/queries/query-history.html.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.jobs.execution import Attempt
from bricklane_local.jobs.task_types.statements import CLIENT, of_job
from bricklane_local.jobs.task_types.task_type import Body
from bricklane_local.sql.model import Request, Statement, StatementState

if TYPE_CHECKING:
    from bricklane_local.jobs.runs import TaskRun

CELLS = "cells.json"
STATES = {
    # Their results are on the run's page, and not kept as those of statements.
    "SUCCESS": StatementState.CLOSED,
    "FAILED": StatementState.FAILED,
    "CANCELLED": StatementState.CANCELED,
    # Its process was ended before it could say how.
    "RUNNING": StatementState.CANCELED,
}


def lookup_key(task_run: TaskRun, cell: Body) -> str:
    """Return the id of a statement of a file."""
    return f"{task_run.run_id}-{cell['index']}"


def recorded(folder: Path) -> list[Body]:
    """Return what a worker has recorded of the statements of a file that have begun."""
    file = folder / CELLS
    cells = json.loads(file.read_bytes()) if file.exists() else []
    return [cell for cell in cells if cell["state"] != "SKIPPED"]


def take_over(attempt: Attempt) -> None:
    """Put the statements of an attempt that has ended into the query history."""
    workspace, task_run = attempt.workspace, attempt.task_run
    warehouse = str(attempt.body.get("warehouse_id") or "")
    with workspace.cloud.database.transaction():
        for cell in recorded(workspace.run_folder(task_run.run_id)):
            request = Request(cell["source"], warehouse, source=of_job(attempt), client=CLIENT)
            began = int(cell["started_at"])
            found = Statement(
                lookup_key(task_run, cell),
                attempt.run.acts_as,
                request,
                workspace.cloud.paths.statements(workspace.name) / lookup_key(task_run, cell),
                began,
                state=STATES[cell["state"]],
                running_since=began,
                ended=began + int(cell["duration_ms"] or 0),
                rows=sum(len(o["rows"]) for o in cell["outputs"] if o["type"] == "table"),
            )
            for output in cell["outputs"]:
                if output["type"] == "error":
                    found.fail("BAD_REQUEST", str(output["message"]))
            workspace.statements.records.insert(found)
            workspace.statements.records.update(found, kept=False)
