"""What tasks of saved SQL have in common: statements as whom the run acts, and their ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.jobs.execution import FAILURE_MESSAGE, Attempt, Outcome
from bricklane_local.jobs.run_as import acting
from bricklane_local.jobs.states import State
from bricklane_local.sql.model import Request, Statement, StatementState

if TYPE_CHECKING:
    from pathlib import Path

    from bricklane_local.cloud import Workspace
    from bricklane_local.identity.principals import Principal

Body = dict[str, Any]
# The program that the query history names for statements of tasks.
CLIENT = "Databricks Jobs"


class StatementFailed(Exception):  # noqa: N818 - an event, not a mistake of the caller
    """A statement of a task did not succeed.

    Args:
        message: why.
        output: of the task, as far as it came.
    """

    def __init__(self, message: str, output: Body) -> None:
        super().__init__(message)
        self.output = output


def of_job(attempt: Attempt) -> Body:
    """Return what the query history says of the job whose task sent a statement."""
    job = {
        "job_id": str(attempt.run.job_id),
        "job_run_id": str(attempt.run.run_id),
        "job_task_run_id": str(attempt.task_run.run_id),
    }
    return {"job_info": job}


@dataclass(frozen=True, slots=True)
class Desk:
    """Runs the statements of one attempt at a task, or of an alert that is due.

    Args:
        workspace: where they run.
        principal: as whom.
        warehouse_id: on which warehouse.
        body: the task; empty for an alert.
        origin: what the query history says of who asked.
        client: the program that it names.
        folder: of the task's run, for what statements return; None for an alert.
    """

    workspace: Workspace
    principal: Principal
    warehouse_id: str
    body: Body = field(default_factory=dict)
    origin: Body = field(default_factory=dict)
    client: str = CLIENT
    folder: Path | None = None

    async def run(self, text: str, parameters: list[Body], place: Body, source: Body) -> Statement:
        """Run a statement to its end; cancelling stops it.

        Args:
            text: the statement.
            parameters: of it.
            place: may have ``catalog`` and ``schema``.
            source: what it belongs to, for the query history.
        """
        statements = self.workspace.statements
        request = Request(
            text,
            self.warehouse_id,
            parameters,
            catalog=str(place.get("catalog") or ""),
            schema=str(place.get("schema") or ""),
            source={**source, **self.origin},
            client=self.client,
        )
        found = statements.execute(request, self.principal)
        try:
            await statements.wait(found)
        except asyncio.CancelledError:
            statements.cancel(found)
            await statements.wait(found)
            raise
        return found

    def result(self, found: Statement) -> tuple[list[Body], list[list[str | None]]]:
        """Return columns and rows of a statement that has succeeded."""
        result = self.workspace.statements.result(found)
        rows: list[list[str | None]] = []
        for index in range(len(result["chunks"])):
            rows += json.loads((found.folder / f"chunk-{index}").read_bytes())
        return result["columns"], rows


def require_success(found: Statement, output: Body) -> None:
    """Fail a task whose statement has failed.

    Raises:
        StatementFailed: it has.
    """
    if found.state is not StatementState.SUCCEEDED:
        reason = found.error.get("message") or f"the statement was {found.state}"
        raise StatementFailed(reason, output)


def at_desk(work: Callable[[Desk], Awaitable[Body]]) -> Callable[[Attempt], Awaitable[Outcome]]:
    """Return what executes attempts by statements.

    Args:
        work: runs them and returns the task's output; raises ApiError for what is wrong with the
            definition, StatementFailed when one fails.
    """

    async def execute(attempt: Attempt) -> Outcome:
        try:
            principal = acting(attempt.workspace, attempt.run)
            warehouse = str(attempt.body.get("warehouse_id") or "")
            attempt.on_running()
            desk = Desk(
                attempt.workspace,
                principal,
                warehouse,
                attempt.body,
                of_job(attempt),
                folder=attempt.workspace.run_folder(attempt.task_run.run_id),
            )
            output = await work(desk)
        except ApiError as error:
            return Outcome(State.INVALID, error.message, {"error": error.message})
        except StatementFailed as failure:
            shown = {"error": str(failure), "sql": failure.output}
            return Outcome(State.FAILED, FAILURE_MESSAGE, shown)
        return Outcome(State.SUCCESS, output={"sql": output})

    return execute


def one_of(body: Body, names: tuple[str, ...], what: str) -> str:
    """Return which of ``names`` a definition has.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it has none or several.
    """
    given = [name for name in names if body.get(name)]
    if len(given) != 1:
        raise invalid(
            f"{what} must have exactly one of {', '.join(names)}; it has "
            f"{' and '.join(given) or 'none'}"
        )
    return given[0]
