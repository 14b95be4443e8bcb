"""Sessions that clients keep: of Thrift connections, and of the API's sessions.

They live as long as this process, their warehouse runs and their client uses them. Settings are
those of https://docs.databricks.com/en/sql/language-manual/sql-ref-parameters.html, or Spark's own.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.sql.sessions import SqlSession

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.identity.principals import Principal

# After so many milliseconds without a request a session is closed.
IDLE = 3_600_000
# Parameters of Databricks SQL → the setting of Spark, or None for those without effect here.
PARAMETERS: dict[str, str | None] = {
    "ansi_mode": "spark.sql.ansi.enabled",
    "timezone": "spark.sql.session.timeZone",
    "legacy_time_parser_policy": "spark.sql.legacy.timeParserPolicy",
    "max_file_partition_bytes": "spark.sql.files.maxPartitionBytes",
    "statement_timeout": "STATEMENT_TIMEOUT",
    "enable_photon": None,
    "query_tags": None,
    "use_cached_result": None,
}
# What Thrift clients send along, and the endpoint does by itself.
OF_CLIENTS = ("spark.thriftserver.", "infer_timestamp_ntz_type")


@dataclass(slots=True)
class Connection:
    """One session of a client.

    Args:
        id: its id.
        secret: part of the handle that its client holds.
        caller: whose it is.
        warehouse_id: where its statements run.
        session: of Spark.
        client: name of the client's program.
        used: when it was used last, in milliseconds since the epoch.
        operations: what its client began and has not closed, by id.
    """

    id: uuid.UUID
    secret: bytes
    caller: Principal
    warehouse_id: str
    session: SqlSession
    client: str
    used: int
    operations: dict[bytes, Any] = field(default_factory=dict)


def spark_settings(given: dict[str, str]) -> dict[str, str]:
    """Return settings of a client as Spark has them.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for one that is not supported.
    """
    settings = {}
    for name, value in given.items():
        if name.lower().startswith(OF_CLIENTS):
            continue
        if name.lower() in PARAMETERS:
            target = PARAMETERS[name.lower()]
            if target is not None:
                settings[target] = value
        elif name.startswith(("spark.", "delta.")):
            settings[name] = value
        else:
            known = ", ".join(sorted(PARAMETERS)).upper()
            raise invalid(
                f"The session setting {name} is not supported here: use settings of Spark, or one "
                f"of {known}"
            )
    return settings


class Connections:
    """The sessions of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[uuid.UUID, Connection] = {}

    @property
    def held(self) -> list[Connection]:
        """All sessions."""
        return list(self._known.values())

    async def open(
        self,
        caller: Principal,
        warehouse_id: str,
        place: tuple[str, str],
        settings: dict[str, str],
        client: str,
    ) -> Connection:
        """Open a session, and start its warehouse.

        Args:
            caller: whose it shall be.
            warehouse_id: where its statements shall run.
            place: current catalog and schema, "" for the usual ones.
            settings: as the client names them.
            client: name of the client's program.

        Raises:
            ApiError: when the warehouse may not be used, or a setting is not supported.
            SessionError: when Spark refuses catalog or a setting.
            LocalError: when there is no Spark.
        """
        self._workspace.warehouses.use(warehouse_id, caller)
        wanted = spark_settings(settings)
        session = self._workspace.statements.session(
            caller, place, settings=wanted, schema_may_come=True
        )
        await session.opened()
        found = Connection(
            uuid.uuid4(),
            secrets.token_bytes(16),
            caller,
            warehouse_id,
            session,
            client,
            self._workspace.cloud.clock.now(),
        )
        self._known[found.id] = found
        self._close_idle()
        return found

    def get(self, identifier: uuid.UUID, caller: Principal, secret: bytes | None) -> Connection:
        """Return a session of ``caller``.

        Args:
            identifier: its id.
            caller: who asks.
            secret: of its handle; None for clients that have only the id.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST.
        """
        found = self._known.get(identifier)
        if (
            found is None
            or found.caller.user_name != caller.user_name
            or (secret is not None and not secrets.compare_digest(secret, found.secret))
        ):
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST",
                f"Invalid SessionHandle: there is no session {identifier}; it was closed, or its "
                "warehouse was stopped",
            )
        found.used = self._workspace.cloud.clock.now()
        return found

    def close(self, found: Connection) -> None:
        """Close a session, and cancel what it runs."""
        self._known.pop(found.id, None)
        statements = self._workspace.statements
        for identifier in list(found.operations):
            statement = found.operations.pop(identifier).statement
            if statement is not None:
                statements.cancel(statement)
        found.session.close()

    def close_on(self, warehouse_id: str) -> None:
        """Close the sessions of a warehouse that stops."""
        for found in list(self._known.values()):
            if found.warehouse_id == warehouse_id:
                self.close(found)

    def count_on(self, warehouse_id: str) -> int:
        """Return how many sessions a warehouse has."""
        return sum(found.warehouse_id == warehouse_id for found in self._known.values())

    def _close_idle(self) -> None:
        time = self._workspace.cloud.clock.now() - IDLE
        for found in list(self._known.values()):
            if found.used < time:
                self.close(found)
