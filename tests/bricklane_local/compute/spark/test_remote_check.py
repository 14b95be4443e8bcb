"""The look at a Spark Connect server that is not what a cloud needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import grpc
import pytest
from pyspark.sql.connect.proto import (
    AnalyzePlanResponse,
    SparkConnectServiceServicer,
    add_SparkConnectServiceServicer_to_server,
)

from bricklane_local.compute.spark.endpoint import SparkEndpoint
from bricklane_local.compute.spark.errors import SparkError
from bricklane_local.compute.spark.installation import SparkInstallation
from bricklane_local.compute.spark.remote.checking import RemoteCheck
from bricklane_local.paths import StatePaths

pytestmark = pytest.mark.real


class Older(SparkConnectServiceServicer):  # type: ignore[misc]
    """Answers as a Spark of another version to the one question that comes first."""

    def AnalyzePlan(self, request: Any, _context: Any) -> AnalyzePlanResponse:  # noqa: N802
        """Return the version."""
        return AnalyzePlanResponse(
            session_id=request.session_id,
            server_side_session_id="1",
            spark_version=AnalyzePlanResponse.SparkVersion(version="4.0.1"),
        )


@pytest.fixture
def older() -> Iterator[int]:
    """The port of a server that says it is Spark 4.0.1."""
    server = grpc.server(ThreadPoolExecutor(2))
    add_SparkConnectServiceServicer_to_server(Older(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    server.stop(None).wait()


def look(installation: SparkInstallation, folder: Path, port: int) -> SparkError:
    """Return what a look at a server finds wrong."""
    check = RemoteCheck(StatePaths(folder), installation.python, lambda: nullcontext({}))
    with pytest.raises(SparkError) as failure:
        asyncio.run(check(SparkEndpoint(port, "a-token")))
    assert not list((folder / "spark-remote").glob("check-*"))
    assert "a-token" not in f"{failure.value.message} {failure.value.hint}"
    return failure.value


def test_another_version_of_spark_is_named(
    installation: SparkInstallation, tmp_path: Path, older: int
) -> None:
    found = look(installation, tmp_path, older)
    assert f"The remote Spark sc://localhost:{older} is Spark 4.0.1" in found.message
    assert "fits Spark 4.1.x" in found.message


def test_what_is_no_spark_connect_server_is_named(
    installation: SparkInstallation, tmp_path: Path
) -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        found = look(installation, tmp_path, port)
    finally:
        server.stop(None).wait()
    assert f"sc://localhost:{port} does not let this cloud in: Method not found!" in found.message
