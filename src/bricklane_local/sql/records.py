"""Statements as documents: what the query history shows, and where results are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.sql.model import FINAL, Request, Statement, StatementState
from bricklane_local.store.database import Document

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

KIND = "sql_statement"
# Parents of documents: whether there is a result, or will be one. Old results are found by it.
KEPT, GONE = "kept", "gone"
# How long the history goes back, in milliseconds (30 days).
HISTORY = 30 * 24 * 3_600_000
FIELDS = ("id", "caller", "started", "error", "sql_state", "ended", "running_since", "rows")
REQUESTED = (
    *("statement", "warehouse_id", "catalog", "schema", "format", "disposition"),
    *("source", "client"),
)


class StatementRecords:
    """The statements of one workspace, as they are stored.

    Args:
        workspace: which.
        root: folder of the results.
    """

    def __init__(self, workspace: Workspace, root: Path) -> None:
        self._workspace = workspace
        self._space = workspace.space
        self._root = root

    def insert(self, found: Statement) -> None:
        """Store a new statement, and forget those that are too old for the history."""
        database = self._space.database
        with database.transaction():
            found.number = database.next_number(f"{KIND} {self._workspace.name}")
            self._put(found, KEPT)
            for document in self._space.select(KIND, parent=GONE, limit=20):
                if document.body["started"] > found.started - HISTORY:
                    break
                self._space.delete(KIND, document.key)

    def update(self, found: Statement, *, kept: bool = True) -> None:
        """Store what became of a statement.

        Args:
            found: the statement.
            kept: whether its result is there, or may still come.
        """
        self._put(found, KEPT if kept else GONE)

    def _put(self, found: Statement, parent: str) -> None:
        body: dict[str, Any] = {name: getattr(found, name) for name in FIELDS}
        body["state"] = found.state
        body["request"] = {name: getattr(found.request, name) for name in REQUESTED}
        self._space.put(KIND, found.id, body, parent=parent, position=found.number)

    def find(self, statement_id: str) -> Statement | None:
        """Return a statement, or None."""
        document = self._space.find(KIND, statement_id)
        return None if document is None else self._statement(document)

    def page(self, after: int | None, limit: int) -> list[Statement]:
        """Return statements, the latest first.

        Args:
            after: number of the statement behind which to begin; None for the latest.
            limit: at most so many.
        """
        found = self._space.select(KIND, descending=True, after=after, limit=limit)
        return [self._statement(document) for document in found]

    def ended_before(self, time: int) -> list[Statement]:
        """Return the statements with results that ended before ``time`` (milliseconds)."""
        found = []
        for document in self._space.select(KIND, parent=KEPT):
            if document.body["started"] > time:
                break
            if 0 < document.body["ended"] <= time:
                found.append(self._statement(document))
        return found

    def interrupt(self) -> None:
        """Note of statements that ran when the server ended that they did not succeed."""
        for document in self._space.select(KIND, parent=KEPT):
            found = self._statement(document)
            if found.state not in FINAL:
                found.fail("ABORTED", "The local cloud ended while the statement ran")
                found.ended = self._workspace.cloud.clock.now()
                self.update(found, kept=False)

    def _statement(self, document: Document) -> Statement:
        body = document.body
        request = Request(**body["request"])
        values = {name: body[name] for name in FIELDS}
        return Statement(
            **values,
            request=request,
            folder=self._root / document.key,
            number=document.position,
            state=StatementState(body["state"]),
        )
