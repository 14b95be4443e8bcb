"""A Java of ours fetches from servers whose authority only this machine trusts."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import os
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bricklane.errors import ExitCode
from bricklane.tools.discovery import find
from bricklane.tools.ivy import Jar
from bricklane.tools.model import Job, WayFailed
from bricklane.tools.sparkruntime import SparkRuntime
from bricklane.tools.table import JAVA
from bricklane.tools.trust import authorities, trust_option

CONTENT = b"a jar"
ANVIL = Jar("test.example", "anvil", "1.2", hashlib.sha256(CONTENT).hexdigest())


@dataclass(frozen=True)
class Repository:
    """A Maven repository over TLS, and the file of the authority that signed its certificate."""

    url: str
    authority: Path


def write_certificates(folder: Path) -> tuple[Path, Path]:
    """Make a private authority and a server certificate of it for 127.0.0.1."""
    now = dt.datetime.now(dt.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "private authority")])
    server = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])

    def sign(name: x509.Name, key: int, extension: x509.ExtensionType) -> bytes:
        builder = x509.CertificateBuilder(root, name, keys[key].public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(days=1))
        builder = builder.not_valid_after(now + dt.timedelta(days=1))
        signed = builder.add_extension(extension, critical=False).sign(keys[0], hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    authority, chain = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(sign(root, 0, x509.BasicConstraints(ca=True, path_length=None)))
    private = keys[1].private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain.write_bytes(private + sign(server, 1, x509.SubjectAlternativeName([address])))
    return authority, chain


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """Serve ANVIL over TLS on loopback."""
    certificates, files = tmp_path / "certificates", tmp_path / "files"
    certificates.mkdir()
    authority, chain = write_certificates(certificates)
    jar = files / "test/example/anvil/1.2/anvil-1.2.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(CONTENT)

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(files))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the test's output clean."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A refused certificate ends the connection; that is what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    # Handshakes happen in the handler's thread, so that a refused one does not stop the server.
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Repository(f"https://127.0.0.1:{server.server_port}/", authority)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fetch(job: Job, record: Any, repository: Repository) -> Callable[[Path], Path]:
    """Fetch ANVIL with the real Ivy and a given Java; return the folder of jars."""

    def run(java: Path) -> Path:
        environment = {
            **os.environ,
            **job.environment,
            "PATH": os.environ["PATH"],
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": str(repository.authority),
            "BRICKLANE_MAVEN_REPOSITORY": repository.url,
        }
        ready = replace(job, environment=environment, needs={"java": java})
        SparkRuntime(jars=(ANVIL,)).fetch(ready, record, Path(sys.prefix))
        return job.folder / "jars"

    return run


@pytest.fixture
def own_java() -> Path:
    copy = find(JAVA, os.environ).copy
    assert copy, "this test runs Ivy with Java, which was not found"
    return copy.path


@pytest.mark.real
def test_a_java_of_the_cache_trusts_what_the_machine_trusts(
    fetch: Callable[[Path], Path], own_java: Path, job: Job
) -> None:
    cached = Path(job.environment["BRICKLANE_CACHE_DIR"]) / "tools" / "java" / "21"
    cached.parent.mkdir(parents=True)
    cached.symlink_to(own_java)

    jars = fetch(cached)

    assert (jars / "anvil-1.2.jar").read_bytes() == CONTENT
    assert "1 authorities" in job.log.read_text("utf-8")


@pytest.mark.real
def test_a_java_of_the_user_keeps_its_own_authorities(
    fetch: Callable[[Path], Path], own_java: Path
) -> None:
    with pytest.raises(WayFailed, match="PKIX path building failed") as caught:
        fetch(own_java)

    assert caught.value.code is ExitCode.NETWORK


def test_the_named_bundle_wins_and_an_absent_one_is_none(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("", "utf-8")

    assert authorities({"SSL_CERT_FILE": str(bundle)}) == bundle
    assert authorities({"SSL_CERT_FILE": str(tmp_path / "none.pem")}) is None


def test_paths_are_quoted_as_java_options_files_want_them() -> None:
    assert trust_option(Path('/a b/"c"')) == '"-Djavax.net.ssl.trustStore=/a b/\\"c\\""\n'
