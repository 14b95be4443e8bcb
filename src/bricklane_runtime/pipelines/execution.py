"""Runs the flows of a dataflow, each behind what it reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql.connect import functions as f
from pyspark.sql.connect.observation import Observation

from bricklane_runtime.failures import why_unwritten
from bricklane_runtime.pipelines import quality
from bricklane_runtime.pipelines.analysis import Analysis, Reading, not_streaming
from bricklane_runtime.pipelines.changes import applied, kept
from bricklane_runtime.pipelines.events import Events
from bricklane_runtime.pipelines.model import Dataset, Flow, Kind, Name, PipelineError
from bricklane_runtime.pipelines.quality import INPUT, OUTPUT, Counts
from bricklane_runtime.pipelines.sinks import started
from bricklane_runtime.pipelines.snapshots import differences, recalled, remembered, snapshots
from bricklane_runtime.pipelines.tables import Storage, Tables, version

POLL_SECONDS = 0.1
# The name under which Spark reports how many changes were kept.
KEPT_ROWS = "pipeline_changes"
# Settings of Delta by which a write is made once, however often it is tried.
# https://docs.delta.io/latest/delta-streaming.html#idempotent-table-writes-in-foreachbatch
ONCE = {"txnVersion": "1"}


class Execution(Reading):
    """The run of one dataflow.

    Args:
        analysis: of the dataflow.
        tables: where datasets are kept.
        storage: of the pipeline.
        events: told what happens.
    """

    def __init__(
        self, analysis: Analysis, tables: Tables, storage: Storage, events: Events
    ) -> None:
        super().__init__(analysis.session, analysis.dataflow, storage)
        self._analysis = analysis
        self._tables = tables
        self._events = events
        self._views: dict[Name, Any] = {}
        # What each flow reported last; in later rounds of a continuous pipeline only news is said.
        self._reported: dict[str, dict[str, Any]] = {}
        self._again = False
        self.failures: dict[Name, Exception] = {}

    def frame(self, dataset: Dataset, reader: Any, *, streaming: bool) -> Any:
        """Return a dataset as it is now."""
        if not dataset.is_view:
            return self._tables.of(dataset).frame(reader)
        frame = self._view(dataset)
        if streaming and not frame.isStreaming:
            raise PipelineError(not_streaming(dataset))
        return frame

    def named(self, dataset: Dataset, *, streaming: bool) -> str:
        """Return the name of a table, or name a view."""
        del streaming
        if not dataset.is_view:
            return self._tables.of(dataset).sql
        return self.as_view(dataset, self._view(dataset))

    def _view(self, dataset: Dataset) -> Any:
        if dataset.name not in self._views:
            (flow,) = self.dataflow.flows_of(dataset)
            frame, _ = self.evaluate(flow)
            self._views[dataset.name] = quality.enforced(frame, dataset)
        return self._views[dataset.name]

    def run(self, datasets: list[Dataset]) -> None:
        """Run the flows of some datasets; those behind a failure are skipped.

        Args:
            datasets: in the order in which they are made.
        """
        self._views.clear()
        self._again = bool(self._reported)
        for dataset in datasets:
            for flow in self.dataflow.flows_of(dataset):
                self._begins(flow, "QUEUED")
        for dataset in datasets:
            inputs = self._analysis.found[dataset.name].inputs
            failed = next((each for each in inputs if self._has_failed(each)), None)
            for flow in self.dataflow.flows_of(dataset):
                if failed is None:
                    self._run(dataset, flow)
                else:
                    reason = f"'{failed.name}', which it reads, has failed."
                    self._events.flow(flow.name, str(dataset.name), "SKIPPED", reason=reason)
            if failed is not None:
                self.failures[dataset.name] = PipelineError(f"'{failed.name}' has failed")

    def _has_failed(self, dataset: Dataset) -> bool:
        if dataset.is_view:
            return any(map(self._has_failed, self._analysis.found[dataset.name].inputs))
        return dataset.name in self.failures

    def _run(self, dataset: Dataset, flow: Flow) -> None:
        name, target = flow.name, str(dataset.name)
        self._begins(flow, "STARTING", "RUNNING")
        try:
            with self._settings({**dataset.spark_conf, **flow.spark_conf}):
                counts = self._filled(dataset, flow)
        except Exception as problem:
            error = quality.explained(problem)
            self.failures[dataset.name] = error
            self._events.flow(name, target, "FAILED", reason=_in_a_line(error), error=error)
            return
        details = counts.details(dataset)
        news = counts.output > 0 if dataset.adds else details != self._reported.get(name)
        if news or not self._again:
            self._events.flow(name, target, "COMPLETED", **details)
        self._reported[name] = details

    def _begins(self, flow: Flow, *statuses: str) -> None:
        """Say that a flow begins, unless it has run before."""
        if not self._again:
            for status in statuses:
                self._events.flow(flow.name, str(flow.target), status)

    @contextmanager
    def _settings(self, settings: dict[str, str]) -> Iterator[None]:
        conf = self.session.conf
        before: dict[str, Any] = {key: conf.get(key, None) for key in settings}
        for key, value in settings.items():
            conf.set(key, value)
        try:
            yield
        finally:
            for key, value in before.items():
                conf.unset(key) if value is None else conf.set(key, value)

    def _filled(self, dataset: Dataset, flow: Flow) -> Counts:
        if flow.snapshots is not None:
            return self._take_snapshots(dataset, flow)
        if flow.changes is not None:
            return self._apply(dataset, flow)
        if dataset.adds and not flow.once:
            return self._stream(dataset, flow)
        counts = Counts()
        before, after = Observation(INPUT), Observation(OUTPUT)
        frame, _ = self.evaluate(flow)
        frame = _declared(frame, dataset)
        if not flow.once and not self._tables.keeps(dataset, frame.schema):
            return self._made_anew(dataset, frame)
        if dataset.expectations:
            frame = frame.observe(before, *quality.before(dataset))
        frame = quality.enforced(frame, dataset).observe(after, *quality.after())
        store = self._tables.of(dataset)
        if flow.once:
            application = f"{dataset.name}/{flow.name}/{self.storage.generation(dataset)}"
            store.append(frame, {"txnAppId": application, **ONCE})
        else:
            store.overwrite(frame)
        counts.add(dataset, _observed(before) if dataset.expectations else {}, _observed(after))
        return counts

    def _made_anew(self, dataset: Dataset, frame: Any) -> Counts:
        """Replace a table whose columns have changed; Spark observes nothing of that."""
        counts = Counts()
        seen = frame.agg(*quality.before(dataset)).first().asDict() if dataset.expectations else {}
        self._tables.replace(dataset, quality.enforced(frame, dataset))
        written = self._tables.of(dataset).frame(self.session.read).count()
        counts.add(dataset, seen, {quality.ROWS: written})
        return counts

    def _stream(self, dataset: Dataset, flow: Flow) -> Counts:
        frame, _ = self.evaluate(flow)
        frame = _declared(frame, dataset)
        if dataset.expectations:
            frame = frame.observe(INPUT, *quality.before(dataset))
        frame = quality.enforced(frame, dataset).observe(OUTPUT, *quality.after())
        writer = (
            frame.writeStream.outputMode("append")
            .option("checkpointLocation", self.storage.checkpoint(dataset, flow.name))
            .trigger(availableNow=True)
        )
        if dataset.kind is Kind.SINK:
            query = started(writer, dataset)
        else:
            query = self._tables.of(dataset).stream(writer.option("mergeSchema", "true"))
        counts = Counts()
        for metrics in _batches(query):
            counts.add(dataset, metrics.get(INPUT, {}), metrics.get(OUTPUT, {}))
        return counts

    def _apply(self, dataset: Dataset, flow: Flow) -> Counts:
        """Keep the changes that came, then make the table what all changes make together."""
        changes = flow.changes
        assert changes is not None  # noqa: S101  (the caller looked)
        frame, _ = self.evaluate(flow)
        address = self.storage.changes(dataset, flow.name)
        if dataset.expectations:
            frame = frame.observe(INPUT, *quality.before(dataset))
        frame = quality.enforced(frame, dataset).observe(OUTPUT, *quality.after())
        counts = Counts()
        if flow.once:
            application = f"{dataset.name}/{flow.name}/{self.storage.generation(dataset)}"
            options = {"txnAppId": application, "mergeSchema": "true", **ONCE}
            writer = kept(frame, changes).write.format("delta").mode("append").options(**options)
            writer.save(address)
        else:
            stream = (
                kept(frame, changes)
                .writeStream.format("delta")
                .outputMode("append")
                .option("checkpointLocation", self.storage.checkpoint(dataset, flow.name))
                .option("mergeSchema", "true")
                .trigger(availableNow=True)
            )
            for metrics in _batches(stream.start(address)):
                counts.add(dataset, metrics.get(INPUT, {}), metrics.get(OUTPUT, {}))
        self._apply_kept(dataset)
        return counts

    def _take_snapshots(self, dataset: Dataset, flow: Flow) -> Counts:
        """Keep how each further snapshot differs, then make the table of all changes."""
        counts = Counts()
        current = self._versions(dataset) == self.storage.applied(dataset)
        self.session.use(*self.dataflow.namespaces[flow.name])
        with self.evaluating(flow):
            latest = recalled(self.storage.snapshot(dataset, flow.name))
            for frame, taken in snapshots(flow, latest):
                self._take_snapshot(dataset, flow, frame, taken, counts)
        if current and not counts.output:
            # Snapshots without a difference make no new table.
            self.storage.apply(dataset, self._versions(dataset))
        self._apply_kept(dataset)
        return counts

    def _take_snapshot(
        self, dataset: Dataset, flow: Flow, frame: Any, taken: Any, counts: Counts
    ) -> None:
        assert flow.changes is not None  # noqa: S101  (flows with snapshots have them)
        address = self.storage.changes(dataset, flow.name)
        known = bool(version(address))
        history = self.session.read.format("delta").load(address) if known else None
        before, passed, kept_rows = Observation(INPUT), Observation(OUTPUT), Observation(KEPT_ROWS)
        if dataset.expectations:
            frame = frame.observe(before, *quality.before(dataset))
        frame = quality.enforced(frame, dataset).observe(passed, *quality.after())
        changed = differences(frame, taken, flow.changes, history)
        writer = changed.observe(kept_rows, *quality.after()).write.format("delta")
        writer.mode("append").option("mergeSchema", "true").save(address)
        counts.add(dataset, _observed(before) if dataset.expectations else {}, _observed(passed))
        # What comes out is what differs, not the snapshot.
        counts.output += _observed(kept_rows)[quality.ROWS] - _observed(passed)[quality.ROWS]
        self.storage.take_snapshot(dataset, flow.name, remembered(taken))

    def _versions(self, dataset: Dataset) -> dict[str, str]:
        """Return the versions of the kept changes, by flow."""
        return {
            each.name: version(self.storage.changes(dataset, each.name))
            for each in self.dataflow.flows_of(dataset)
        }

    def _apply_kept(self, dataset: Dataset) -> None:
        """Make a table what all kept changes make together, unless it is."""
        # Looked up, not taken from the counts: an update that was killed between keeping and
        # applying has left changes to apply.
        versions = self._versions(dataset)
        if versions != self.storage.applied(dataset):
            self._apply_all(dataset)
            self.storage.apply(dataset, versions)

    def _apply_all(self, dataset: Dataset) -> None:
        merged: Any = None
        changes = None
        for flow in self.dataflow.flows_of(dataset):
            address = self.storage.changes(dataset, flow.name)
            if flow.changes is None or not version(address):
                continue
            changes = flow.changes
            history = self.session.read.format("delta").load(address)
            merged = (
                history if merged is None else merged.unionByName(history, allowMissingColumns=True)
            )
        if merged is not None and changes is not None:
            self._tables.replace(dataset, applied(merged, changes))


def _declared(frame: Any, dataset: Dataset) -> Any:
    """Return a frame with the columns that were declared, in their types."""
    from pyspark.sql import types

    schema = dataset.schema
    if schema is None:
        return frame
    if not isinstance(schema, types.StructType):
        schema = frame.sparkSession._parse_ddl(schema)
    return frame.select(*(f.col(f"`{item.name}`").cast(item.dataType) for item in schema.fields))


def _batches(query: Any) -> Iterator[dict[str, Any]]:
    """Wait for the end of a query; yield what was observed of each of its batches.

    Raises:
        pyspark.errors.StreamingQueryException: the query failed.
    """
    seen: set[int] = set()
    try:
        active = True
        while active:
            active = not query.awaitTermination(POLL_SECONDS)
            for progress in query.recentProgress:
                if progress.batchId not in seen and progress.numInputRows:
                    seen.add(progress.batchId)
                    yield _metrics(progress)
    finally:
        if query.isActive:
            query.stop()


def _metrics(progress: Any) -> dict[str, Any]:
    """Return what was observed of a batch; of a stream, rows come apart from their columns."""
    found = {}
    for name, row in (progress.observedMetrics or {}).items():
        described = row.asDict()
        names = [field["name"] for field in described["schema"]["fields"]]
        found[name] = dict(zip(names, described["values"], strict=True))
    return found


def _observed(observation: Observation) -> dict[str, Any]:
    return dict(observation.get)


def _in_a_line(error: Exception) -> str:
    said = why_unwritten(error) or str(error) or type(error).__name__
    return said.strip().splitlines()[0]
