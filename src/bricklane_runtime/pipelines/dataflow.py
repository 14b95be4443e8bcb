"""The dataflow graph that the sources of a pipeline define."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bricklane_runtime.pipelines.model import Dataset, Flow, Kind, Name, PipelineError

# The schema by which older sources name the datasets of their own pipeline.
LIVE = "live"


@dataclass(slots=True)
class Dataflow:
    """The datasets and flows of one pipeline.

    Args:
        catalog: where tables go whose names do not say.
        schema: likewise.
        datasets: by name.
        flows: in the order in which they were defined.
        namespaces: catalog and schema that were current where a flow was defined, by its name.
    """

    catalog: str
    schema: str
    datasets: dict[Name, Dataset] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    namespaces: dict[str, tuple[str, str]] = field(default_factory=dict)

    def published(self, parts: Iterable[str]) -> Name:
        """Return the full name of a table as a source writes it.

        Args:
            parts: one to three of them; ``LIVE`` before the name is the pipeline's own schema.

        Raises:
            PipelineError: more than three.
        """
        named = tuple(part.lower() for part in parts)
        if len(named) == 2 and named[0] == LIVE:
            named = named[1:]
        if not 1 <= len(named) <= 3:
            raise PipelineError(f"{'.'.join(named)!r} has more parts than catalog.schema.table")
        default = (self.catalog.lower(), self.schema.lower())
        return Name((*default[: 3 - len(named)], *named))

    def view(self, parts: Iterable[str]) -> Name:
        """Return the name of a view, which has no catalog and no schema.

        Raises:
            PipelineError: the name has one.
        """
        named = tuple(part.lower() for part in parts)
        if len(named) == 2 and named[0] == LIVE:
            named = named[1:]
        if len(named) != 1:
            raise PipelineError(
                f"The temporary view {'.'.join(named)!r} belongs to no catalog or schema: name it "
                f"{named[-1]!r}"
            )
        return Name(named)

    def find(self, parts: Iterable[str]) -> Dataset | None:
        """Return the dataset that a name in a query means, None when it is none of the pipeline's.

        Raises:
            PipelineError: the name says that it is the pipeline's own, and it is not.
        """
        named = tuple(part.lower() for part in parts)
        own = len(named) == 2 and named[0] == LIVE
        bare = named[1:] if own else named
        found = self.datasets.get(Name(bare)) if len(bare) == 1 else None
        if found is None and len(bare) <= 3:
            found = self.datasets.get(self.published(bare))
        if found is not None and found.kind is Kind.SINK:
            # What is written there is no dataset: such a name in a query means a table.
            found = None
        if found is None and own:
            raise PipelineError(
                f"Failed to read dataset '{bare[0]}'. Dataset is not defined in the pipeline."
            )
        return found

    def add(self, dataset: Dataset) -> Dataset:
        """Add a dataset.

        Raises:
            PipelineError: one of the same name is there.
        """
        if dataset.name in self.datasets:
            raise PipelineError(
                f"Cannot have multiple datasets named '{dataset.name}'. Datasets of a pipeline "
                "must have unique names."
            )
        self.datasets[dataset.name] = dataset
        return dataset

    def add_flow(self, flow: Flow) -> None:
        """Add a flow.

        Raises:
            PipelineError: one of the same name is there.
        """
        if flow.name in self.flows:
            raise PipelineError(
                f"Cannot have multiple flows named '{flow.name}'. Flows of a pipeline must have "
                "unique names."
            )
        self.flows[flow.name] = flow
        self.namespaces[flow.name] = (self.catalog, self.schema)

    def flows_of(self, dataset: Dataset) -> list[Flow]:
        """Return the flows that fill a dataset."""
        return [flow for flow in self.flows.values() if flow.target == dataset.name]

    def check(self) -> None:
        """Check what no single definition shows.

        Raises:
            PipelineError: nothing is defined, a flow has no target, a target takes no such flow,
                or a dataset has no flow.
        """
        if not self.datasets:
            raise PipelineError(
                "[NO_TABLES_IN_PIPELINE] Pipelines are expected to have at least one table or view "
                "defined but none were found in the sources of the pipeline."
            )
        for flow in list(self.flows.values()):
            sink = self.datasets.get(Name((flow.target.last,)))
            if flow.target not in self.datasets and sink is not None and sink.kind is Kind.SINK:
                # Sinks have no catalog and no schema, and a later source may define one.
                flow = self.flows[flow.name] = replace(flow, target=sink.name)  # noqa: PLW2901
            target = self.datasets.get(flow.target)
            if target is None:
                raise PipelineError(
                    f"The flow '{flow.name}' writes to '{flow.target}', which the pipeline does "
                    "not define: define it with create_streaming_table or CREATE STREAMING TABLE"
                )
            if flow.name != str(target.name) and not target.adds:
                raise PipelineError(
                    f"The flow '{flow.name}' cannot add to '{flow.target}': only streaming tables "
                    "and sinks take flows that are defined apart"
                )
            if target.kind is Kind.SINK and (flow.changes is not None or flow.once):
                raise PipelineError(
                    f"The flow '{flow.name}' cannot write to the sink '{flow.target}': sinks take "
                    "append flows of streams only"
                )
        for dataset in self.datasets.values():
            if not self.flows_of(dataset) and dataset.kind is not Kind.SINK:
                raise PipelineError(
                    f"The dataset '{dataset.name}' has no flow that fills it: give it a query, or "
                    "define an append flow or an AUTO CDC flow into it"
                )
