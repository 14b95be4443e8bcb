"""The statements that make and refresh materialized views and streaming tables by themselves.

Each such table has a pipeline of its own, which an update fills; the statement waits for it.

Source: https://docs.databricks.com/en/sql/language-manual/sql-ref-syntax-ddl-create-materialized-view,
…/sql-ref-syntax-ddl-create-streaming-table, …/sql-ref-syntax-ddl-refresh-full.
"""

from __future__ import annotations

import datetime as dt
import decimal
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from bricklane_runtime.notebook.statements import tokens
from bricklane_runtime.pipelines.cursor import Cursor
from bricklane_runtime.pipelines.definition import name_parts
from bricklane_runtime.pipelines.model import PipelineError
from bricklane_runtime.pipelines.schedules import query_of, scheduled, without_schedule
from bricklane_runtime.pipelines.tables import literal
from bricklane_runtime.rest import Rest

if TYPE_CHECKING:
    from bricklane_runtime.session import RunSession

TABLES, PIPELINES = "/_bricklane/tables", "/api/2.0/pipelines"
POLL_SECONDS = 0.1
COMPLETED, FINAL = "COMPLETED", ("COMPLETED", "FAILED", "CANCELED")
KINDS = {
    ("MATERIALIZED", "VIEW"): "MATERIALIZED_VIEW",
    ("STREAMING", "TABLE"): "STREAMING_TABLE",
}
SCHEDULE_CHANGES = ("ADD", "ALTER", "DROP")
# The words between CREATE and the kind, with what becomes of a table that is there.
IF_EXISTS = {("OR", "REPLACE"): "replace", ("OR", "REFRESH"): "refresh"}


# Says whether the statement that waits for an update has been cancelled; where statements run in
# the main thread of a process, an exception tells it instead.
CANCELLED: ContextVar[Callable[[], bool]] = ContextVar("cancelled", default=lambda: False)


class RefreshFailure(Exception):  # noqa: N818 - the word of the event log
    """The update that a statement has started did not complete."""


