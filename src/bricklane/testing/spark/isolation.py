"""Undoes what a test has done to the session: views, settings, functions, current schema, tables.

Two ways. Where the server can copy sessions (Spark 4.1), a test works in a copy, which is dropped;
elsewhere what has changed is looked up and put back. Either is done only after a test that asked
for something that can change a session, as the watching stub tells.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bricklane.testing.spark.naming import quoted
from bricklane.testing.spark.watching import Seen, WatchingStub, watch

ALWAYS = Seen(session=True, tables=True)


class Isolation(Protocol):
    """How the changes of one test are kept from the next."""

    def begin(self) -> None:
        """A test begins; what module and session fixtures made is there already."""

    def end(self) -> None:
        """The test and its own fixtures have ended."""


@dataclass(slots=True)
class TestTables:
    """The tables in the schema where tests make theirs.

    Args:
        spark: a session.
        schema: full name of the schema; empty when tests have none of their own.
    """

    spark: Any
    schema: str
    known: set[str] = field(default_factory=set)
    __test__ = False

    def names(self) -> set[str]:
        """Return the names of the tables and views that are stored there."""
        if not self.schema:
            return set()
        found = self.spark.sql(f"SHOW TABLES IN {self.schema}").collect()
        return {row.tableName for row in found if not row.isTemporary}

    def note(self) -> None:
        """Remember what is there, which stays."""
        self.known = self.names()

    def remove_new(self) -> None:
        """Drop what is there since."""
        for name in sorted(self.names() - self.known):
            full = f"{self.schema}.{quoted(name)}"
            described = self.spark.sql(f"DESCRIBE TABLE EXTENDED {full}").collect()
            kinds = {row.data_type for row in described if row.col_name == "Type"}
            self.spark.sql(f"DROP {'VIEW' if 'VIEW' in kinds else 'TABLE'} IF EXISTS {full}")


class CopiedSession:
    """Tests work in a copy of the session.

    The object ``spark`` stays the same, for fixtures and modules have kept it: its client speaks
    for another session of the server meanwhile.

    Args:
        spark: the session.
        stub: sees what it asks for.
        tables: where tests make tables.
    """

    def __init__(self, spark: Any, stub: WatchingStub, tables: TestTables) -> None:
        self._spark = spark
        self._client = spark._client
        self._stub = stub
        self._tables = tables
        self._root = self._identity()
        self._copy: tuple[str, str | None] | None = None

    def _identity(self) -> tuple[str, str | None]:
        return self._client._session_id, self._client._server_session_id

    def _become(self, identity: tuple[str, str | None]) -> None:
        self._client._session_id, self._client._server_session_id = identity
        self._spark._session_id = identity[0]
        manager = getattr(self._client, "_artifact_manager", None)
        if manager is not None:
            manager._session_id = identity[0]

    def begin(self) -> None:
        """Go over to a copy, a new one when fixtures have changed the session since."""
        self._root = self._identity()  # The server's own id is known after the first answer.
        before = self._stub.look()
        if before.tables:
            self._tables.note()
        if before.session and self._copy:
            self._drop(self._copy)
        if self._copy is None:
            self._copy = (self._new_copy(), None)
        self._become(self._copy)
        self._stub.look()

    def end(self) -> None:
        """Go back; the copy is used again when the test has left it as it was."""
        seen = self._stub.look()
        copy = self._copy = self._identity()
        self._become(self._root)
        if seen.session:
            self._drop(copy)
        if seen.tables:
            self._tables.remove_new()
            self._stub.look()

    def _new_copy(self) -> str:
        from pyspark.sql.connect.proto import base_pb2

        request = base_pb2.CloneSessionRequest(
            session_id=self._root[0], client_type="python", new_session_id=str(uuid.uuid4())
        )
        if self._client._user_id:
            request.user_context.user_id = self._client._user_id
        answer = self._stub.CloneSession(request, metadata=self._client._builder.metadata())
        return str(answer.new_session_id)

    def _drop(self, copy: tuple[str, str | None]) -> None:
        self._copy = None
        self._become(copy)
        try:
            self._client.release_session()
        finally:
            self._become(self._root)


@dataclass(frozen=True, slots=True)
class State:
    """What a session is set to.

    Args:
        settings: by name.
        views: names of its temporary views.
        functions: names of its functions.
        catalog: the current one.
        schema: the current one.
    """

    settings: Mapping[str, str]
    views: frozenset[str]
    functions: frozenset[str]
    catalog: str
    schema: str


class RestoredSession:
    """What a test has changed is looked up after it, and put back.

    Args:
        spark: the session.
        stub: sees what it asks for; None when it cannot be seen.
        tables: where tests make tables.
    """

    def __init__(self, spark: Any, stub: WatchingStub | None, tables: TestTables) -> None:
        self._spark = spark
        self._stub = stub
        self._tables = tables
        self._before: State | None = None

    def _look(self) -> Seen:
        return self._stub.look() if self._stub else ALWAYS

    def begin(self) -> None:
        """Remember how the session is."""
        seen = self._look()
        if self._before is None or seen.session:
            self._before = state_of(self._spark)
        if seen.tables:
            self._tables.note()
        self._look()

    def end(self) -> None:
        """Put back what is different."""
        seen = self._look()
        if seen.session and self._before is not None:
            put_back(self._spark, self._before)
        if seen.tables:
            self._tables.remove_new()
        self._look()


def state_of(spark: Any) -> State:
    """Return what a session is set to now."""
    here = spark.sql("SELECT current_catalog() AS catalog, current_schema() AS schema").first()
    tables = spark.sql("SHOW VIEWS").collect()
    functions = spark.sql("SHOW USER FUNCTIONS").collect()
    return State(
        settings={row.key: row.value for row in spark.sql("SET").collect()},
        views=frozenset(row.viewName for row in tables if row.isTemporary),
        functions=frozenset(row.function for row in functions),
        catalog=here.catalog,
        schema=here.schema,
    )


def put_back(spark: Any, before: State) -> None:
    """Set a session to what it was."""
    # First, for nothing can be listed while the current schema is one that the test has dropped.
    spark.sql(f"USE {quoted(before.catalog)}.{quoted(before.schema)}")
    now = state_of(spark)
    for view in now.views - before.views:
        spark.catalog.dropTempView(view)
    for name in now.functions - before.functions:
        if "." not in name:  # Those of a schema are stored, and not the session's.
            spark.sql(f"DROP TEMPORARY FUNCTION IF EXISTS {quoted(name)}")
    for key in now.settings.keys() - before.settings.keys():
        spark.conf.unset(key)
    for key, value in before.settings.items():
        if now.settings.get(key) != value and spark.conf.isModifiable(key):
            spark.conf.set(key, value)


def isolation_of(spark: Any, schema: str) -> Isolation:
    """Return the way to isolate the tests that use ``spark``.

    Args:
        spark: the session.
        schema: full name of the schema where tests make their tables; may be empty.
    """
    stub = watch(spark)
    tables = TestTables(spark, schema)
    if stub is not None and hasattr(stub, "CloneSession"):
        return CopiedSession(spark, stub, tables)
    return RestoredSession(spark, stub, tables)
