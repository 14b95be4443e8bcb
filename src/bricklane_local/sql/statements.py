"""SQL statements: sent by the API, by Thrift clients and by tasks, each as whoever sent it.

Source: https://docs.databricks.com/api/workspace/statementexecution. Statements are documents from
which the query history is made; results are files that are kept for an hour.
"""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import uuid
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.errors import LocalError
from bricklane_local.identity.principals import Principal
from bricklane_local.sql.model import FINAL, Request, Statement, StatementState
from bricklane_local.sql.records import StatementRecords
from bricklane_local.sql.sessions import SessionError, SqlSession
from bricklane_local.sql.workers import SqlWorkers

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.pool import ComputePool

LOGGER = logging.getLogger(__name__)
RESULT = "statement.json"
# How long a result is kept, in milliseconds, as documented.
KEPT = 3_600_000


class Statements:
    """The statements of one workspace.

    Args:
        workspace: which.
        pool: Spark and workers; None when the cloud has no Spark.
    """

    def __init__(self, workspace: Workspace, pool: ComputePool | None) -> None:
        self._workspace = workspace
        self._pool = pool
        self._workers = None if pool is None else SqlWorkers(workspace, pool)
        self._active: dict[str, Statement] = {}
        self._root = workspace.cloud.paths.statements(workspace.name)
        self.records = StatementRecords(workspace, self._root)

    def start(self) -> None:
        """End what an earlier process left unfinished."""
        shutil.rmtree(
            self._workspace.cloud.paths.sql_workers(self._workspace.name),
            ignore_errors=True,
        )
        self.records.interrupt()
        self._drop_old()

    async def stop(self) -> None:
        """Cancel what runs."""
        running = [item.task for item in self._active.values() if item.task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._workers is not None:
            await self._workers.stop()

    def session(
        self,
        caller: Principal,
        place: tuple[str, str],
        settings: dict[str, str] | None = None,
        *,
        schema_may_come: bool = False,
    ) -> SqlSession:
        """Return a new session of a principal.

        Args:
            caller: whose it shall be.
            place: current catalog and schema, "" for the usual ones.
            settings: of Spark.
            schema_may_come: see :class:`SqlSession`.

        Raises:
            ApiError: TEMPORARILY_UNAVAILABLE when this cloud has no Spark.
        """
        from bricklane_local.compute.tasks import NOT_INSTALLED

        if self._workers is None:
            raise ApiError("TEMPORARILY_UNAVAILABLE", NOT_INSTALLED)
        return SqlSession(
            self._workspace,
            self._workers,
            caller,
            *place,
            settings=settings,
            schema_may_come=schema_may_come,
        )

    def execute(
        self, request: Request, caller: Principal, session: SqlSession | None = None
    ) -> Statement:
        """Begin to run a statement.

        Args:
            request: what to run.
            caller: as whom.
            session: in which; by default in one of its own.

        Raises:
            ApiError: when the warehouse does not exist, or may not be used by the caller.
        """
        self._workspace.warehouses.use(request.warehouse_id, caller)
        self._drop_old()
        number = str(uuid.uuid4())
        found = Statement(
            number,
            caller.user_name,
            request,
            self._root / number,
            self._workspace.cloud.clock.now(),
        )
        found.folder.mkdir(parents=True)
        self.records.insert(found)
        self._active[number] = found
        found.task = asyncio.create_task(self._drive(found, caller, session))
        return found

    def _drop_old(self) -> None:
        """Remove the results whose time is over."""
        for found in self.records.ended_before(self._workspace.cloud.clock.now() - KEPT):
            self.close(found)

    def close(self, found: Statement) -> None:
        """Remove a result."""
        shutil.rmtree(found.folder, ignore_errors=True)
        if found.state is StatementState.SUCCEEDED:
            found.state = StatementState.CLOSED
        self.records.update(found, kept=False)

    def get(self, statement_id: str, caller: Principal) -> Statement:
        """Return a statement of ``caller``.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED for a statement of another.
        """
        self._drop_old()
        found = self._active.get(statement_id) or self.records.find(statement_id)
        if found is None:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST", f"The statement {statement_id} was not found."
            )
        if found.caller != caller.user_name:
            raise ApiError(
                "PERMISSION_DENIED", f"Statement {statement_id} was sent by somebody else"
            )
        return found

    async def wait(self, found: Statement, seconds: float | None = None) -> None:
        """Wait until a statement has ended, at most ``seconds``."""
        if found.task is not None:
            await asyncio.wait({found.task}, timeout=seconds)

    def cancel(self, found: Statement) -> None:
        """Cancel a statement unless it has ended."""
        if found.state not in FINAL and found.task is not None:
            found.state = StatementState.CANCELED
            found.task.cancel()

    def cancel_on(self, warehouse_id: str) -> None:
        """Cancel what runs on a warehouse that stops."""
        for found in list(self._active.values()):
            if found.request.warehouse_id == warehouse_id:
                self.cancel(found)

    def running_on(self, warehouse_id: str) -> int:
        """Return how many statements a warehouse runs."""
        return sum(f.request.warehouse_id == warehouse_id for f in self._active.values())

    async def _drive(self, found: Statement, caller: Principal, session: SqlSession | None) -> None:
        try:
            await self._run(found, caller, session)
        except asyncio.CancelledError:
            found.state = StatementState.CANCELED
        except Exception as error:
            LOGGER.exception("statement %s failed", found.id)
            found.fail("INTERNAL_ERROR", f"The local cloud failed: {error!r}")
        finally:
            found.task = None
            found.ended = self._workspace.cloud.clock.now()
            del self._active[found.id]
            kept = found.state is StatementState.SUCCEEDED
            if not kept:
                shutil.rmtree(found.folder, ignore_errors=True)
            self.records.update(found, kept=kept)
            self._workspace.warehouses.touch(found.request.warehouse_id)

    async def _run(self, found: Statement, caller: Principal, given: SqlSession | None) -> None:
        from bricklane_local.compute.tasks import NOT_INSTALLED
        from bricklane_local.compute.workers import WorkerError

        if self._pool is None:
            found.fail("TEMPORARILY_UNAVAILABLE", NOT_INSTALLED)
            return
        request = found.request
        session = given or self.session(caller, (request.catalog, request.schema))
        try:
            # A task that waits for a statement must not make it wait for that task's place.
            async with self._pool.place(nested=bool(caller.task_run_id)):
                self._begin(found)
                error = await session.execute(request.message(found.id, found.folder))
        except SessionError as failure:
            error = failure.error
        except (LocalError, WorkerError) as failure:
            found.fail("TEMPORARILY_UNAVAILABLE", str(failure))
            return
        finally:
            if given is None:
                session.close()
        self._end(found, error)

    def _begin(self, found: Statement) -> None:
        self._workspace.view.refresh()
        found.state = StatementState.RUNNING
        found.running_since = self._workspace.cloud.clock.now()
        self.records.update(found)

    def _end(self, found: Statement, error: dict[str, Any] | None) -> None:
        if error is not None:
            message = str(error.get("message") or error.get("type"))
            found.fail("BAD_REQUEST", message, str(error.get("sql_state") or ""))
            return
        found.state = StatementState.SUCCEEDED
        found.rows = self.result(found)["total_row_count"]

    def result(self, found: Statement) -> dict[str, Any]:
        """Return what describes the result of a statement that has succeeded."""
        document: dict[str, Any] = json.loads((found.folder / RESULT).read_bytes())
        return document
