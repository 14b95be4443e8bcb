"""Where the data of datasets is: Delta tables in Unity Catalog, or the pipeline's own folder."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from pyspark.sql import types
from pyspark.sql.connect import functions as f

from bricklane_runtime.pipelines.model import Dataset, Kind, PipelineError
from bricklane_runtime.pipelines.session import PipelineSession
from bricklane_runtime.rest import Rest, RestError
from bricklane_runtime.session import RunSession

# The property by which a table names the pipeline that made it.
PIPELINE_ID = "pipelines.pipelineId"
GENERATION, DEFINITION, APPLIED = "generation", "definition", "applied"
SNAPSHOTS = "snapshots"
TABLES = "/api/2.1/unity-catalog/tables"


class Storage:
    """The files of one pipeline: checkpoints, kept changes, private tables.

    Args:
        folder: on this machine.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, dataset: Dataset) -> Path:
        """Return the folder of a dataset, made when absent."""
        folder = self._folder / ".".join(dataset.name.parts)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def generation(self, dataset: Dataset) -> str:
        """Return what is new after each full refresh of a dataset."""
        file = self.of(dataset) / GENERATION
        if not file.exists():
            made = file.with_suffix(".new")
            made.write_text(uuid.uuid4().hex, "utf-8")
            made.replace(file)
        return file.read_text("utf-8")

    def checkpoint(self, dataset: Dataset, flow: str) -> str:
        """Return the address of a flow's checkpoint."""
        return (self.of(dataset) / self.generation(dataset) / "checkpoints" / safe(flow)).as_uri()

    def changes(self, dataset: Dataset, flow: str) -> str:
        """Return the address of the changes that a flow has kept."""
        return (self.of(dataset) / self.generation(dataset) / "changes" / safe(flow)).as_uri()

    def schema(self, dataset: Dataset, flow: str, number: int) -> str:
        """Return the address of what Auto Loader learns of the schema of a flow's source."""
        folder = self.of(dataset) / self.generation(dataset) / "schemas" / safe(flow)
        return (folder / str(number)).as_uri()

    def table(self, dataset: Dataset) -> str:
        """Return the address of a private table."""
        return (self.of(dataset) / "table").as_uri()

    def definition(self, dataset: Dataset) -> dict[str, Any]:
        """Return the definition by which a table was made, empty when none is known."""
        return self._read(dataset, DEFINITION)

    def define(self, dataset: Dataset, definition: dict[str, Any]) -> None:
        """Note the definition by which a table was made."""
        self._write(dataset, DEFINITION, definition)

    def applied(self, dataset: Dataset) -> dict[str, Any]:
        """Return the versions of the kept changes, by flow, that a table shows."""
        return self._read(dataset, APPLIED)

    def apply(self, dataset: Dataset, versions: dict[str, Any]) -> None:
        """Note the versions of the kept changes that a table shows."""
        self._write(dataset, APPLIED, versions)

    def snapshot(self, dataset: Dataset, flow: str) -> dict[str, str] | None:
        """Return the version of the last snapshot that a flow has taken, None for none."""
        return self._read(dataset, SNAPSHOTS).get(flow)

    def take_snapshot(self, dataset: Dataset, flow: str, version: dict[str, str]) -> None:
        """Note the version of a snapshot that a flow has taken."""
        self._write(dataset, SNAPSHOTS, self._read(dataset, SNAPSHOTS) | {flow: version})

    def _read(self, dataset: Dataset, name: str) -> dict[str, Any]:
        file = self.of(dataset) / name
        found: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
        return found

    def _write(self, dataset: Dataset, name: str, document: dict[str, Any]) -> None:
        file = self.of(dataset) / name
        made = file.with_suffix(".new")
        made.write_text(json.dumps(document), "utf-8")
        made.replace(file)

    def reset(self, dataset: Dataset) -> None:
        """Forget how far the flows of a dataset have come, and what they kept."""
        shutil.rmtree(self.of(dataset))

    def reset_flow(self, dataset: Dataset, flow: str) -> None:
        """Forget how far one flow has come."""
        folder = self.of(dataset) / self.generation(dataset) / "checkpoints" / safe(flow)
        shutil.rmtree(folder, ignore_errors=True)


def version(address: str) -> str:
    """Return the newest version of the Delta table in a folder of this machine, "" for none."""
    log = Path(unquote(urlsplit(address).path), "_delta_log")
    return max((file.name[:20] for file in log.glob("*.json")), default="")


