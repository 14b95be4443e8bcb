"""AUTO CDC FROM SNAPSHOT: what one snapshot of a source after the other makes of a table.

What differs between a snapshot and the one before is kept as changes, so that a table is made of
snapshots as it is of change data (see ``changes``).

Source: https://docs.databricks.com/en/ldp/developer/ldp-python-ref-apply-changes-from-snapshot
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterator
from typing import Any

from pyspark.sql import types
from pyspark.sql.connect import functions as f

from bricklane_runtime.pipelines.changes import DELETE, SEQUENCE, TRUNCATE, applied, kept_frame
from bricklane_runtime.pipelines.model import Changes, Flow, PipelineError

NEW, OLD = "__new", "__old"
# Types of versions, each with how one is written as a text and read again.
VERSIONS: dict[type, tuple[Callable[[Any], str], Callable[[str], Any]]] = {
    int: (str, int),
    str: (str, str),
    float: (repr, float),
    bytes: (bytes.hex, bytes.fromhex),
    dt.datetime: (dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.date: (dt.date.isoformat, dt.date.fromisoformat),
    decimal.Decimal: (str, decimal.Decimal),
}
NAMES = {kind.__name__: kind for kind in VERSIONS}


def remembered(version: Any) -> dict[str, str]:
    """Return a version as a document."""
    kind = type(version)
    return {"type": kind.__name__, "value": VERSIONS[kind][0](version)}


def recalled(document: dict[str, str] | None) -> Any:
    """Return the version of a document, None for none."""
    return None if not document else VERSIONS[NAMES[document["type"]]][1](document["value"])


def literal(version: Any) -> Any:
    """Return a version as a column; numbers have one type, however great they are."""
    column = f.lit(version)
    return column.cast("bigint") if isinstance(version, int) else column


def next_snapshot(flow: Flow, latest: Any) -> tuple[Any, Any] | None:
    """Return the snapshot of a flow behind a version, with its own, or None when there is none.

    Args:
        flow: with snapshots.
        latest: version of the last one that was taken; None when none was.

    Raises:
        PipelineError: what the source's function returns is no snapshot, or not a later one.
    """
    assert flow.snapshots is not None  # noqa: S101  (the caller looked)
    found = flow.snapshots(latest)
    if found is None:
        return None
    if not (isinstance(found, tuple) and len(found) == 2 and hasattr(found[0], "isStreaming")):
        raise PipelineError(
            f"The source of the flow '{flow.name}' must return a DataFrame and its version, or "
            f"None when there is no further snapshot; got {found!r}"
        )
    frame, version = found
    if type(version) not in VERSIONS:
        raise PipelineError(
            f"The version of a snapshot of the flow '{flow.name}' must be one of "
            f"{', '.join(NAMES)}; got {version!r}"
        )
    if latest is not None and not version > latest:
        raise PipelineError(
            f"The flow '{flow.name}' got the snapshot {version!r} after {latest!r}: versions must "
            "increase, and None ends them"
        )
    if frame.isStreaming:
        raise PipelineError(f"A snapshot of the flow '{flow.name}' must be a batch, not a stream")
    return frame, version


def snapshots(flow: Flow, latest: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the snapshots of a flow behind a version, each with its own."""
    while (found := next_snapshot(flow, latest)) is not None:
        yield found
        latest = found[1]
        if flow.periodic:
            return


def columns_of(frame: Any, version: Any, changes: Changes) -> types.StructType:
    """Return the columns of the target of snapshots.

    Args:
        frame: a snapshot.
        version: of it.
        changes: how snapshots are applied.
    """
    from bricklane_runtime.pipelines.changes import described

    sequence = frame.select(literal(version).alias(SEQUENCE)).schema[SEQUENCE].dataType
    return described(frame.schema, sequence, changes)


def differences(frame: Any, version: Any, changes: Changes, history: Any) -> Any:
    """Return the changes that lead from what was kept to a snapshot.

    Args:
        frame: the snapshot.
        version: of it.
        changes: how snapshots are applied.
        history: the changes kept so far, None for none.
    """
    if history is None:
        return kept_frame(frame, literal(version), f.lit(False))
    before = applied(history, Changes(changes.keys, None))
    only_before = [name for name in before.columns if name not in frame.columns]
    frame = frame.select("*", *(f.lit(None).alias(name) for name in only_before))
    only_now = [name for name in frame.columns if name not in before.columns]
    before = before.select("*", *(f.lit(None).alias(name) for name in only_now))
    names = [f"`{name}`" for name in frame.columns]
    matching = [(f"{NEW}_{at}", f"{OLD}_{at}", key) for at, key in enumerate(changes.keys)]
    new = frame.select(f.struct(*names).alias(NEW), *(f.col(k).alias(n) for n, _, k in matching))
    old = before.select(f.struct(*names).alias(OLD), *(f.col(k).alias(o) for _, o, k in matching))
    same = f.lit(True)
    for now, then, _ in matching:
        same = same & f.col(now).eqNullSafe(f.col(then))
    joined = new.join(old, same, "full_outer")
    changed = joined.where(~f.col(NEW).eqNullSafe(f.col(OLD)))
    rows = changed.select(
        f.coalesce(f.col(NEW), f.col(OLD)).alias("row"), f.col(NEW).isNull().alias(DELETE)
    )
    return rows.select(
        "row.*", literal(version).alias(SEQUENCE), DELETE, f.lit(False).alias(TRUNCATE)
    )
