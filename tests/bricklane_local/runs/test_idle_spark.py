"""Spark of a cloud stops when nobody uses it, and is there again for who does."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from databricks.sdk.service.sql import StatementState

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.real
WAIT_SECONDS = 120
WAITING, RUNS = StatementState.PENDING, StatementState.RUNNING


def spark_of(server: Server) -> dict[str, Any]:
    """Return what ``bricklane local status`` says of Spark."""
    found: dict[str, Any] = json.loads(server.local("status", "--json").stdout)["spark"]
    return found


def until(server: Server, state: str) -> dict[str, Any]:
    """Wait until Spark is in a state."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := spark_of(server))["state"] != state:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def test_spark_stops_when_idle_and_starts_for_statements_and_clients(
    start: Callable[..., Server], compute: list[str], tmp_path: Path
) -> None:
    server = start(tmp_path / "state", *compute, "--spark-idle", "0.3")
    try:
        first = until(server, "RUNNING")
        stopped = until(server, "IDLE")
        assert not psutil.pid_exists(first["pid"])
        assert stopped["port"] == first["port"]
        assert "Spark: stopped because nobody used it" in server.local("status").stdout
        # Whoever connects makes it start; the clients of Spark Connect try again until it has.
        with socket.create_connection(("127.0.0.1", stopped["port"])) as connection:
            assert connection.recv(1) == b""
        assert until(server, "RUNNING")["port"] == stopped["port"]
        until(server, "IDLE")
        client = server.client()
        warehouse = next(iter(client.warehouses.list()))
        # It lasts longer than Spark waits for use.
        text = "SELECT reflect('java.lang.Thread', 'sleep', 30000L)"
        statement = client.statement_execution.execute_statement(text, str(warehouse.id))
        while statement.status and statement.status.state in (WAITING, RUNS):
            time.sleep(0.2)
            statement = client.statement_execution.get_statement(str(statement.statement_id))
        assert statement.status
        assert statement.status.error is None, statement.status
    finally:
        server.local("down")
