"""Statements: what a client wants, and what became of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

# What an inline result may hold, and one behind links, in bytes, as documented.
INLINE_LIMIT = 25 * 1024**2
LINKS_LIMIT = 100 * 1024**3
JSON_ARRAY, ARROW_STREAM, CSV = "JSON_ARRAY", "ARROW_STREAM", "CSV"
# Record batches one by one, for Thrift.
ARROW_BATCHES = "ARROW_BATCHES"
INLINE, EXTERNAL_LINKS = "INLINE", "EXTERNAL_LINKS"


class StatementState(StrEnum):
    """States of a statement, as the API names them."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    CLOSED = "CLOSED"


FINAL = (
    StatementState.SUCCEEDED,
    StatementState.FAILED,
    StatementState.CANCELED,
    StatementState.CLOSED,
)


@dataclass(frozen=True, slots=True)
class Request:
    """A statement as a client wants it run.

    Args:
        statement: its text.
        warehouse_id: where it runs.
        parameters: values of its markers, each with ``name``, ``value`` and ``type``.
        catalog: current catalog, "" for the workspace's own.
        schema: current schema, "" for ``default``.
        row_limit: how many rows at most, None for all.
        byte_limit: how many bytes at most.
        cut: cut the result at ``byte_limit`` instead of refusing it.
        format: of the result.
        disposition: how the result is answered.
        batch_rows: rows of a record batch at most.
        texts: types that the client wants as text: ``complex``, ``decimal``, ``timestamp``.
        source: ``query_source`` of the query history: what asked for it.
        client: name of the client's program.
    """

    statement: str
    warehouse_id: str
    parameters: list[dict[str, Any]] = field(default_factory=list)
    catalog: str = ""
    schema: str = ""
    row_limit: int | None = None
    byte_limit: int = INLINE_LIMIT
    cut: bool = False
    format: str = JSON_ARRAY
    disposition: str = INLINE
    batch_rows: int = 10_000
    texts: tuple[str, ...] = ()
    source: dict[str, Any] = field(default_factory=dict)
    client: str = ""

    def message(self, statement_id: str, folder: Path) -> dict[str, Any]:
        """Return what the worker is told."""
        return {
            "id": statement_id,
            "statement": self.statement,
            "folder": str(folder),
            "format": self.format,
            "byte_limit": self.byte_limit,
            "parameters": self.parameters,
            "row_limit": self.row_limit,
            "cut": self.cut,
            "batch_rows": self.batch_rows,
            "texts": list(self.texts),
        }


@dataclass(slots=True)
class Statement:
    """A statement that was sent.

    Args:
        id: its id.
        caller: name of who sent it.
        request: what was asked for.
        folder: where its result is.
        started: when it was sent, in milliseconds since the epoch.
        number: its place among all statements of the workspace.
        state: see :class:`StatementState`.
        error: why it failed: ``error_code`` and ``message``.
        sql_state: SQLSTATE of the error, when Spark gave one.
        ended: when it ended, in milliseconds since the epoch; 0 while it runs.
        running_since: when it began to run, in milliseconds since the epoch.
        rows: how many rows its result has.
        task: drives it.
    """

    id: str
    caller: str
    request: Request
    folder: Path
    started: int
    number: int = 0
    state: StatementState = StatementState.PENDING
    error: dict[str, str] = field(default_factory=dict)
    sql_state: str = ""
    ended: int = 0
    running_since: int = 0
    rows: int = 0
    task: asyncio.Task[None] | None = None

    def fail(self, code: str, message: str, sql_state: str = "") -> None:
        """Note why it failed."""
        self.state = StatementState.FAILED
        self.error = {"error_code": code, "message": message}
        self.sql_state = sql_state
