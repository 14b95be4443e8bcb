"""The look at a Spark Connect server that is not what a cloud needs."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
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
    """Answers as a Spark of another version to the one question that comes first.

    Args:
        token: the only one that it lets in; "" for any.
    """

    def __init__(self, token: str = "") -> None:
        self._token = token

    def AnalyzePlan(self, request: Any, context: Any) -> AnalyzePlanResponse:  # noqa: N802
        """Return the version."""
        sent = dict(context.invocation_metadata()).get("authorization")
        if self._token and sent != f"Bearer {self._token}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "another token, please")
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


def certificate(folder: Path) -> tuple[bytes, bytes]:
    """Return a key and a certificate of its own for ``localhost``, which clients trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1))
    builder = builder.not_valid_after(now + dt.timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    public = signed.public_bytes(serialization.Encoding.PEM)
    (folder / "roots.pem").write_bytes(public)
    form = serialization.PrivateFormat.PKCS8
    return (
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()),
        public,
    )


def look(
    installation: SparkInstallation, folder: Path, port: int, *, tls: bool = False
) -> SparkError:
    """Return what a look at a server finds wrong."""
    check = RemoteCheck(StatePaths(folder), installation.python, lambda: nullcontext({}))
    with pytest.raises(SparkError) as failure:
        asyncio.run(check(SparkEndpoint(port, "a-token", tls=tls)))
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
    assert (
        f"sc://localhost:{port} does not answer as Spark Connect does: Method not found!"
        in found.message
    )


@pytest.mark.parametrize(
    ("token", "problem"),
    [("a-token", "is Spark 4.0.1"), ("other", "refuses the token of this cloud: another token")],
)
def test_a_token_goes_by_tls_and_is_checked(
    installation: SparkInstallation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    token: str,
    problem: str,
) -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    add_SparkConnectServiceServicer_to_server(Older(token), server)
    credentials = grpc.ssl_server_credentials([certificate(tmp_path)])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(tmp_path / "roots.pem"))
    try:
        found = look(installation, tmp_path, port, tls=True)
    finally:
        server.stop(None).wait()
    assert f"The remote Spark sc://localhost:{port} {problem}" in found.message
