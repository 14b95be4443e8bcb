"""Sinks: where append flows write what is kept outside of the pipeline.

Source: https://docs.databricks.com/en/ldp/developer/ldp-python-ref-sink
"""

from __future__ import annotations

from typing import Any

from bricklane_runtime.pipelines.model import Dataset, PipelineError

DELTA = "delta"
PATH, TABLE_NAME = "path", "tableName"
# Other formats that the platform has, with why they lead nowhere here.
REFUSED = {
    "kafka": "the local workspace reaches no Kafka and no Event Hubs",
    "eventhubs": "the local workspace reaches no Event Hubs",
}


def checked(name: str, sink_format: str, options: dict[str, str]) -> None:
    """Refuse a sink that cannot be written.

    Raises:
        PipelineError: of another format than delta, or not exactly one of path and tableName.
    """
    if sink_format.lower() != DELTA:
        why = REFUSED.get(sink_format.lower(), "the local workspace does not write it from sinks")
        raise PipelineError(f"The sink {name!r}: the format {sink_format!r} is not there: {why}")
    given = [option for option in (PATH, TABLE_NAME) if options.get(option)]
    if len(given) != 1:
        raise PipelineError(
            f"The sink {name!r} of format delta needs one of the options {PATH} and {TABLE_NAME}"
        )
    if given == [TABLE_NAME] and options[TABLE_NAME].count(".") < 2:
        raise PipelineError(
            f"The sink {name!r}: {TABLE_NAME} must be such as catalog.schema.table, got "
            f"{options[TABLE_NAME]!r}"
        )


def started(writer: Any, sink: Dataset) -> Any:
    """Start a query that writes into a sink, and return it."""
    options = {k: v for k, v in sink.sink.items() if k not in (PATH, TABLE_NAME)}
    writer = writer.format(DELTA).options(**options)
    if PATH in sink.sink:
        return writer.start(sink.sink[PATH])
    return writer.toTable(sink.sink[TABLE_NAME])
