"""Analyses a dataflow before anything runs: which dataset reads which, and what columns each has.

Every query is evaluated against empty inputs with the columns that its inputs will have, so that a
misspelt column fails the update before any table is changed, and an update can only validate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from pyspark.sql import types
from pyspark.sql.connect import functions as f

from bricklane_runtime.pipelines.changes import KEPT, SEQUENCE, described, target_schema
from bricklane_runtime.pipelines.dataflow import Dataflow
from bricklane_runtime.pipelines.definition import name_parts
from bricklane_runtime.pipelines.model import Dataset, Flow, Kind, Name, PipelineError
from bricklane_runtime.pipelines.session import PipelineSession
from bricklane_runtime.pipelines.snapshots import columns_of, next_snapshot, recalled
from bricklane_runtime.pipelines.tables import Storage, version


class UpstreamFailure(PipelineError):  # noqa: N818 - it is another's
    """A dataset cannot be had because one that it reads failed.

    Args:
        name: the dataset that failed.
    """

    def __init__(self, name: Name) -> None:
        super().__init__(f"The dataset '{name}', which it reads, has failed")


@dataclass(slots=True)
class Analysed:
    """What is known of a dataset before it is made.

    Args:
        schema: its columns.
        inputs: the datasets that it reads, each once.
        sources: the tables outside of the pipeline that it reads.
        frame: of a view.
        streaming: whether a view is a stream.
    """

    schema: types.StructType
    inputs: list[Dataset]
    sources: list[str]
    frame: Any = None
    streaming: bool = False


@dataclass(slots=True)
class Evaluation:
    """A query that is being evaluated.

    Args:
        flow: whose query it is.
        inputs: datasets that it has read so far.
        sources: tables outside of the pipeline that it has read.
        loaded: how many sources Auto Loader has loaded for it.
    """

    flow: Flow
    inputs: dict[Name, Dataset] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)
    loaded: int = 0


class Reading:
    """Answers the reads of queries by what stands for each dataset.

    Args:
        session: of the pipeline.
        dataflow: with its datasets.
        storage: of the pipeline.
    """

    def __init__(self, session: PipelineSession, dataflow: Dataflow, storage: Storage) -> None:
        self.session = session
        self.dataflow = dataflow
        self.storage = storage
        self._evaluations: list[Evaluation] = []
        self._named: set[str] = set()

    @contextmanager
    def evaluating(self, flow: Flow) -> Iterator[Evaluation]:
        """Answer the reads of a flow's query, which are noted."""
        before, self.session.reads = self.session.reads, self
        evaluation = Evaluation(flow)
        self._evaluations.append(evaluation)
        try:
            yield evaluation
        finally:
            self._evaluations.pop()
            self.session.reads = before

    def evaluate(self, flow: Flow) -> tuple[Any, Evaluation]:
        """Return the data frame of a flow's query, and what it read.

        Raises:
            PipelineError: the query returns something else.
        """
        self.session.use(*self.dataflow.namespaces[flow.name])
        with self.evaluating(flow) as evaluation:
            frame = flow.query()
        if not hasattr(frame, "isStreaming"):
            raise PipelineError(
                f"The query of '{flow.name}' must return a Spark DataFrame, got "
                f"{type(frame).__name__}"
            )
        return frame, evaluation

    def schema_location(self) -> str:
        """Return where Auto Loader keeps the schema of the next source that the query loads."""
        evaluation = self._evaluations[-1]
        evaluation.loaded += 1
        dataset = self.dataflow.datasets[evaluation.flow.target]
        return self.storage.schema(dataset, evaluation.flow.name, evaluation.loaded)

    def table(self, name: str, reader: Any, *, streaming: bool) -> Any:
        """Return the data frame of a table, of the pipeline or not."""
        dataset = self.dataflow.find(name_parts(name))
        if dataset is None:
            self._evaluations[-1].sources[name] = None
            return reader.plain_table(name)
        self._evaluations[-1].inputs[dataset.name] = dataset
        return self.frame(dataset, reader, streaming=streaming)

    def statement(self, text: str) -> str:
        """Return a query with the names that its datasets have where it runs."""
        found = self.session.references(text)
        datasets = [self.dataflow.find(reference.parts) for reference in found]
        streams = {
            dataset.name
            for dataset, reference in zip(datasets, found, strict=True)
            if dataset is not None and reference.streaming
        }
        replaced = list(text)
        pairs = sorted(zip(found, datasets, strict=True), key=lambda p: p[0].start, reverse=True)
        for reference, dataset in pairs:
            if dataset is None:
                self._evaluations[-1].sources[".".join(reference.parts)] = None
                continue
            self._evaluations[-1].inputs[dataset.name] = dataset
            name = self.named(dataset, streaming=dataset.name in streams)
            # Where a table is read as a stream, Spark counts the word as a part of its place.
            read = f"STREAM {name}" if reference.streaming else name
            replaced[reference.start : reference.stop + 1] = read
        return "".join(replaced)

    def frame(self, dataset: Dataset, reader: Any, *, streaming: bool) -> Any:
        """Return what stands for a dataset."""
        raise NotImplementedError

    def named(self, dataset: Dataset, *, streaming: bool) -> str:
        """Return the name, as SQL takes it, of what stands for a dataset."""
        raise NotImplementedError

    def as_view(self, dataset: Dataset, frame: Any) -> str:
        """Give a frame the name by which SQL finds it."""
        frame.createOrReplaceTempView(dataset.name.last)
        self._named.add(dataset.name.last)
        return Name((dataset.name.last,)).sql


