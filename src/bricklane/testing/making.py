"""Makes what tests need, and removes it again: in the workspace, or in a Spark of this machine."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bricklane.errors import BricklaneError, ExitCode
from bricklane.testing.literals import inserts
from bricklane.testing.marks import TAG, comment, mark, marked_name, purge_time, random_word
from bricklane.testing.spark.naming import quoted

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.catalog import SchemaInfo, TableInfo, VolumeInfo

    from bricklane.testing.sql import Sql

PREFIX = "test"
COLUMN = re.compile(r"(`(?P<quoted>[^`]+)`|(?P<name>\w+))\s*:?\s*(?P<kind>.+)", re.DOTALL)
FOLDER = ".bricklane-tests"
"""The folder in a user's home that holds what tests put into the workspace."""


@dataclass(slots=True)
class Made:
    """What a test has made, in order.

    Args:
        undo: how to remove each, with what it is.
    """

    undo: list[tuple[str, Callable[[], object]]] = field(default_factory=list)

    def add(self, what: str, remove: Callable[[], object]) -> None:
        """Note that ``what`` is there now, and how to remove it."""
        self.undo.append((what, remove))

    def remove_all(self) -> list[str]:
        """Remove everything, last made first; return what could not be removed, and why.

        What is gone already is no problem: a test may remove what it has made.
        """
        problems = []
        while self.undo:
            what, remove = self.undo.pop()
            try:
                remove()
            except Exception as error:  # All others are to be removed as well.
                if not _is_gone(error):
                    problems.append(f"{what}: {str(error) or type(error).__name__}")
        return problems


def _is_gone(error: Exception) -> bool:
    from databricks.sdk.errors import NotFound

    return isinstance(error, NotFound)


class Catalogs(Protocol):
    """Where schemas, tables and volumes are made."""

    @property
    def sql(self) -> Sql:
        """What runs statements there."""

    def catalog(self) -> str:
        """Return the catalog that is meant when a test names none."""

    def create_schema(self, catalog: str, name: str, about: str) -> None:
        """Make a schema with a comment."""

    def drop_schema(self, full_name: str) -> None:
        """Remove a schema with all that is in it."""

    def drop_table(self, full_name: str) -> None:
        """Remove a table."""


@dataclass(frozen=True, slots=True)
class SparkCatalogs:
    """The catalog of a Spark without a workspace.

    Args:
        sql: runs statements in its session.
        name: of the catalog.
    """

    sql: Sql
    name: str

    def catalog(self) -> str:
        """Return the one catalog that there is."""
        return self.name

    def create_schema(self, catalog: str, name: str, about: str) -> None:
        """Make a schema with a comment."""
        self._run(f"CREATE SCHEMA {_full(catalog, name)} COMMENT '{about}'")

    def drop_schema(self, full_name: str) -> None:
        """Remove a schema with all that is in it."""
        self._run(f"DROP SCHEMA IF EXISTS {_full(*full_name.split('.'))} CASCADE")

    def drop_table(self, full_name: str) -> None:
        """Remove a table."""
        self._run(f"DROP TABLE IF EXISTS {_full(*full_name.split('.'))}")

    def _run(self, statement: str) -> None:
        self.sql.run(statement, {}, None, None)


@dataclass(frozen=True, slots=True)
class WorkspaceCatalogs:
    """The catalogs of a workspace.

    Args:
        sql: runs statements on a warehouse.
        client: the workspace.
        name: of the target's catalog; may be empty.
        target: its name, for messages.
    """

    sql: Sql
    client: WorkspaceClient
    name: str
    target: str

    def catalog(self) -> str:
        """Return the target's catalog.

        Raises:
            BricklaneError: when the bundle does not say which that is.
        """
        if self.name:
            return self.name
        raise BricklaneError(
            f"target {self.target} has no variable `catalog`, so where to make things is not known",
            hint="name it: make_schema(catalog_name=…), or add a variable `catalog` to the bundle",
            exit_code=ExitCode.CONFIG,
        )

    def create_schema(self, catalog: str, name: str, about: str) -> None:
        """Make a schema with a comment."""
        self.client.schemas.create(name, catalog, comment=about)

    def drop_schema(self, full_name: str) -> None:
        """Remove a schema with all that is in it."""
        self.client.schemas.delete(full_name, force=True)

    def drop_table(self, full_name: str) -> None:
        """Remove a table."""
        self.client.tables.delete(full_name)


