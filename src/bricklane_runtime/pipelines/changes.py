"""AUTO CDC: what change data makes of a table.

Source: https://docs.databricks.com/en/ldp/cdc. All changes are kept beside the table, and the
table is what they make together; so changes that arrive late or out of order, and an update that
was killed between keeping and applying, come to the same table.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import types
from pyspark.sql.connect import functions as f
from pyspark.sql.connect.window import Window

from bricklane_runtime.pipelines.model import Changes, PipelineError

START, END = "__START_AT", "__END_AT"
SEQUENCE, DELETE, TRUNCATE = "__sequence", "__delete", "__truncate"
# Columns of kept changes that their source does not have.
KEPT = (SEQUENCE, DELETE, TRUNCATE)


def _column(value: Any) -> Any:
    return f.expr(value) if isinstance(value, str) else value


def target_columns(columns: list[str], changes: Changes) -> list[str]:
    """Return the columns that a target has of those that its source has.

    Raises:
        PipelineError: a key, or a column that is named, is not there.
    """
    present = {name.lower(): name for name in columns}
    named = (*changes.keys, *(changes.columns or ()), *changes.except_columns)
    for name in (*named, *(changes.tracked or ()), *changes.untracked):
        if name.lower() not in present:
            raise PipelineError(
                f"The column {name!r} of AUTO CDC is not in its source, which has: "
                + ", ".join(columns)
            )
    if changes.columns is not None:
        return [present[name.lower()] for name in changes.columns]
    left_out = {name.lower() for name in changes.except_columns}
    return [name for name in columns if name.lower() not in left_out]


def target_schema(source: Any, changes: Changes) -> types.StructType:
    """Return the columns of the target of a stream of changes.

    Args:
        source: frame of the changes.
        changes: how they are applied.

    Raises:
        PipelineError: a column that is named is not there.
    """
    return described(source.schema, kept(source, changes).schema[SEQUENCE].dataType, changes)


def described(
    source: types.StructType, sequence: types.DataType, changes: Changes
) -> types.StructType:
    """Return the columns of the target of changes.

    Args:
        source: columns of the changes.
        sequence: type of what orders them.
        changes: how they are applied.

    Raises:
        PipelineError: a column that is named is not there.
    """
    fields = [source[name] for name in target_columns(source.names, changes)]
    if changes.history:
        fields += [types.StructField(name, sequence) for name in (START, END)]
    return types.StructType(fields)


def kept(source: Any, changes: Changes) -> Any:
    """Return the changes as they are kept: with their order and what they do."""
    truncates = _condition(changes.truncates)
    return kept_frame(source, _column(changes.sequence), _condition(changes.deletes), truncates)


def kept_frame(source: Any, sequence: Any, deletes: Any, truncates: Any = None) -> Any:
    """Return changes as they are kept.

    Args:
        source: frame of the changes.
        sequence: column that orders them.
        deletes: column that says whether a change deletes.
        truncates: column that says whether a change empties the target; None for never.
    """
    return source.select(
        "*",
        sequence.alias(SEQUENCE),
        deletes.alias(DELETE),
        (f.lit(False) if truncates is None else truncates).alias(TRUNCATE),
    )


def _condition(value: Any) -> Any:
    return f.lit(False) if value is None else f.coalesce(_column(value), f.lit(False))


def applied(history: Any, changes: Changes) -> Any:
    """Return the rows that changes make together.

    Args:
        history: all of them, as :func:`kept` returns them.
        changes: how they are applied.
    """
    columns = [name for name in history.columns if name not in KEPT]
    keys = list(changes.keys)
    history = history.where(f.col(SEQUENCE).isNotNull())
    if changes.truncates is not None:
        emptied = history.where(f.col(TRUNCATE)).agg(f.max(SEQUENCE).alias("__emptied"))
        history = history.crossJoin(emptied).where(
            f.col("__emptied").isNull() | (f.col(SEQUENCE) > f.col("__emptied"))
        )
        history = history.drop("__emptied")
    # Of changes with the same place in the order, which must not be, one counts.
    order = Window.partitionBy(*keys).orderBy(f.col(SEQUENCE).asc())
    history = history.dropDuplicates([*keys, SEQUENCE])
    others = [name for name in columns if name.lower() not in {key.lower() for key in keys}]
    if changes.ignore_null_updates:
        # A record that was deleted has no values that a later null could keep.
        history = history.withColumn("__life", f.sum(f.col(DELETE).cast("int")).over(order))
        life = Window.partitionBy(*keys, "__life").orderBy(f.col(SEQUENCE).asc())
        filled = {name: f.last(name, ignorenulls=True).over(life) for name in others}
        history = history.withColumns(filled).drop("__life") if filled else history
    wanted = target_columns(columns, changes)
    if changes.history:
        return _entries(history, changes, order, wanted)
    newest = Window.partitionBy(*keys).orderBy(f.col(SEQUENCE).desc())
    ranked = history.withColumn("__rank", f.row_number().over(newest))
    return ranked.where((f.col("__rank") == 1) & ~f.col(DELETE)).select(*wanted)


def _entries(history: Any, changes: Changes, order: Any, wanted: list[str]) -> Any:
    """Return the history of records: one entry for each value of the tracked columns."""
    keys = {key.lower() for key in changes.keys}
    left_out = keys | {name.lower() for name in changes.untracked}
    named = wanted if changes.tracked is None else list(changes.tracked)
    tracked = [name for name in named if name.lower() not in left_out]
    before = f.lag(DELETE).over(order)
    begins = before.isNull() | f.col(DELETE) | before
    for name in tracked:
        begins = begins | ~f.col(name).eqNullSafe(f.lag(name).over(order))
    marked = history.withColumn("__begins", begins.cast("int"))
    numbered = marked.withColumn("__entry", f.sum("__begins").over(order))
    values = [name for name in wanted if name.lower() not in keys]
    entries = numbered.groupBy(*changes.keys, "__entry").agg(
        *(f.max_by(name, SEQUENCE).alias(name) for name in values),
        f.min(SEQUENCE).alias(START),
        f.max(DELETE).alias(DELETE),
    )
    following = Window.partitionBy(*changes.keys).orderBy(f.col("__entry").asc())
    ended = entries.withColumn(END, f.lead(START).over(following))
    return ended.where(~f.col(DELETE)).select(*wanted, START, END)