class Statement:
    """A statement that may be one of these.

    Args:
        session: whose current catalog and schema its names begin with.
        rest: of the workspace.
        text: the statement.
        values: of its parameter markers.
    """

    def __init__(
        self, session: RunSession, rest: Rest, text: str, values: Mapping[str, Any]
    ) -> None:
        self._session = session
        self._rest = rest
        self._text = text
        self._values = values

    def run(self) -> str | None:
        """Carry it out if it is one.

        Returns:
            None when it was carried out; else the statement that Spark shall run.

        Raises:
            RefreshFailure: the update failed.
            PipelineError: it cannot be read, or is not supported.
            bricklane_runtime.rest.RestError: the workspace refuses it.
        """
        cursor = Cursor(self._text)
        if cursor.take("CREATE"):
            return self._create(cursor)
        if cursor.take("REFRESH"):
            return self._refresh(cursor)
        if cursor.take("DROP", "MATERIALIZED", "VIEW"):
            return f"DROP TABLE {cursor.rest()}"
        if cursor.take("ALTER"):
            return self._alter(cursor)
        return self._text

    def _alter(self, cursor: Cursor) -> str | None:
        kind = _kind(cursor)
        if kind is None:
            return self._text
        name = ".".join(self._full(cursor.name()))
        change = next((word for word in SCHEDULE_CHANGES if cursor.take(word)), None)
        if change is None or not cursor.sees("SCHEDULE"):
            what = kind.replace("_", " ")
            raise cursor.error(f"of ALTER {what} only ADD, ALTER and DROP SCHEDULE are supported")
        schedule = None
        if change == "DROP":
            cursor.take("SCHEDULE")
        else:
            schedule = scheduled(cursor)
        if not cursor.ended:
            raise cursor.error("the schedule ends before this")
        self._rest.call("POST", f"{TABLES}/schedule", name=name, change=change, schedule=schedule)
        return None

    def _create(self, cursor: Cursor) -> str | None:
        if_exists = next((do for words, do in IF_EXISTS.items() if cursor.take(*words)), "error")
        kind = _kind(cursor)
        if kind is None:
            return self._text
        if cursor.take("IF", "NOT", "EXISTS"):
            if_exists = "keep"
        catalog, schema, name = self._full(cursor.name())
        statement, schedule = without_schedule(self._filled())
        if schedule is not None and "seconds" in schedule:
            schedule["tables"] = self._sources(statement)
        started = self._rest.call(
            "POST",
            TABLES,
            name=f"{catalog}.{schema}.{name}",
            table_type=kind,
            statement=statement,
            schedule=schedule,
            catalog=self._session.catalog.currentCatalog(),
            schema=self._session.catalog.currentDatabase(),
            if_exists=if_exists,
        )
        if started:
            self._wait(started)
        return None

    def _refresh(self, cursor: Cursor) -> str | None:
        if _kind(cursor) is None:
            return self._text
        name = ".".join(self._full(cursor.name()))
        full = cursor.take("FULL")
        waits = not cursor.take("ASYNC")
        cursor.take("SYNC")
        if not cursor.ended:
            raise cursor.error("REFRESH takes FULL, SYNC and ASYNC")
        path = f"{TABLES}/refresh"
        started = self._rest.call("POST", path, name=name, full=full, waits=waits)
        if waits:
            self._wait(started)
        return None

    def _full(self, name: str) -> tuple[str, str, str]:
        parts = [part.lower() for part in name_parts(name)]
        if len(parts) < 3:
            parts.insert(0, self._session.catalog.currentDatabase()) if len(parts) == 1 else None
            parts.insert(0, self._session.catalog.currentCatalog())
        catalog, schema, table = parts
        return catalog, schema, table

    def _sources(self, statement: str) -> list[str]:
        """Return the tables that the query of a statement reads."""
        from bricklane_runtime.pipelines.session import references

        query = query_of(statement)
        found = references(self._session, query) if query else []
        names = [".".join(f"`{part}`" for part in reference.parts) for reference in found]
        if not names:
            raise PipelineError("TRIGGER ON UPDATE needs a query that reads tables: use SCHEDULE")
        return sorted({".".join(self._full(name)) for name in names})

    def _filled(self) -> str:
        """Return the statement with values in place of its markers: it outlives the session."""
        return "".join(
            self._literal(token.text[1:]) if token.kind == "marker" else token.text
            for token in tokens(self._text)
        )

    def _literal(self, name: str) -> str:
        if name not in self._values:
            raise PipelineError(f"[UNBOUND_SQL_PARAMETER] Found the unbound parameter: {name}.")
        return self._as_sql(name, self._values[name])

    def _as_sql(self, name: str, value: Any) -> str:
        from pyspark.sql.connect.column import Column

        if isinstance(value, Column):
            row = self._session.range(1).select(value).first()
            return self._as_sql(name, row[0] if row else None)
        if value is None:
            return "NULL"
        if isinstance(value, str):
            return literal(value)
        if isinstance(value, bool | int | float):
            return str(value).upper()
        if isinstance(value, decimal.Decimal):
            return f"{value}BD"
        if isinstance(value, dt.datetime):
            return f"TIMESTAMP '{value.isoformat(' ')}'"
        if isinstance(value, dt.date):
            return f"DATE '{value.isoformat()}'"
        raise PipelineError(
            f"The parameter {name} is a {type(value).__name__}, which the definition of a table "
            "cannot hold: write it into the statement"
        )

    def _wait(self, started: dict[str, Any]) -> None:
        path = f"{PIPELINES}/{started['pipeline_id']}"
        state = self._end(f"{path}/updates/{started['update_id']}", started)
        if state == COMPLETED:
            return
        wanted = f"level='ERROR' AND update_id='{started['update_id']}'"
        events = self._rest.call("GET", f"{path}/events", filter=wanted, max_results=1)
        found = (events.get("events") or [{}])[0]
        exceptions = (found.get("error") or {}).get("exceptions") or [{}]
        message = exceptions[0].get("message") or found.get("message") or f"it is {state}"
        raise RefreshFailure(f"The update {started['update_id']} failed: {message}")

    def _end(self, update: str, started: dict[str, Any]) -> str:
        """Return the state in which an update has ended; it ends with whoever waits for it."""
        try:
            while (state := self._rest.call("GET", update)["update"]["state"]) not in FINAL:
                _require_waiting()
                time.sleep(POLL_SECONDS)
        except BaseException:
            # A request of the other client may be what was interrupted.
            self._rest.again().call("POST", f"{TABLES}/stop", **started)
            raise
        return str(state)


def _require_waiting() -> None:
    if CANCELLED.get()():
        raise RefreshFailure("The statement was cancelled, and its update with it")


def _kind(cursor: Cursor) -> str | None:
    return next((kind for words, kind in KINDS.items() if cursor.take(*words)), None)