class Analysis(Reading):
    """The analysis of one dataflow.

    Args:
        session: of the pipeline.
        dataflow: to analyse.
        storage: of the pipeline.
    """

    def __init__(self, session: PipelineSession, dataflow: Dataflow, storage: Storage) -> None:
        super().__init__(session, dataflow, storage)
        self.found: dict[Name, Analysed] = {}
        self.failures: dict[Name, Exception] = {}
        self._active: list[Dataset] = []

    def run(self) -> list[Dataset]:
        """Analyse all datasets; return those that can be made, each behind what it reads."""
        for dataset in list(self.dataflow.datasets.values()):
            try:
                self.of(dataset)
            except Exception as error:
                self.failures.setdefault(dataset.name, error)
        for name in self._named:
            # They are empty, and nothing that runs may find them.
            self.session.catalog.dropTempView(name)
        return [self.dataflow.datasets[name] for name in self.found]

    def of(self, dataset: Dataset) -> Analysed:
        """Return what is known of a dataset.

        Raises:
            PipelineError: it reads itself, or does not fit its kind.
            UpstreamFailure: what it reads has failed.
        """
        known = self.found.get(dataset.name)
        if known is not None:
            return known
        if dataset in self._active:
            circle = [*self._active[self._active.index(dataset) :], dataset]
            raise PipelineError(
                "Datasets read each other in a circle: " + " > ".join(str(d.name) for d in circle)
            )
        if dataset.name in self.failures:
            raise UpstreamFailure(dataset.name)
        self._active.append(dataset)
        try:
            found = self._analysed(dataset)
        except Exception as error:
            self.failures[dataset.name] = error
            raise
        finally:
            self._active.pop()
        self.found[dataset.name] = found
        return found

    def _analysed(self, dataset: Dataset) -> Analysed:
        evaluations = []
        schema: types.StructType | None = None
        frame = None
        for flow in self.dataflow.flows_of(dataset):
            if flow.snapshots is not None:
                added, evaluation = self._of_snapshots(dataset, flow)
            else:
                frame, evaluation = self.evaluate(flow)
                self._check(dataset, flow, frame)
                changes = flow.changes
                added = frame.schema if changes is None else target_schema(frame, changes)
            evaluations.append(evaluation)
            schema = added if schema is None else _united(schema, added)
        assert schema is not None  # noqa: S101  (Dataflow.check sees to a flow)
        if dataset.schema is not None:
            schema = self._declared(dataset)
        self._check_expectations(dataset, schema)
        inputs = {name: item for each in evaluations for name, item in each.inputs.items()}
        sources = dict.fromkeys(name for each in evaluations for name in each.sources)
        view = frame if dataset.is_view else None
        streaming = bool(view is not None and view.isStreaming)
        return Analysed(schema, list(inputs.values()), list(sources), view, streaming)

    def _of_snapshots(self, dataset: Dataset, flow: Flow) -> tuple[types.StructType, Evaluation]:
        """Return the columns that snapshots make: of the next one, or of those taken before."""
        changes = flow.changes
        assert changes is not None  # noqa: S101  (flows with snapshots have them)
        self.session.use(*self.dataflow.namespaces[flow.name])
        latest = recalled(self.storage.snapshot(dataset, flow.name))
        with self.evaluating(flow) as evaluation:
            found = next_snapshot(flow, latest)
        if found is not None:
            return columns_of(*found, changes), evaluation
        address = self.storage.changes(dataset, flow.name)
        if not version(address):
            raise PipelineError(
                f"The source of the flow '{flow.name}' returns no snapshot yet, so the columns of "
                f"'{dataset.name}' are not known"
            )
        history = self.session.read.format("delta").load(address).schema
        columns = [item for item in history.fields if item.name not in KEPT]
        sequence = history[SEQUENCE].dataType
        return described(types.StructType(columns), sequence, changes), evaluation

    def _check(self, dataset: Dataset, flow: Flow, frame: Any) -> None:
        streaming = bool(frame.isStreaming)
        if dataset.kind is Kind.TABLE:
            dataset.kind = Kind.STREAMING_TABLE if streaming else Kind.MATERIALIZED_VIEW
        if dataset.kind is Kind.MATERIALIZED_VIEW and streaming:
            raise PipelineError(
                f"The materialized view '{dataset.name}' must be defined by a batch query, and its "
                "query is a stream: read its sources without STREAM or read_stream, or make it a "
                "streaming table"
            )
        if dataset.kind is Kind.SINK and not streaming:
            raise PipelineError(
                f"The flow '{flow.name}' of the sink '{dataset.name}' has a batch query: read its "
                "source with spark.readStream"
            )
        if dataset.kind is Kind.STREAMING_TABLE and streaming == flow.once:
            fix = (
                "a flow that runs once takes a batch query"
                if flow.once
                else "read its source with STREAM or spark.readStream"
            )
            raise PipelineError(
                f"The flow '{flow.name}' of the streaming table '{dataset.name}' has a "
                f"{'streaming' if streaming else 'batch'} query: {fix}"
            )

    def _declared(self, dataset: Dataset) -> types.StructType:
        if isinstance(dataset.schema, types.StructType):
            return dataset.schema
        try:
            return cast("types.StructType", self.session._parse_ddl(dataset.schema))
        except Exception as error:
            raise PipelineError(f"The schema of '{dataset.name}': {error}") from error

    def _check_expectations(self, dataset: Dataset, schema: types.StructType) -> None:
        if dataset.expectations:
            frame = self.session.createDataFrame([], schema)
            conditions = [f.expr(each.condition) for each in dataset.expectations.values()]
            _ = frame.select(*conditions).schema

    def frame(self, dataset: Dataset, reader: Any, *, streaming: bool) -> Any:
        """Return an empty frame with the columns of a dataset."""
        del reader
        known = self.of(dataset)
        if dataset.is_view:
            if streaming and not known.streaming:
                raise PipelineError(not_streaming(dataset))
            return known.frame
        return self._stream(known.schema) if streaming else self._batch(known.schema)

    def named(self, dataset: Dataset, *, streaming: bool) -> str:
        """Name an empty frame with the columns of a dataset."""
        return self.as_view(dataset, self.frame(dataset, None, streaming=streaming))

    def _batch(self, schema: types.StructType) -> Any:
        return self.session.createDataFrame([], schema)

    def _stream(self, schema: types.StructType) -> Any:
        # Spark has no empty stream of given columns.
        columns = [f.lit(None).cast(item.dataType).alias(item.name) for item in schema.fields]
        return self.session.readStream.format("rate").load().where("false").select(*columns)


def not_streaming(dataset: Dataset) -> str:
    """Return the message for a batch view that is read as a stream."""
    return (
        f"'{dataset.name}' is a view of a batch query and cannot be read as a stream: define it by "
        "a streaming query"
    )


def _united(one: types.StructType, other: types.StructType) -> types.StructType:
    known = {item.name.lower() for item in one.fields}
    added = [item for item in other.fields if item.name.lower() not in known]
    return types.StructType([*one.fields, *added])
