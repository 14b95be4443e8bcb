"""The parts of a dataflow graph: datasets, the flows that fill them, expectations.

Source: https://docs.databricks.com/en/ldp/concepts (flows, streaming tables, materialized views,
views) and https://docs.databricks.com/en/ldp/expectations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class PipelineError(Exception):
    """A source of the pipeline asks for what cannot be."""


class Kind(StrEnum):
    """Kinds of datasets, as Unity Catalog names the types of tables."""

    MATERIALIZED_VIEW = "MATERIALIZED_VIEW"
    STREAMING_TABLE = "STREAMING_TABLE"
    VIEW = "VIEW"
    SINK = "SINK"
    # Of dlt.table, which is one of the first two: its query decides.
    TABLE = "TABLE"


class Violation(StrEnum):
    """What becomes of a record that does not meet an expectation."""

    ALLOW = "ALLOW"
    DROP = "DROP"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A condition that every record of a dataset should meet.

    Args:
        name: shown in the event log.
        condition: a SQL expression; a record for which it is not true violates it.
        violation: what becomes of such a record.
    """

    name: str
    condition: str
    violation: Violation = Violation.ALLOW


@dataclass(frozen=True, slots=True)
class Name:
    """Name of a dataset.

    Args:
        parts: catalog, schema and name of a published table; the name alone of a view. Lower case.
    """

    parts: tuple[str, ...]

    @property
    def last(self) -> str:
        """The name without catalog and schema."""
        return self.parts[-1]

    @property
    def sql(self) -> str:
        """The name as SQL takes it."""
        return ".".join("`" + part.replace("`", "``") + "`" for part in self.parts)

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(slots=True, eq=False)
class Dataset:
    """A table or view of the pipeline.

    Args:
        name: its name.
        kind: its kind; of :attr:`Kind.TABLE` the analysis makes one of the others.
        comment: its description.
        schema: the columns as they were declared: DDL text, a ``StructType`` or None.
        properties: of the table.
        partition_columns: columns by which it is partitioned.
        cluster_columns: columns by which it is clustered.
        expectations: by name.
        private: not published: only the pipeline reads it.
        spark_conf: settings under which its flows run.
        sink: options of a sink: ``path`` or ``tableName``, and those of the format.
    """

    name: Name
    kind: Kind
    comment: str | None = None
    schema: Any = None
    properties: dict[str, str] = field(default_factory=dict)
    partition_columns: tuple[str, ...] = ()
    cluster_columns: tuple[str, ...] = ()
    expectations: dict[str, Expectation] = field(default_factory=dict)
    private: bool = False
    spark_conf: dict[str, str] = field(default_factory=dict)
    sink: dict[str, str] = field(default_factory=dict)

    @property
    def adds(self) -> bool:
        """Whether its flows add to what is there."""
        return self.kind in (Kind.STREAMING_TABLE, Kind.SINK)

    @property
    def is_view(self) -> bool:
        """Whether nothing is stored for it."""
        return self.kind is Kind.VIEW

    def expect(self, expectation: Expectation) -> None:
        """Add an expectation.

        Raises:
            PipelineError: one of the same name is there.
        """
        if expectation.name in self.expectations:
            raise PipelineError(
                f"The dataset {self.name} has two expectations named {expectation.name!r}"
            )
        self.expectations[expectation.name] = expectation


@dataclass(frozen=True, slots=True)
class Changes:
    """How a flow applies change data to its target (AUTO CDC).

    Source: https://docs.databricks.com/en/ldp/developer/ldp-python-ref-apply-changes

    Args:
        keys: columns that identify a record.
        sequence: SQL expression, or column, that orders the changes of a record.
        deletes: condition, likewise, for changes that delete; None for none.
        truncates: condition for changes that empty the target; None for none.
        ignore_null_updates: a null in a change keeps the value that the record has.
        columns: the columns of the target; None for all of the source.
        except_columns: columns of the source that the target lacks.
        history: whether the target keeps the history of records (SCD type 2).
        tracked: columns whose changes make a new entry of the history; None for all.
        untracked: columns whose changes make none.
    """

    keys: tuple[str, ...]
    sequence: Any
    deletes: Any = None
    truncates: Any = None
    ignore_null_updates: bool = False
    columns: tuple[str, ...] | None = None
    except_columns: tuple[str, ...] = ()
    history: bool = False
    tracked: tuple[str, ...] | None = None
    untracked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """What fills a dataset.

    Args:
        name: its name, that of the dataset for a flow that was defined with it.
        target: the dataset.
        query: returns the data frame of what it adds.
        spark_conf: settings under which it runs.
        once: it runs a single time, until the target is fully refreshed.
        changes: how its rows are applied to the target; None when they are added.
        snapshots: of AUTO CDC FROM SNAPSHOT: returns the snapshot behind a version and its own
            version, or None when there is none.
        periodic: each update takes one snapshot, whose version is the time.
    """

    name: str
    target: Name
    query: Callable[[], Any]
    spark_conf: dict[str, str] = field(default_factory=dict)
    once: bool = False
    changes: Changes | None = None
    snapshots: Callable[[Any], Any] | None = None
    periodic: bool = False