def _full(*parts: str) -> str:
    return ".".join(map(quoted, parts))


@dataclass(frozen=True, slots=True)
class DataMaker:
    """Makes schemas and tables.

    Args:
        catalogs: where.
        made: notes them.
    """

    catalogs: Catalogs
    made: Made

    def schema(self, catalog_name: str | None = None, name: str | None = None) -> SchemaInfo:
        """Make a schema; by default with a new name in the target's catalog."""
        from databricks.sdk.service.catalog import SchemaInfo

        catalog = catalog_name or self.catalogs.catalog()
        own = name or f"{PREFIX}_{random_word()}"
        about = comment(own, purge_time())
        self.catalogs.create_schema(catalog, own, about)
        full = f"{catalog}.{own}"
        self.made.add(f"schema {full}", lambda: self.catalogs.drop_schema(full))
        return SchemaInfo(catalog_name=catalog, name=own, full_name=full, comment=about)

    def table(
        self,
        data: Any = None,
        *,
        schema: str,
        name: str | None = None,
        ctas: str | None = None,
        columns: str | Sequence[tuple[str, str]] | None = None,
    ) -> TableInfo:
        """Make a table with content.

        Args:
            data: a DataFrame, or rows; each row a sequence, or a mapping by column.
            schema: full name of the schema.
            name: of the table; a new one by default.
            ctas: a query whose result is the content.
            columns: of rows: names and types, as DDL or pairs.
        """
        from databricks.sdk.service.catalog import TableInfo

        own = name or f"{PREFIX}_{random_word()}"
        catalog, _, inner = schema.partition(".")
        full = f"{schema}.{own}"
        about = comment(own, purge_time())
        for statement in _table_statements(_full(catalog, inner, own), about, data, ctas, columns):
            self.catalogs.sql.run(statement, {}, None, None)
            if not self.made.undo or self.made.undo[-1][0] != f"table {full}":
                self.made.add(f"table {full}", lambda: self.catalogs.drop_table(full))
        return TableInfo(
            catalog_name=catalog, schema_name=inner, name=own, full_name=full, comment=about
        )


def _table_statements(
    table: str,
    about: str,
    data: Any,
    ctas: str | None,
    columns: str | Sequence[tuple[str, str]] | None,
) -> Iterable[str]:
    head = f"CREATE TABLE {table}"
    if ctas is not None:
        yield f"{head} COMMENT '{about}' AS {ctas}"
        return
    ddl, names, rows = _content(data, columns)
    yield f"{head} ({ddl}) COMMENT '{about}'"
    yield from inserts(table, names, rows)


def _content(
    data: Any, columns: str | Sequence[tuple[str, str]] | None
) -> tuple[str, list[str], list[Sequence[Any]]]:
    """Return the columns of a table as DDL, their names, and its rows."""
    if hasattr(data, "toDF") and hasattr(data, "collect"):
        schema = data.schema
        pairs = [(each.name, each.dataType.simpleString()) for each in schema.fields]
        return _ddl(pairs), [name for name, _ in pairs], [tuple(row) for row in data.collect()]
    pairs = _pairs(columns)
    if not pairs:
        raise BricklaneError(
            "make_table: what the table has in it is not known",
            hint="give a DataFrame, `ctas`, or rows with columns: "
            "make_table([(1, 'a')], columns='id INT, name STRING')",
            exit_code=ExitCode.USAGE,
        )
    names = [name for name, _ in pairs]
    rows = [_row(row, names) for row in data or ()]
    return _ddl(pairs), names, rows


