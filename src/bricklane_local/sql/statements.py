"""SQL statements sent one by one: each runs in a worker of its own, as whoever sent it.

Source: https://docs.databricks.com/api/workspace/statementexecution. Results are answered inline;
they are kept until the server ends, at most :data:`KEPT` of them.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.principals import Principal

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.pool import ComputePool

KEPT = 200
GRACE_SECONDS = 5.0
# What an inline result may hold, in bytes, as documented.
INLINE_LIMIT = 25 * 1024 * 1024
TEXT, RESULT, STATEMENT = "statement.sql", "result.json", "statement.json"


class StatementState(StrEnum):
    """States of a statement, as the API names them."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


FINAL = (StatementState.SUCCEEDED, StatementState.FAILED, StatementState.CANCELED)


@dataclass(frozen=True, slots=True)
class Request:
    """A statement as a client wants it run.

    Args:
        statement: its text.
        parameters: values of its markers, each with ``name``, ``value`` and ``type``.
        catalog: current catalog, "" for the workspace's own.
        schema: current schema, "" for ``default``.
        row_limit: how many rows at most, None for all.
        byte_limit: where the result is cut, None to refuse what exceeds :data:`INLINE_LIMIT`.
    """

    statement: str
    parameters: list[dict[str, Any]] = field(default_factory=list)
    catalog: str = ""
    schema: str = ""
    row_limit: int | None = None
    byte_limit: int | None = None


@dataclass(slots=True)
class Statement:
    """A statement that was sent.

    Args:
        id: its id.
        caller: who sent it.
        folder: where its worker leaves the result.
        state: see :class:`StatementState`.
        error: why it failed: ``error_code`` and ``message``.
        task: drives it.
    """

    id: str
    caller: Principal
    folder: Path
    state: StatementState = StatementState.PENDING
    error: dict[str, str] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


