"""One update of a pipeline: from its sources to its tables.

Source: https://docs.databricks.com/en/ldp/updates
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_runtime.failures import failure, message_of
from bricklane_runtime.pipelines.analysis import Analysis, UpstreamFailure
from bricklane_runtime.pipelines.dataflow import Dataflow
from bricklane_runtime.pipelines.definition import name_parts
from bricklane_runtime.pipelines.events import Events
from bricklane_runtime.pipelines.execution import Execution
from bricklane_runtime.pipelines.logtable import LogTable
from bricklane_runtime.pipelines.model import Dataset, Kind, Name, PipelineError
from bricklane_runtime.pipelines.session import PipelineSession
from bricklane_runtime.pipelines.sources import Sources
from bricklane_runtime.pipelines.tables import Storage, Tables
from bricklane_runtime.rest import Rest, RestError
from bricklane_runtime.results import Failure, Outcome
from bricklane_runtime.specification import PipelineTask

if TYPE_CHECKING:
    from bricklane_runtime.task import Task

# How long a continuous pipeline waits between its rounds, unless it is configured.
# https://docs.databricks.com/en/ldp/configure-pipeline (pipelines.trigger.interval)
# The property of a table that protects it from full refreshes.
# https://docs.databricks.com/en/ldp/properties
RESET_ALLOWED = "pipelines.reset.allowed"
SCHEMAS = "/api/2.1/unity-catalog/schemas"
INTERVAL, DEFAULT_INTERVAL = "pipelines.trigger.interval", 5.0
UNITS = {"second": 1, "minute": 60, "hour": 3600}


class UpdateFailure(PipelineError):  # noqa: N818 - the word of the event log
    """An update cannot complete."""


def run_pipeline(task: Task) -> Outcome:
    """Run the update of a task."""
    pipeline, session = task.specification.pipeline, task.session
    if pipeline is None or not isinstance(session, PipelineSession):
        raise ValueError("The task has kind pipeline, but no pipeline or no Spark")
    folder = Path(task.specification.run_directory)
    events = Events(folder, pipeline.update_id, task.vault.redactor)
    try:
        Update(task, pipeline, session, events).run()
    except Exception as error:
        found = failure(error)
        expected = isinstance(error, UpdateFailure)
        return Outcome(Failure(found.type, found.message, "" if expected else found.traceback))
    return Outcome()


class Update:
    """One update.

    Args:
        task: that runs it.
        pipeline: what to update.
        session: of the pipeline.
        events: told what happens.
    """

    def __init__(
        self, task: Task, pipeline: PipelineTask, session: PipelineSession, events: Events
    ) -> None:
        specification = task.specification
        self._task = task
        self._pipeline = pipeline
        self._session = session
        self._events = events
        self._settings = {**pipeline.configuration, **pipeline.parameters}
        self._dataflow = Dataflow(specification.catalog, specification.schema)
        self._storage = Storage(Path(pipeline.storage))
        self._rest = Rest(specification.host, specification.token)
        self._tables = Tables(session, self._rest, self._storage, pipeline.pipeline_id)

    def run(self) -> None:
        """Carry it out.

        Raises:
            UpdateFailure: a source, the analysis or a flow failed; events say more.
        """
        self._events.state("INITIALIZING")
        self._ensure_schema()
        self._publish_events()
        self._define()
        analysis = Analysis(self._session, self._dataflow, self._storage)
        datasets = analysis.run()
        self._report(analysis, datasets)
        chosen = self._chosen(datasets)
        if self._pipeline.validate_only:
            return
        self._set_up(analysis, datasets, chosen)
        self._events.state("RUNNING")
        execution = Execution(analysis, self._tables, self._storage, self._events)
        made = [each for each in datasets if not each.is_view and each.name in chosen]
        while True:
            execution.run(made)
            if execution.failures:
                names = ", ".join(f"'{name}'" for name in execution.failures)
                first = next(iter(execution.failures.values()))
                raise UpdateFailure(f"Flows of {names} have failed: {message_of(first)}")
            if not self._pipeline.continuous:
                return
            self._publish_events()
            time.sleep(interval(self._settings.get(INTERVAL, "")))

    def _ensure_schema(self) -> None:
        """Make the schema of the pipeline unless it is there.

        Raises:
            UpdateFailure: it is not there, and whom the update acts as may not make it.
        """
        catalog, schema = self._dataflow.catalog, self._dataflow.schema
        try:
            self._rest.call("GET", f"{SCHEMAS}/{catalog}.{schema}")
        except RestError as missing:
            if missing.code != "SCHEMA_DOES_NOT_EXIST":
                raise UpdateFailure(missing.message) from missing
            try:
                self._rest.call("POST", SCHEMAS, name=schema, catalog_name=catalog)
            except RestError as error:
                raise UpdateFailure(
                    f"The schema {catalog}.{schema} does not exist and cannot be made: "
                    f"{error.message}"
                ) from error

    def _publish_events(self) -> None:
        """Bring the table of the event log up to date.

        Raises:
            UpdateFailure: it cannot be made or written.
        """
        name = self._pipeline.log_table
        if not name or self._pipeline.validate_only:
            return
        try:
            LogTable(self._session, self._rest, self._pipeline.pipeline_id, name).publish()
        except Exception as error:
            raise UpdateFailure(f"The event log cannot be published to {name}: {error}") from error

    def _define(self) -> None:
        for key, value in self._settings.items():
            self._session.conf.set(key, value)
        root = self._pipeline.root_folder
        if root:
            sys.path.insert(0, root)
        sources = Sources(self._task, self._dataflow, self._session, self._settings)
        for source in self._pipeline.sources:
            sources.run(source)
        self._dataflow.check()

    def _report(self, analysis: Analysis, datasets: list[Dataset]) -> None:
        """Say what was found, and fail if something cannot be.

        Raises:
            UpdateFailure: a query of the pipeline cannot be analysed.
        """
        for name, error in analysis.failures.items():
            if not isinstance(error, UpstreamFailure):
                message = f"Failed to resolve flow: '{name}'. {str(error).splitlines()[0]}"
                origin = {"flow_name": str(name), "dataset_name": str(name)}
                details = {"status": "FAILED"}
                self._events.write(
                    "flow_progress", message, details, level="ERROR", error=error, origin=origin
                )
        if analysis.failures:
            causes = {
                name: error
                for name, error in analysis.failures.items()
                if not isinstance(error, UpstreamFailure)
            }
            names = ", ".join(f"'{name}'" for name in causes)
            first = next(iter(causes.values()))
            raise UpdateFailure(f"Failed to analyze flow(s) {names}: {first}")
        for dataset in datasets:
            self._describe(dataset, analysis)

    def _describe(self, dataset: Dataset, analysis: Analysis) -> None:
        found = analysis.found[dataset.name]
        name = str(dataset.name)
        origin = {"dataset_name": name}
        self._events.write(
            "dataset_definition",
            f"Dataset '{name}' defined as {dataset.kind}.",
            {
                "dataset_type": dataset.kind.value,
                "num_flows": len(self._dataflow.flows_of(dataset)),
                "expectations": len(dataset.expectations),
                "schema": [
                    {"name": field.name, "data_type": field.dataType.simpleString()}
                    for field in found.schema.fields
                ],
            },
            origin=origin,
        )
        for flow in self._dataflow.flows_of(dataset):
            self._events.write(
                "flow_definition",
                f"Flow '{flow.name}' defined as {'APPEND' if dataset.adds else 'COMPLETE'}.",
                {
                    "output_dataset": name,
                    "input_datasets": [
                        *({"name": str(each.name)} for each in found.inputs),
                        *({"name": source} for source in found.sources),
                    ],
                    "flow_type": _flow_type(dataset, flow.changes is not None),
                },
                origin=origin | {"flow_name": flow.name},
            )

    def _chosen(self, datasets: list[Dataset]) -> dict[Name, bool]:
        """Return the tables to update, each with whether it is fully refreshed.

        Raises:
            UpdateFailure: a table that the update names is none of the pipeline's.
        """
        pipeline = self._pipeline
        if not (pipeline.refresh_selection or pipeline.full_refresh_selection):
            full = pipeline.full_refresh
            return {each.name: full and _may_be_reset(each) for each in datasets}
        chosen: dict[Name, bool] = {}
        for names, full in (
            (pipeline.refresh_selection, False),
            (pipeline.full_refresh_selection, True),
        ):
            for name in names:
                found = self._dataflow.find(name_parts(name))
                if found is None or found.is_view:
                    known = ", ".join(str(each.name) for each in datasets if not each.is_view)
                    raise UpdateFailure(
                        f"The table '{name}' of the selection is not in the pipeline, which has: "
                        f"{known}"
                    )
                if full and not _may_be_reset(found):
                    raise UpdateFailure(
                        f"The table '{found.name}' cannot be fully refreshed: its property "
                        f"{RESET_ALLOWED} is false"
                    )
                chosen[found.name] = full
        return chosen

    def _set_up(
        self, analysis: Analysis, datasets: list[Dataset], chosen: dict[Name, bool]
    ) -> None:
        if any(chosen.values()):
            self._events.state("RESETTING")
        self._events.state("SETTING_UP_TABLES")
        for dataset in datasets:
            if dataset.is_view or dataset.name not in chosen:
                continue
            self._reset_checkpoints(dataset)
            schema = analysis.found[dataset.name].schema
            try:
                self._tables.prepare(dataset, schema, reset=chosen[dataset.name])
            except Exception as error:
                self._events.flow(
                    str(dataset.name), str(dataset.name), "FAILED", reason=str(error), error=error
                )
                raise UpdateFailure(f"Failed to set up '{dataset.name}': {error}") from error
            if not dataset.private and dataset.kind is not Kind.SINK:
                table = {"full_name": str(dataset.name), "table_type": dataset.kind.value}
                self._events.write(
                    "table_created",
                    f"Table '{dataset.name}' is set up.",
                    {"table_type": dataset.kind.value},
                    origin={"dataset_name": str(dataset.name)},
                    table=table,
                )

    def _reset_checkpoints(self, dataset: Dataset) -> None:
        for flow in self._dataflow.flows_of(dataset):
            if flow.name in self._pipeline.reset_checkpoint_selection:
                self._storage.reset_flow(dataset, flow.name)


def _may_be_reset(dataset: Dataset) -> bool:
    return dataset.properties.get(RESET_ALLOWED, "true").lower() != "false"


def _flow_type(dataset: Dataset, changes: bool) -> str:
    if dataset.is_view:
        return "VIEW"
    if changes:
        return "CHANGE"
    return "APPEND" if dataset.adds else "COMPLETE"


def interval(text: str) -> float:
    """Return the seconds of an interval such as ``10 seconds``.

    Raises:
        UpdateFailure: it is none.
    """
    if not text:
        return DEFAULT_INTERVAL
    number, _, unit = text.strip().partition(" ")
    seconds = UNITS.get(unit.strip().lower().removesuffix("s"))
    if seconds is None or not number.isdigit():
        raise UpdateFailure(f"{INTERVAL} must be such as '10 seconds', got {text!r}")
    return float(number) * seconds
