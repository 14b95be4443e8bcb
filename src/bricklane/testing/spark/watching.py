"""Sees what a Spark Connect client asks for that changes its session or makes tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# Statements that change nothing; all others may.
READS = re.compile(r"\s*(SELECT|VALUES|SHOW|DESC(RIBE)?|EXPLAIN|LIST)\b", re.IGNORECASE)
# Commands of the protocol that change the session and no table.
SESSION_ONLY = frozenset({"create_dataframe_view", "register_function", "register_data_source"})


@dataclass(slots=True)
class Seen:
    """What was asked since somebody looked.

    Args:
        session: something that may have changed the session's own state.
        tables: something that may have made a table.
    """

    session: bool = False
    tables: bool = False


class WatchingStub:
    """A stub of Spark Connect that notes what goes through it.

    Args:
        stub: the real one.
    """

    def __init__(self, stub: Any) -> None:
        self._stub = stub
        self.seen = Seen()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stub, name)

    def ExecutePlan(self, request: Any, **more: Any) -> Any:  # noqa: N802  (the protocol's name)
        """Send a plan."""
        session, tables = changes(request.plan)
        self.seen.session |= session
        self.seen.tables |= tables
        return self._stub.ExecutePlan(request, **more)

    def Config(self, request: Any, **more: Any) -> Any:  # noqa: N802  (the protocol's name)
        """Send an operation on the configuration."""
        if request.operation.WhichOneof("op_type") in {"set", "unset"}:
            self.seen.session = True
        return self._stub.Config(request, **more)

    def look(self) -> Seen:
        """Return what was asked since the last call."""
        seen, self.seen = self.seen, Seen()
        return seen


def changes(plan: Any) -> tuple[bool, bool]:
    """Return whether a plan may change the session, and whether it may make tables."""
    if plan.WhichOneof("op_type") != "command":
        # Operations of the catalog, such as another current schema, are relations.
        return plan.root.WhichOneof("rel_type") == "catalog", False
    kind = plan.command.WhichOneof("command_type")
    if kind != "sql_command":
        return True, kind not in SESSION_ONLY
    command = plan.command.sql_command
    text = command.input.sql.query if command.HasField("input") else command.sql
    reads = READS.match(text) is not None
    return not reads, not reads


def watch(spark: Any) -> WatchingStub | None:
    """Begin to watch the client of a session; None when it is not one of Spark Connect."""
    client: Any = getattr(spark, "_client", None)
    if not hasattr(client, "_stub"):
        return None
    stub = WatchingStub(client._stub)
    client._stub = stub
    return stub
