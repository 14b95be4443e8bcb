"""The Spark session of a pipeline's sources: reading a dataset of the pipeline is a dependency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol, cast

import pyspark.sql.connect.proto as messages
from google.protobuf.wrappers_pb2 import StringValue  # type: ignore[import-untyped]
from pyspark.sql.connect.client import SparkConnectClient
from pyspark.sql.connect.dataframe import DataFrame
from pyspark.sql.connect.plan import LogicalPlan
from pyspark.sql.connect.readwriter import DataFrameReader
from pyspark.sql.connect.streaming.readwriter import DataStreamReader

from bricklane_runtime.session import RunSession, quoted
from bricklane_runtime.specification import Specification

# Our server plugin's message: field 1 has the text of a query.
AUTO_LOADER, SCHEMA_LOCATION = "cloudfiles", "cloudFiles.schemaLocation"
ARGUMENT = re.compile(r"\{(\w+)\}")
REFERENCES = "type.googleapis.com/bricklane.TableReferences"


@dataclass(frozen=True, slots=True)
class Reference:
    """A table that the text of a query names.

    Args:
        parts: its name.
        start: position of its first character in the text, STREAM before it included.
        stop: position of its last character.
        streaming: whether it is read as a stream.
    """

    parts: tuple[str, ...]
    start: int
    stop: int
    streaming: bool


class Reads(Protocol):
    """Answers what a query of the pipeline reads while it is evaluated."""

    def table(self, name: str, reader: Any, *, streaming: bool) -> Any:
        """Return the data frame of a table, of the pipeline or not.

        Args:
            name: as the source writes it.
            reader: pyspark's reader with the options of the source; None for none.
            streaming: whether it is read as a stream.
        """
        ...

    def statement(self, text: str) -> str:
        """Return a query with the names that its tables have where it runs."""
        ...

    def schema_location(self) -> str:
        """Return where Auto Loader keeps the schema of the next source that the query loads."""
        ...


class TableReader(DataFrameReader):
    """``spark.read`` in a pipeline."""

    def table(self, tableName: str) -> DataFrame:  # noqa: N803 - pyspark's name
        """Return a table."""
        reads = cast("PipelineSession", self._client).reads
        if reads is None:
            return super().table(tableName)
        found: DataFrame = reads.table(tableName, self, streaming=False)
        return found

    def plain_table(self, name: str) -> DataFrame:
        """Return a table as Spark knows it."""
        return super().table(name)


class TableStreamReader(DataStreamReader):
    """``spark.readStream`` in a pipeline."""

    def load(
        self,
        path: str | None = None,
        format: str | None = None,  # noqa: A002 - pyspark's name
        schema: Any = None,
        **options: Any,
    ) -> DataFrame:
        """Return a source; for Auto Loader the pipeline keeps what it learns of the schema."""
        reads = cast("PipelineSession", self._client).reads
        given = {name.lower() for name in (*self._options, *options)}
        loads = str(format or self._format).lower() == AUTO_LOADER
        if loads and reads is not None and SCHEMA_LOCATION.lower() not in given:
            options[SCHEMA_LOCATION] = reads.schema_location()
        return super().load(path, format, schema, **options)

    def table(self, tableName: str) -> DataFrame:  # noqa: N803 - pyspark's name
        """Return a table as a stream."""
        reads = cast("PipelineSession", self._client).reads
        if reads is None:
            return super().table(tableName)
        found: DataFrame = reads.table(tableName, self, streaming=True)
        return found

    def plain_table(self, name: str) -> DataFrame:
        """Return a table as Spark knows it, as a stream."""
        return super().table(name)


class PipelineSession(RunSession):
    """The session of an update of a pipeline.

    Args:
        specification: of the update.
    """

    makes_tables = False

    def __init__(self, specification: Specification) -> None:
        super().__init__(specification)
        # Set while a query of the pipeline is evaluated.
        self.reads: Reads | None = None
        self._used = (specification.catalog, specification.schema)

    def use(self, catalog: str, schema: str) -> None:
        """Make a catalog and a schema the current ones."""
        if self._used != (catalog, schema):
            super().sql(f"USE {quoted(catalog)}.{quoted(schema)}")
            self._used = (catalog, schema)

    @property
    def read(self) -> TableReader:
        """Readers of batches."""
        return TableReader(self)

    @property
    def readStream(self) -> TableStreamReader:  # noqa: N802 - pyspark's name
        """Readers of streams."""
        return TableStreamReader(self)

    def table(self, tableName: str) -> DataFrame:  # noqa: N803 - pyspark's name
        """Return a table."""
        return self.read.table(tableName)

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803
        """Return the data frame of a statement."""
        if self.reads is not None:
            sqlQuery = self.reads.statement(sqlQuery)  # noqa: N806 - pyspark's name
        found: Any = super().sql(sqlQuery, args, **kwargs)
        return cast("DataFrame", found)

    def references(self, text: str) -> list[Reference]:
        """Return the tables that a query names, as Spark's parser reads it.

        Args:
            text: the query; ``{name}`` in it is an argument that pyspark will put there.

        Raises:
            pyspark.errors.ParseException: the text is no statement.
        """
        # A name as long as what stands there, so that places are those of the text.
        parsed = ARGUMENT.sub(lambda match: f"_{match[1]}_", text)
        arguments = {(f"_{name}_",) for name in ARGUMENT.findall(text)}
        return [found for found in references(self, parsed) if found.parts not in arguments]


def references(session: RunSession, text: str) -> list[Reference]:
    """Return the tables that a query names, as Spark's parser reads it.

    Args:
        session: asks its parser.
        text: the query.

    Raises:
        pyspark.errors.ParseException: the text is no statement.
    """
    rows = DataFrame(TableReferences(text), session).collect()
    return [Reference(tuple(row[0]), row[1], row[2], row[3]) for row in rows]


class TableReferences(LogicalPlan):
    """A relation of the tables that a query names, answered by our plugin in Spark.

    Args:
        text: the query.
    """

    def __init__(self, text: str) -> None:
        super().__init__(None)
        self._text = text

    def plan(self, session: SparkConnectClient) -> messages.Relation:  # noqa: ARG002 - pyspark's
        """Return the message."""
        relation = self._create_proto_relation()
        relation.extension.type_url = REFERENCES
        relation.extension.value = StringValue(value=self._text).SerializeToString()
        return relation
