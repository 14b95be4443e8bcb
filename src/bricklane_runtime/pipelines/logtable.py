"""The table that publishes the event log of a pipeline.

Source: https://docs.databricks.com/en/ldp/monitor-event-logs
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyspark.sql.connect import functions as f

from bricklane_runtime.pipelines.model import Dataset, Kind, Name, PipelineError
from bricklane_runtime.pipelines.tables import PublishedTable
from bricklane_runtime.rest import Rest
from bricklane_runtime.results import Failure, Outcome

if TYPE_CHECKING:
    from bricklane_runtime.session import RunSession
    from bricklane_runtime.task import Task

EVENTS = "/api/2.1/unity-catalog/event-logs"


class LogTable:
    """Publishes the events of a pipeline.

    Args:
        session: of whom the pipeline acts as.
        rest: of the workspace.
        pipeline_id: of the pipeline.
        name: full name of the table.
    """

    def __init__(self, session: RunSession, rest: Rest, pipeline_id: str, name: str) -> None:
        dataset = Dataset(Name(tuple(name.split("."))), Kind.TABLE)
        self._session = session
        self._rest = rest
        self._pipeline_id = pipeline_id
        self._table = PublishedTable(session, rest, dataset, pipeline_id)

    def publish(self) -> None:
        """Add the events that the table lacks; make it when it is not there.

        Raises:
            PipelineError: something else has its name.
        """
        exists = self._table.exists()
        for schema, events in self._pages(self._newest() if exists else 0):
            parsed = f.from_json(f.col("event"), schema).alias("event")
            rows = self._session.createDataFrame([(text,) for text in events], "event STRING")
            frame = rows.select(parsed).select("event.*")
            if exists:
                self._table.append(frame, {})
            else:
                self._table.replace(frame)
            exists = True

    def _newest(self) -> int:
        number = f.max("sequence.control_plane_seq_no")
        found = self._session.table(self._table.sql).select(number).first()
        return int((found and found[0]) or 0)

    def _pages(self, after: int) -> Iterator[tuple[str, list[str]]]:
        query: dict[str, Any] = {"pipeline_id": self._pipeline_id, "after": after}
        while True:
            answer = self._rest.call("GET", EVENTS, **query)
            if answer["events"]:
                yield answer["schema"], answer["events"]
            if not answer.get("next_page_token"):
                return
            query["after"] = answer["next_page_token"]


def run_event_log(task: Task) -> Outcome:
    """Publish the events of a pipeline whose update has ended."""
    pipeline, session = task.specification.pipeline, task.session
    if pipeline is None or session is None:
        raise ValueError("The task has kind event_log, but no pipeline or no Spark")
    rest = Rest(task.specification.host, task.specification.token)
    try:
        LogTable(session, rest, pipeline.pipeline_id, pipeline.log_table).publish()
    except PipelineError as error:
        return Outcome(Failure(type(error).__name__, str(error), ""))
    return Outcome()
