"""The SQL statements by which pipelines define datasets and flows.

Source: https://docs.databricks.com/en/ldp/developer/sql-ref and the pages below it: CREATE
MATERIALIZED VIEW, CREATE STREAMING TABLE, CREATE VIEW, CREATE FLOW, AUTO CDC INTO.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bricklane_runtime.pipelines.cursor import Cursor, items
from bricklane_runtime.pipelines.dataflow import Dataflow
from bricklane_runtime.pipelines.definition import Definitions, expectations_of, name_parts
from bricklane_runtime.pipelines.model import (
    Changes,
    Expectation,
    Flow,
    Kind,
    PipelineError,
    Violation,
)

# The words after CREATE, with the kind of dataset that they make; the first that fits counts.
DATASETS: dict[tuple[str, ...], Kind] = {
    ("STREAMING", "LIVE", "TABLE"): Kind.STREAMING_TABLE,
    ("STREAMING", "TABLE"): Kind.STREAMING_TABLE,
    ("STREAMING", "LIVE", "VIEW"): Kind.VIEW,
    ("MATERIALIZED", "VIEW"): Kind.MATERIALIZED_VIEW,
    ("LIVE", "TABLE"): Kind.MATERIALIZED_VIEW,
    ("LIVE", "VIEW"): Kind.VIEW,
    ("VIEW",): Kind.VIEW,
}
VIOLATIONS: dict[tuple[str, ...], Violation] = {
    ("DROP", "ROW"): Violation.DROP,
    ("FAIL", "UPDATE"): Violation.FAIL,
}
APPLY = (("APPLY", "CHANGES"), ("AUTO", "CDC"))


@dataclass(slots=True)
class Header:
    """What stands between the name of a dataset and its query.

    Args:
        options: as the decorators of Python name them.
        expectations: of the dataset.
        columns: their definitions.
    """

    options: dict[str, Any] = field(default_factory=dict)
    expectations: list[Expectation] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)


class Statements:
    """Carries out the statements of SQL sources.

    Args:
        dataflow: gets the definitions.
        query: makes a function of the text of a query, which returns its data frame.
        stream: makes a function of the text of a source of change data.
        setting: takes the name and the value of a SET.
    """

    def __init__(
        self,
        dataflow: Dataflow,
        query: Callable[[str], Callable[[], Any]],
        stream: Callable[[str], Callable[[], Any]],
        setting: Callable[[str, str], None],
    ) -> None:
        self._dataflow = dataflow
        self._definitions = Definitions(dataflow)
        self._query = query
        self._stream = stream
        self._setting = setting

    def run(self, text: str) -> None:
        """Carry out one statement.

        Raises:
            PipelineError: it is none that a pipeline has, or cannot be read.
        """
        cursor = Cursor(text)
        if any(cursor.take(*words, "INTO") for words in APPLY):
            self._apply_changes(cursor, None)
        elif cursor.take("SET"):
            name = cursor.until(("=",)).strip("`")
            cursor.expect("=")
            self._setting(name, cursor.rest().strip("'\""))
        elif cursor.take("USE"):
            self._use(cursor)
        elif cursor.take("CREATE"):
            self._create(cursor)
        else:
            raise PipelineError(
                "Pipelines take CREATE MATERIALIZED VIEW, CREATE STREAMING TABLE, CREATE VIEW, "
                f"CREATE FLOW, AUTO CDC INTO, SET and USE; got: {' '.join(text.split())[:80]}"
            )

    def _use(self, cursor: Cursor) -> None:
        """Change where names lead from here on."""
        catalog = cursor.take("CATALOG")
        if not catalog:
            cursor.take("SCHEMA") or cursor.take("DATABASE")
        parts = name_parts(cursor.name())
        if catalog or len(parts) == 2:
            self._dataflow.catalog = parts[0]
        if not catalog:
            self._dataflow.schema = parts[-1]

    def _create(self, cursor: Cursor) -> None:
        if not cursor.take("OR", "REFRESH"):
            cursor.take("OR", "REPLACE")
        if cursor.take("FLOW"):
            self._flow(cursor)
            return
        private = cursor.take("PRIVATE")
        temporary = cursor.take("TEMPORARY") or cursor.take("TEMP")
        kind = next((kind for words, kind in DATASETS.items() if cursor.take(*words)), None)
        if kind is None:
            raise cursor.error(
                "a pipeline creates a MATERIALIZED VIEW, a STREAMING TABLE, a VIEW or a FLOW"
            )
        cursor.take("IF", "NOT", "EXISTS")
        name = cursor.name()
        header = Header({"private": True} if (private or temporary) and kind != Kind.VIEW else {})
        if cursor.sees("("):
            _columns(cursor.parentheses(), header)
        self._dataset(cursor, kind, name, header)

    def _dataset(self, cursor: Cursor, kind: Kind, name: str, header: Header) -> None:
        while not (cursor.ended or cursor.sees("AS") or cursor.sees("FLOW")):
            _clause(cursor, header)
        options = header.options
        if header.columns and kind is not Kind.VIEW:
            options["schema"] = ", ".join(header.columns)
        elif header.columns:
            raise PipelineError(f"The view {name}: name its columns in the query, not before it")
        query = self._query(cursor.rest()) if cursor.take("AS") else None
        if query is not None:
            self._definitions.dataset(kind, query, {**options, "name": name})
            found = self._dataflow.find(name_parts(name))
        elif kind is Kind.STREAMING_TABLE:
            self._definitions.streaming_table(name, options)
            found = self._dataflow.find(name_parts(name))
            if cursor.take("FLOW"):
                if not any(cursor.take(*words) for words in APPLY):
                    raise cursor.error("FLOW AUTO CDC takes a source of change data")
                self._changes(cursor, name, None, once=False)
        else:
            raise cursor.error(f"AS and the query of {name} are missing")
        for expectation in header.expectations:
            assert found is not None  # noqa: S101  (it was just defined)
            found.expect(expectation)

    def _flow(self, cursor: Cursor) -> None:
        name = cursor.name()
        if cursor.take("COMMENT"):
            cursor.string()
        cursor.expect("AS")
        if any(cursor.take(*words, "INTO") for words in APPLY):
            self._apply_changes(cursor, name)
            return
        cursor.expect("INSERT", "INTO")
        once = cursor.take("ONCE")
        target = self._dataflow.published(name_parts(cursor.name()))
        cursor.expect("BY", "NAME")
        query = self._query(cursor.rest())
        self._dataflow.add_flow(Flow(name.strip("`").lower(), target, query, once=once))

    def _apply_changes(self, cursor: Cursor, name: str | None) -> None:
        once = cursor.take("ONCE")
        self._changes(cursor, cursor.name(), name, once=once)

    def _changes(self, cursor: Cursor, target: str, name: str | None, *, once: bool) -> None:
        cursor.expect("FROM")
        source = self._stream(cursor.until(("KEYS",)))
        cursor.expect("KEYS")
        keys = _names(cursor.parentheses())
        given: dict[str, Any] = {}
        while not cursor.ended:
            given |= _change_clause(cursor)
        if "sequence" not in given:
            raise cursor.error("SEQUENCE BY is missing")
        self._definitions.changes(target, name, source, Changes(keys, **given), once=once)


CHANGE_CLAUSES: tuple[tuple[str, ...], ...] = (
    ("WHERE",),
    ("IGNORE", "NULL", "UPDATES"),
    ("APPLY", "AS"),
    ("SEQUENCE", "BY"),
    ("COLUMNS",),
    ("STORED", "AS"),
    ("TRACK", "HISTORY", "ON"),
)


def _change_clause(cursor: Cursor) -> dict[str, Any]:
    if cursor.take("IGNORE", "NULL", "UPDATES"):
        return {"ignore_null_updates": True}
    for what in ("DELETE", "TRUNCATE"):
        if cursor.take("APPLY", "AS", what, "WHEN"):
            return {f"{what.lower()}s": cursor.until(*CHANGE_CLAUSES)}
    if cursor.take("SEQUENCE", "BY"):
        return {"sequence": cursor.until(*CHANGE_CLAUSES)}
    if cursor.take("STORED", "AS", "SCD", "TYPE"):
        kind = cursor.until(*CHANGE_CLAUSES)
        if kind not in ("1", "2"):
            raise cursor.error(f"SCD TYPE must be 1 or 2, got {kind}")
        return {"history": kind == "2"}
    if cursor.take("COLUMNS"):
        return _selection(cursor, "columns", "except_columns")
    if cursor.take("TRACK", "HISTORY", "ON"):
        return _selection(cursor, "tracked", "untracked")
    raise cursor.error("this clause of AUTO CDC is not supported here")


def _selection(cursor: Cursor, chosen: str, left_out: str) -> dict[str, Any]:
    if cursor.take("*", "EXCEPT"):
        return {left_out: _names(cursor.parentheses())}
    if cursor.take("*"):
        return {}
    return {chosen: _names(cursor.parentheses())}


def _names(text: str) -> tuple[str, ...]:
    return tuple(item.strip("`") for item in items(text))


def _columns(text: str, header: Header) -> None:
    """Read the parentheses behind a name: columns, expectations, constraints."""
    for item in items(text):
        cursor = Cursor(item)
        if not cursor.take("CONSTRAINT"):
            if cursor.sees("PRIMARY", "KEY") or cursor.sees("FOREIGN", "KEY"):
                continue
            cursor.name()
            if cursor.ended or cursor.sees("COMMENT") or cursor.sees("NOT", "NULL"):
                raise cursor.error(f"the column {item!r} needs a type here")
            header.columns.append(item)
            continue
        name = cursor.name().strip("`")
        if not cursor.take("EXPECT"):
            # PRIMARY KEY and FOREIGN KEY inform, and nothing checks them.
            continue
        condition = cursor.parentheses()
        violation = Violation.ALLOW
        if cursor.take("ON", "VIOLATION"):
            violation = next(
                (found for words, found in VIOLATIONS.items() if cursor.take(*words)), violation
            )
        if not cursor.ended:
            raise cursor.error("ON VIOLATION takes DROP ROW or FAIL UPDATE")
        header.expectations += expectations_of({name: condition}, violation)


def _clause(cursor: Cursor, header: Header) -> None:
    """Read one clause between a dataset's name and its query."""
    options = header.options
    if cursor.take("COMMENT"):
        options["comment"] = cursor.string()
    elif cursor.take("TBLPROPERTIES"):
        options["table_properties"] = _properties(cursor.parentheses())
    elif cursor.take("PARTITIONED", "BY"):
        options["partition_cols"] = list(_names(cursor.parentheses()))
    elif cursor.take("CLUSTER", "BY"):
        if not (cursor.take("AUTO") or cursor.take("NONE")):
            options["cluster_by"] = list(_names(cursor.parentheses()))
    elif cursor.take("USING", "DELTA"):
        pass
    else:
        raise cursor.error("this clause is not supported in a pipeline here")


def _properties(text: str) -> dict[str, str]:
    found = {}
    for item in items(text):
        cursor = Cursor(item)
        key = cursor.string() if cursor.piece.kind == "text" else cursor.name()
        cursor.take("=")
        found[key] = cursor.string() if cursor.piece.kind == "text" else cursor.rest()
    return found