def safe(name: str) -> str:
    """Return a name as a part of a path."""
    return "".join(c if c.isalnum() or c in "._-" else f"_{ord(c):x}_" for c in name)


class Store(Protocol):
    """Keeps the data of a dataset."""

    def exists(self) -> bool:
        """Say whether the table is there.

        Raises:
            PipelineError: something is there that is not this pipeline's.
        """

    def replace(self, frame: Any) -> None:
        """Make the rows of a frame the table's only ones, and its columns the table's."""

    def overwrite(self, frame: Any) -> None:
        """Make the rows of a frame the table's only ones; the columns are the same."""

    def append(self, frame: Any, options: dict[str, str]) -> None:
        """Add the rows of a frame."""

    def stream(self, writer: Any) -> Any:
        """Start a query that adds to the table."""

    def frame(self, reader: Any) -> Any:
        """Read the table."""

    @property
    def sql(self) -> str:
        """The table's name in SQL."""


class PublishedTable:
    """A table in Unity Catalog.

    Args:
        session: of the pipeline.
        rest: of the workspace.
        dataset: which.
        pipeline_id: of the pipeline.
    """

    def __init__(self, session: RunSession, rest: Rest, dataset: Dataset, pipeline_id: str) -> None:
        self._session = session
        self._rest = rest
        self._dataset = dataset
        self._pipeline_id = pipeline_id

    @property
    def sql(self) -> str:
        """The table's name in SQL."""
        return self._dataset.name.sql

    def exists(self) -> bool:
        """Say whether the table is there."""
        try:
            found = self._rest.call("GET", f"{TABLES}/{self._dataset.name}")
        except RestError as error:
            if error.status == 404 and error.code == "TABLE_DOES_NOT_EXIST":
                return False
            raise
        owner = found.get("pipeline_id") or (found.get("properties") or {}).get(PIPELINE_ID)
        if owner != self._pipeline_id:
            what = f"a table of the pipeline {owner}" if owner else f"a {found['table_type']} table"
            raise PipelineError(
                f"Could not materialize '{self._dataset.name}' because {what} already exists with "
                "that name. Drop it, or give the dataset another name."
            )
        if found["table_type"] != self._dataset.kind and found["table_type"] != "MANAGED":
            raise PipelineError(
                f"'{self._dataset.name}' is a {found['table_type']} and cannot become a "
                f"{self._dataset.kind}: drop it, or give the dataset another name"
            )
        return True

    def replace(self, frame: Any) -> None:
        """Make the rows of a frame the table's only ones, and its columns the table's."""
        dataset = self._dataset
        writer = frame.writeTo(self.sql).using("delta")
        for key, value in {**dataset.properties, PIPELINE_ID: self._pipeline_id}.items():
            writer = writer.tableProperty(key, value)
        if dataset.comment:
            writer = writer.tableProperty("comment", dataset.comment)
        if dataset.partition_columns:
            writer = writer.partitionedBy(*(f.col(name) for name in dataset.partition_columns))
        if dataset.cluster_columns:
            writer = writer.clusterBy(*dataset.cluster_columns)
        writer.createOrReplace()

    def overwrite(self, frame: Any) -> None:
        """Make the rows of a frame the table's only ones; the columns are the same."""
        frame.writeTo(self.sql).overwrite(f.lit(True))

    def append(self, frame: Any, options: dict[str, str]) -> None:
        """Add the rows of a frame."""
        frame.writeTo(self.sql).options(mergeSchema="true", **options).append()

    def stream(self, writer: Any) -> Any:
        """Start a query that adds to the table."""
        return writer.toTable(self.sql)

    def frame(self, reader: Any) -> Any:
        """Read the table."""
        return reader.plain_table(self.sql)


class PrivateTable:
    """A table that only its pipeline reads.

    Args:
        address: of its folder.
        dataset: which.
    """

    def __init__(self, address: str, dataset: Dataset) -> None:
        self._address = address
        self._dataset = dataset

    def exists(self) -> bool:
        """Say whether the table is there."""
        return bool(version(self._address))

    @property
    def sql(self) -> str:
        """The table's name in SQL."""
        return f"delta.`{self._address}`"

    def replace(self, frame: Any) -> None:
        """Make the rows of a frame the table's only ones, and its columns the table's."""
        writer = frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
        if self._dataset.partition_columns:
            writer = writer.partitionBy(*self._dataset.partition_columns)
        if self._dataset.cluster_columns:
            writer = writer.clusterBy(*self._dataset.cluster_columns)
        writer.save(self._address)

    overwrite = replace

    def append(self, frame: Any, options: dict[str, str]) -> None:
        """Add the rows of a frame."""
        writer = frame.write.format("delta").mode("append").options(mergeSchema="true", **options)
        writer.save(self._address)

    def stream(self, writer: Any) -> Any:
        """Start a query that adds to the table."""
        return writer.format("delta").start(self._address)

    def frame(self, reader: Any) -> Any:
        """Read the table."""
        return reader.format("delta").load(self._address)


