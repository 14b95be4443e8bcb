"""A session of a client: its Spark session, opened when the first statement needs it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bricklane_local.sql.workers import SqlWorker, SqlWorkers

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.identity.principals import Principal


class SessionError(Exception):
    """A session could not be opened as it was asked for.

    Args:
        error: as the worker tells it: ``type``, ``message``, ``sql_state``.
    """

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


class SqlSession:
    """A session of one principal.

    Args:
        workspace: where.
        workers: run its statements.
        caller: whose it is.
        catalog: current catalog at the beginning, "" for the workspace's own.
        schema: current schema at the beginning, "" for ``default``.
        settings: of Spark, that the client asks for.
        schema_may_come: begin although the schema does not exist, and enter it once it does, as
            clients do that create it.
    """

    def __init__(
        self,
        workspace: Workspace,
        workers: SqlWorkers,
        caller: Principal,
        catalog: str = "",
        schema: str = "",
        settings: dict[str, str] | None = None,
        *,
        schema_may_come: bool = False,
    ) -> None:
        self._workspace = workspace
        self._workers = workers
        self.caller = caller
        self._place = (catalog, schema)
        self._settings = settings or {}
        self._schema_may_come = schema_may_come
        self._opening: asyncio.Task[tuple[SqlWorker, str]] | None = None

    async def opened(self) -> tuple[SqlWorker, str]:
        """Return the process and the name of the session in it.

        Raises:
            SessionError: when catalog, schema or settings do not fit.
            LocalError: when there is no process.
        """
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> tuple[SqlWorker, str]:
        from bricklane_local.catalog.metastores.assignments import Assignments
        from bricklane_local.compute.specification import catalog_settings

        worker = await self._workers.of(self.caller)
        assignments = Assignments(self._workspace.cloud.metastore)
        catalog, schema = self._place
        name, error = await worker.open(
            {
                "catalog": catalog or assignments.default_catalog(self._workspace.id),
                "schema": schema,
                "conf": catalog_settings(self._workspace),
                "settings": self._settings,
                "schema_may_come": self._schema_may_come,
            }
        )
        if error is not None:
            worker.close(name)
            raise SessionError(error)
        return worker, name

    async def execute(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Run a statement; return its error, if it met one. Cancelling stops the statement."""
        worker, name = await self.opened()
        try:
            return await worker.execute(name, message)
        except asyncio.CancelledError:
            worker.cancel(name, message["id"])
            raise

    def close(self) -> None:
        """Forget the session."""
        if self._opening is None:
            return
        if not self._opening.done():
            self._opening.cancel()
        elif not self._opening.cancelled() and self._opening.exception() is None:
            worker, name = self._opening.result()
            worker.close(name)
