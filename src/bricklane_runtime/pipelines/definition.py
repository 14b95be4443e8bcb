"""Turns what a source writes into datasets and flows; for Python and SQL alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bricklane_runtime.notebook.statements import tokens
from bricklane_runtime.pipelines.dataflow import Dataflow
from bricklane_runtime.pipelines.model import (
    Changes,
    Dataset,
    Expectation,
    Flow,
    Kind,
    PipelineError,
    Violation,
)
from bricklane_runtime.pipelines.sinks import checked

Query = Callable[[], Any]
# The attribute of a function that keeps expectations until the function defines a dataset.
EXPECTATIONS = "__pipeline_expectations__"
# Options of datasets, each with the kinds of datasets that take it.
TABLES = frozenset({Kind.TABLE, Kind.STREAMING_TABLE, Kind.MATERIALIZED_VIEW})
OPTIONS: dict[str, frozenset[Kind]] = {
    "name": TABLES | {Kind.VIEW},
    "comment": TABLES | {Kind.VIEW},
    "spark_conf": TABLES | {Kind.VIEW},
    "table_properties": TABLES,
    "partition_cols": TABLES,
    "cluster_by": TABLES,
    "schema": TABLES,
    "temporary": TABLES,
    "private": TABLES,
    "expect_all": TABLES,
    "expect_all_or_drop": TABLES,
    "expect_all_or_fail": TABLES,
}
VIOLATIONS = {
    "expect_all": Violation.ALLOW,
    "expect_all_or_drop": Violation.DROP,
    "expect_all_or_fail": Violation.FAIL,
}


class Definitions:
    """Adds definitions to a dataflow.

    Args:
        dataflow: gets them.
    """

    def __init__(self, dataflow: Dataflow) -> None:
        self._dataflow = dataflow
        # For expectations whose decorators stand above that of the dataset.
        self.by_query: dict[Query, Dataset] = {}

    def dataset(self, kind: Kind, query: Query, options: dict[str, Any]) -> None:
        """Define a dataset by its query.

        Args:
            kind: of the dataset.
            query: a function, whose name is that of the dataset unless the options have one.
            options: the documented parameters of decorators.

        Raises:
            PipelineError: an option is not known, or the name is taken.
        """
        name = str(options.get("name") or query.__name__)
        dataset = self._dataflow.add(self._described(kind, name, options))
        for expectation in vars(query).pop(EXPECTATIONS, ()):
            dataset.expect(expectation)
        self.by_query[query] = dataset
        flow = Flow(str(dataset.name), dataset.name, query, dataset.spark_conf)
        self._dataflow.add_flow(flow)

    def streaming_table(self, name: str, options: dict[str, Any]) -> None:
        """Define a streaming table without a flow.

        Raises:
            PipelineError: an option is not known, or the name is taken.
        """
        self._dataflow.add(self._described(Kind.STREAMING_TABLE, name, options))

    def sink(self, name: str, sink_format: str, options: dict[str, str]) -> None:
        """Define a sink.

        Raises:
            PipelineError: nothing here writes the format, an option is missing, or the name is
                taken.
        """
        checked(name, sink_format, options)
        self._dataflow.add(
            Dataset(self._dataflow.view(name_parts(name)), Kind.SINK, sink=dict(options))
        )

    def snapshots(
        self, target: str, source: Callable[[Any], Any], changes: Changes, *, periodic: bool
    ) -> None:
        """Define a flow of snapshots.

        Args:
            target: name of the streaming table.
            source: returns the snapshot behind a version and its own version, or None.
            changes: how the differences between snapshots are applied.
            periodic: each update takes one snapshot.

        Raises:
            PipelineError: the target has such a flow already.
        """
        table = self._dataflow.published(name_parts(target))
        flow = Flow(
            str(table), table, _no_query, changes=changes, snapshots=source, periodic=periodic
        )
        self._dataflow.add_flow(flow)

    def changes(
        self, target: str, name: str | None, query: Query, changes: Changes, *, once: bool
    ) -> None:
        """Define a flow of change data.

        Raises:
            PipelineError: the name is taken.
        """
        table = self._dataflow.published(name_parts(target))
        flow = Flow(name or str(table), table, query, once=once, changes=changes)
        self._dataflow.add_flow(flow)

    def _described(self, kind: Kind, name: str, options: dict[str, Any]) -> Dataset:
        for option, value in options.items():
            if value is not None and kind not in OPTIONS.get(option, ()):
                raise PipelineError(
                    f"The dataset {name!r}: {option} is not supported for a "
                    f"{kind.value.lower().replace('_', ' ')} here"
                )
        parts = name_parts(name)
        view = kind is Kind.VIEW
        dataset = Dataset(
            name=self._dataflow.view(parts) if view else self._dataflow.published(parts),
            kind=kind,
            comment=options.get("comment"),
            schema=options.get("schema"),
            properties={k: str(v) for k, v in (options.get("table_properties") or {}).items()},
            partition_columns=column_names(options.get("partition_cols") or ()),
            cluster_columns=column_names(options.get("cluster_by") or ()),
            private=bool(options.get("temporary") or options.get("private")),
            spark_conf={k: str(v) for k, v in (options.get("spark_conf") or {}).items()},
        )
        for option, violation in VIOLATIONS.items():
            for expectation in expectations_of(options.get(option) or {}, violation):
                dataset.expect(expectation)
        return dataset


def _no_query() -> None:
    """Stand where a flow of snapshots has no query."""


def expectations_of(conditions: dict[str, str], violation: Violation) -> list[Expectation]:
    """Return expectations.

    Args:
        conditions: SQL expressions by name.
        violation: what becomes of records that violate one.

    Raises:
        PipelineError: a condition is no text.
    """
    for name, condition in conditions.items():
        if not all(isinstance(text, str) for text in (name, condition)):
            raise PipelineError(
                f"An expectation is a name and a SQL expression, both text; got {name!r}: "
                f"{condition!r}"
            )
    return [Expectation(name, text, violation) for name, text in conditions.items()]


def name_parts(name: str) -> list[str]:
    """Return the parts of a name as SQL writes it.

    Raises:
        PipelineError: it is none.
    """
    parts: list[str] = []
    expecting = True
    for token in tokens(name.strip()):
        if expecting and token.kind == "name":
            parts.append(token.text[1:-1].replace("``", "`"))
        elif expecting and (token.kind == "word" or token.text.isdigit()):
            parts.append(token.text)
        elif token.text == "." and not expecting:
            expecting = True
            continue
        else:
            raise PipelineError(f"{name!r} is no name of a table: quote special characters with `")
        expecting = False
    if not parts or expecting:
        raise PipelineError(f"{name!r} is no name of a table")
    return parts


def column_names(columns: Iterable[Any]) -> tuple[str, ...]:
    """Return the names of columns that are given as text or as ``col("name")``.

    Raises:
        PipelineError: one of them is an expression.
    """
    from pyspark.sql.connect.column import Column
    from pyspark.sql.connect.expressions import ColumnReference

    names = []
    for column in [columns] if isinstance(columns, str) else columns:
        inner = column._expr if isinstance(column, Column) else column
        name = inner._unparsed_identifier if isinstance(inner, ColumnReference) else inner
        if not isinstance(name, str):
            raise PipelineError(f"{column!r} is no name of a column")
        names.append(name.strip("`"))
    return tuple(names)