def _row(row: Any, names: Sequence[str]) -> Sequence[Any]:
    values = [row.get(name) for name in names] if isinstance(row, Mapping) else list(row)
    if len(values) != len(names):
        raise BricklaneError(
            f"make_table: the row {row!r} has {len(values)} values for {len(names)} columns",
            exit_code=ExitCode.USAGE,
        )
    return values


def _ddl(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{quoted(name)} {kind}" for name, kind in pairs)


def _pairs(columns: str | Sequence[tuple[str, str]] | None) -> list[tuple[str, str]]:
    if columns is None:
        return []
    if not isinstance(columns, str):
        return list(columns)
    parts, depth = [""], 0
    for letter in columns:
        depth += (letter in "(<") - (letter in ")>")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    matches = [COLUMN.fullmatch(part.strip()) for part in parts if part.strip()]
    return [(found["quoted"] or found["name"], found["kind"]) for found in matches if found]


@dataclass(frozen=True, slots=True)
class WorkspaceMaker:
    """Makes what only a workspace has.

    Args:
        client: the workspace.
        made: notes what is made.
    """

    client: WorkspaceClient
    made: Made

    def volume(self, schema: str, name: str | None = None) -> VolumeInfo:
        """Make a managed volume in the schema with that full name."""
        from databricks.sdk.service.catalog import VolumeType

        own = name or f"{PREFIX}_{random_word()}"
        catalog, _, inner = schema.partition(".")
        volume = self.client.volumes.create(
            catalog, inner, own, VolumeType.MANAGED, comment=comment(own, purge_time())
        )
        full = f"{schema}.{own}"
        self.made.add(f"volume {full}", lambda: self.client.volumes.delete(full))
        return volume

    def volume_file(self, volume: str, path: str, content: str | bytes) -> str:
        """Put a file into the volume with that full name; return its path."""
        where = f"/Volumes/{volume.replace('.', '/')}/{path.lstrip('/')}"
        data = content.encode() if isinstance(content, str) else content
        self.client.files.upload(where, io.BytesIO(data), overwrite=True)
        self.made.add(f"file {where}", lambda: self.client.files.delete(where))
        return where

    def directory(self) -> str:
        """Make a folder in the workspace; return its path."""
        me = self.client.current_user.me().user_name
        path = f"/Users/{me}/{FOLDER}/{marked_name(PREFIX, purge_time())}"
        self.client.workspace.mkdirs(path)
        self.made.add(f"folder {path}", lambda: self.client.workspace.delete(path, recursive=True))
        return path

    def notebook(
        self, content: str | bytes, *, path: str | None = None, language: str = "PYTHON"
    ) -> str:
        """Put a notebook into the workspace; return its path."""
        from databricks.sdk.service.workspace import ImportFormat, Language

        where = path or f"{self.directory()}/{PREFIX}_{random_word()}"
        data = content.encode() if isinstance(content, str) else content
        self.client.workspace.import_(
            where,
            content=base64.b64encode(data).decode(),
            format=ImportFormat.SOURCE,
            language=Language(language.upper()),
            overwrite=False,
        )
        if path:
            self.made.add(f"notebook {where}", lambda: self.client.workspace.delete(where))
        return where

    def job(self, **settings: Any) -> int:
        """Make a job with the arguments of the SDK's `jobs.create`; return its id."""
        name = str(settings.pop("name", None) or f"{PREFIX}_{random_word()}")
        tags = {**(settings.pop("tags", None) or {}), TAG: mark(name, purge_time())}
        job_id = self.client.jobs.create(name=name, tags=tags, **settings).job_id or 0
        self.made.add(f"job {name}", lambda: self.client.jobs.delete(job_id))
        return job_id

    def secret_scope(self, secrets: Mapping[str, str] | None = None) -> str:
        """Make a secret scope with secrets in it; return its name."""
        name = marked_name(PREFIX, purge_time())
        self.client.secrets.create_scope(name)
        self.made.add(f"secret scope {name}", lambda: self.client.secrets.delete_scope(name))
        for key, value in (secrets or {}).items():
            self.client.secrets.put_secret(name, key, string_value=value)
        return name