class Tables:
    """The stores of all datasets of a pipeline.

    Args:
        session: of the pipeline.
        rest: of the workspace.
        storage: of the pipeline.
        pipeline_id: its id.
    """

    def __init__(
        self, session: PipelineSession, rest: Rest, storage: Storage, pipeline_id: str
    ) -> None:
        self._session = session
        self._rest = rest
        self._storage = storage
        self._pipeline_id = pipeline_id

    def of(self, dataset: Dataset) -> Store:
        """Return what keeps a dataset."""
        if not dataset.private:
            return PublishedTable(self._session, self._rest, dataset, self._pipeline_id)
        return PrivateTable(self._storage.table(dataset), dataset)

    def prepare(self, dataset: Dataset, schema: types.StructType, *, reset: bool) -> None:
        """Have a table there for its flows.

        Args:
            dataset: of the table.
            schema: its columns, where it is made.
            reset: empty it, and let its flows begin again.

        Raises:
            PipelineError: its name is taken by something else.
        """
        if dataset.kind is Kind.SINK:
            # What it has got is not the pipeline's to remove.
            if reset:
                self._storage.reset(dataset)
            return
        store = self.of(dataset)
        there = store.exists()
        if reset:
            self._storage.reset(dataset)
        if not there or (reset and dataset.kind is Kind.STREAMING_TABLE):
            columns = schema if dataset.schema is not None else nullable(schema)
            store.replace(self._session.createDataFrame([], columns))
            self._storage.define(dataset, definition(dataset, schema))
        elif dataset.kind is Kind.STREAMING_TABLE:
            self._alter(dataset, store, definition(dataset, schema))

    def _alter(self, dataset: Dataset, store: Store, wanted: dict[str, Any]) -> None:
        """Have a table that keeps its data described as its source describes it now."""
        known = self._storage.definition(dataset)
        for field in LAYOUT:
            if known.get(field, wanted[field]) != wanted[field]:
                raise PipelineError(
                    f"{field} of the streaming table '{dataset.name}' cannot change from "
                    f"{known[field]} to {wanted[field]} with its data: refresh it fully"
                )
        if known == wanted or dataset.private:
            return
        if known.get("comment") != wanted["comment"]:
            text = literal(wanted["comment"] or "")
            self._session.sql(f"COMMENT ON TABLE {store.sql} IS {text}")
        if wanted["properties"] and known.get("properties") != wanted["properties"]:
            pairs = (f"{literal(k)} = {literal(v)}" for k, v in wanted["properties"].items())
            self._session.sql(f"ALTER TABLE {store.sql} SET TBLPROPERTIES ({', '.join(pairs)})")
        self._storage.define(dataset, wanted)

    def keeps(self, dataset: Dataset, schema: types.StructType) -> bool:
        """Say whether a table fits what its source defines now, so that only rows change."""
        return dataset.private or self._storage.definition(dataset) == definition(dataset, schema)

    def replace(self, dataset: Dataset, frame: Any) -> None:
        """Make a table anew with the rows of a frame."""
        self.of(dataset).replace(frame)
        self._storage.define(dataset, definition(dataset, frame.schema))


# What of a table cannot change while it keeps its data.
LAYOUT = ("partition_cols", "cluster_by")


def definition(dataset: Dataset, schema: types.StructType) -> dict[str, Any]:
    """Return what decides how a table is made."""
    return {
        "schema": nullable(schema).jsonValue(),
        "comment": dataset.comment,
        "properties": dataset.properties,
        "partition_cols": list(dataset.partition_columns),
        "cluster_by": list(dataset.cluster_columns),
    }


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def nullable(schema: types.StructType) -> types.StructType:
    """Return columns that take nulls: what a query happens to have none of is no constraint."""
    return types.StructType(
        [types.StructField(item.name, item.dataType, True, item.metadata) for item in schema.fields]
    )