class Statements:
    """The statements of one workspace.

    Args:
        workspace: which.
        pool: Spark and workers; None when the cloud has no Spark.
    """

    def __init__(self, workspace: Workspace, pool: ComputePool | None) -> None:
        self._workspace = workspace
        self._pool = pool
        self._known: dict[str, Statement] = {}
        self._root = workspace.cloud.paths.statements(workspace.name)

    def start(self) -> None:
        """Drop what an earlier process left."""
        shutil.rmtree(self._root, ignore_errors=True)

    async def stop(self) -> None:
        """Cancel what runs."""
        running = [item.task for item in self._known.values() if item.task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def execute(self, request: Request, caller: Principal) -> Statement:
        """Begin to run a statement."""
        number = str(uuid.uuid4())
        found = Statement(number, caller, self._root / number)
        found.folder.mkdir(parents=True)
        (found.folder / TEXT).write_text(request.statement, "utf-8")
        self._known[number] = found
        self._drop_old()
        found.task = asyncio.create_task(self._drive(found, request))
        return found

    def _drop_old(self) -> None:
        ended = [item for item in self._known.values() if item.state in FINAL]
        for item in ended[: max(0, len(self._known) - KEPT)]:
            shutil.rmtree(item.folder, ignore_errors=True)
            del self._known[item.id]

    def get(self, statement_id: str, caller: Principal) -> Statement:
        """Return a statement of ``caller``.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED for a statement of another.
        """
        found = self._known.get(statement_id)
        if found is None:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST", f"The statement {statement_id} was not found."
            )
        if found.caller.user_name != caller.user_name:
            raise ApiError(
                "PERMISSION_DENIED", f"Statement {statement_id} was sent by somebody else"
            )
        return found

    async def wait(self, found: Statement, seconds: float) -> None:
        """Wait until a statement has ended, at most ``seconds``."""
        if found.task is not None:
            await asyncio.wait({found.task}, timeout=seconds)

    def cancel(self, found: Statement) -> None:
        """Cancel a statement unless it has ended."""
        if found.state not in FINAL and found.task is not None:
            found.state = StatementState.CANCELED
            found.task.cancel()

    async def _drive(self, found: Statement, request: Request) -> None:
        try:
            await self._run(found, request)
        except asyncio.CancelledError:
            found.state = StatementState.CANCELED
            raise
        except Exception as error:
            _fail(found, "INTERNAL_ERROR", f"The local cloud failed: {error!r}")
            raise
        finally:
            found.task = None

    async def _run(self, found: Statement, request: Request) -> None:
        from bricklane_local.compute.tasks import NOT_INSTALLED
        from bricklane_local.compute.workers import WorkerError
        from bricklane_local.errors import LocalError

        if self._pool is None:
            _fail(found, "TEMPORARILY_UNAVAILABLE", NOT_INSTALLED)
            return
        tokens, caller = self._workspace.cloud.tokens, found.caller
        token = tokens.issue_run(self._workspace.name, caller, 0)
        try:
            # A task that waits for a statement must not make it wait for that task's place.
            async with self._pool.place(nested=bool(caller.task_run_id)):
                found.state = StatementState.RUNNING
                await self._work(found, request, token, self._pool)
        except (LocalError, WorkerError) as error:
            _fail(found, "TEMPORARILY_UNAVAILABLE", str(error))
        finally:
            tokens.revoke_run(token)

    async def _work(
        self, found: Statement, request: Request, token: str, pool: ComputePool
    ) -> None:
        from bricklane_local.compute.specification import common

        self._workspace.view.refresh()
        spark, _ = await asyncio.gather(pool.spark(), self._workspace.cloud.samples.ready())
        user = found.caller.user_name
        specification = common(self._workspace, found.folder, token, user, spark)
        specification |= {
            "kind": "sql_statement",
            "working_directory": str(found.folder),
            "statement": {
                "file": str(found.folder / TEXT),
                "parameters": request.parameters,
                "row_limit": request.row_limit,
                "byte_limit": request.byte_limit or INLINE_LIMIT,
                "cut": request.byte_limit is not None,
            },
        }
        for name in ("catalog", "schema"):
            if value := getattr(request, name):
                specification[name] = value
        await pool.run(specification, cold=False, grace=GRACE_SECONDS)
        self._end(found)

    @staticmethod
    def _end(found: Statement) -> None:
        try:
            result = json.loads((found.folder / RESULT).read_bytes())
        except FileNotFoundError:
            _fail(found, "INTERNAL_ERROR", "The process of the statement ended without a result")
            return
        if result["state"] == "SUCCESS":
            found.state = StatementState.SUCCEEDED
        else:
            error = result.get("error") or {}
            _fail(found, "BAD_REQUEST", str(error.get("message") or error.get("type")))

    def show(self, found: Statement) -> dict[str, Any]:
        """Return a statement as the API does, with its result once it has one."""
        status: dict[str, Any] = {"state": found.state}
        if found.error:
            status["error"] = found.error
        body: dict[str, Any] = {"statement_id": found.id, "status": status}
        if found.state is StatementState.SUCCEEDED:
            result = json.loads((found.folder / STATEMENT).read_bytes())
            body |= {"manifest": _manifest(result), "result": _chunk(result)}
        return body

    def chunk(self, found: Statement, index: int) -> dict[str, Any]:
        """Return one chunk of a result; results here have one.

        Raises:
            ApiError: when the statement has no result, or not that many chunks.
        """
        if found.state is not StatementState.SUCCEEDED:
            raise ApiError("BAD_REQUEST", f"Statement {found.id} is {found.state}: no result")
        if index != 0:
            raise ApiError("RESOURCE_DOES_NOT_EXIST", f"The result has no chunk {index}, only 0")
        return _chunk(json.loads((found.folder / STATEMENT).read_bytes()))


def _fail(found: Statement, code: str, message: str) -> None:
    found.state = StatementState.FAILED
    found.error = {"error_code": code, "message": message}


def _manifest(result: dict[str, Any]) -> dict[str, Any]:
    count = len(result["rows"])
    chunks = [{"chunk_index": 0, "row_offset": 0, "row_count": count}] if count else []
    return {
        "format": "JSON_ARRAY",
        "schema": {"column_count": len(result["columns"]), "columns": result["columns"]},
        "total_chunk_count": len(chunks),
        "chunks": chunks,
        "total_row_count": count,
        "truncated": result["truncated"],
    }


def _chunk(result: dict[str, Any]) -> dict[str, Any]:
    if not result["rows"]:
        return {}
    return {
        "chunk_index": 0,
        "row_offset": 0,
        "row_count": len(result["rows"]),
        "data_array": result["rows"],
    }
