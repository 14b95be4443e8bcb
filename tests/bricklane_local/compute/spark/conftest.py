"""A cloud with one Spark process, shared by all tests here, and sessions on it."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pytest

from bricklane_local.compute.spark.endpoint import SparkEndpoint
from bricklane_local.compute.spark.installation import SparkInstallation
from bricklane_local.compute.spark.server import SparkServer
from bricklane_local.paths import StatePaths

if TYPE_CHECKING:
    import requests
    from pyspark.sql.connect.session import SparkSession

T = TypeVar("T")
_NUMBERS = itertools.count()


class Cloud(Protocol):
    """What the fixtures of the folder above offer: a running cloud."""

    @property
    def state(self) -> Path: ...

    @property
    def profile(self) -> Mapping[str, str]: ...

    def profile_of(self, workspace: str) -> Mapping[str, str]: ...

    @property
    def host(self) -> str: ...

    def local(self, *arguments: str) -> object: ...

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response: ...


class Loop:
    """An event loop in a thread of its own, for servers that outlive one test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=300)

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Engine:
    """A cloud and its Spark.

    Args:
        cloud: the running server.
        endpoint: where Spark is.
    """

    def __init__(self, cloud: Cloud, endpoint: SparkEndpoint) -> None:
        self.cloud = cloud
        self.endpoint = endpoint
        self.paths = StatePaths(cloud.state.resolve())
        # PySpark closes a session that is collected, in whatever thread that happens, and with it
        # the threads that all sessions share: a thread of gRPC then waits for itself.
        self._sessions: list[SparkSession] = []

    def session(self, **settings: str) -> SparkSession:
        """Open a session as the administrator, unless ``settings`` say otherwise."""
        from pyspark.sql.connect.session import SparkSession

        identity = {
            "spark.bricklane.host": self.cloud.host,
            "spark.bricklane.token": self.cloud.profile["token"],
            "spark.bricklane.workspace": "dev",
            "spark.sql.defaultCatalog": "dev",
            **{key.replace("__", "."): value for key, value in settings.items()},
        }
        builder = SparkSession.builder.remote(self.endpoint.remote_with_token)
        for key, value in identity.items():
            builder = builder.config(key, value)
        session = builder.create()
        self._sessions.append(session)
        return session


@pytest.fixture(scope="session")
def installation(compute: list[str]) -> SparkInstallation:
    """The Spark that ``make test`` has installed."""
    options = dict(zip(compute[::2], compute[1::2], strict=True))
    return SparkInstallation(Path(options["--spark"]), Path(options["--java"]))


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """The event loop of the shared Spark."""
    made = Loop()
    yield made
    made.close()


@pytest.fixture(scope="session")
def engine(
    tmp_path_factory: pytest.TempPathFactory,
    start: Callable[..., Cloud],
    installation: SparkInstallation,
    loop: Loop,
) -> Iterator[Engine]:
    """The shared cloud and its Spark."""
    cloud = start(tmp_path_factory.mktemp("spark") / "state")
    server = SparkServer(installation, StatePaths(cloud.state.resolve()), memory_megabytes=1024)
    yield Engine(cloud, loop.run(server.ensure()))
    loop.run(server.stop())
    cloud.local("down")


@pytest.fixture(scope="module")
def spark(engine: Engine) -> Iterator[SparkSession]:
    """A session of the administrator."""
    session = engine.session()
    yield session
    session.stop()


@pytest.fixture
def schema(spark: SparkSession) -> str:
    """A new current schema; returns its full name."""
    name = f"dev.s{next(_NUMBERS)}"
    spark.sql(f"CREATE SCHEMA {name}").collect()
    spark.sql(f"USE SCHEMA {name}").collect()
    return name


@pytest.fixture
def sql(spark: SparkSession, schema: str) -> Callable[..., list[tuple[Any, ...]]]:
    """Runs a statement in the new schema and returns its rows as tuples."""

    def run(statement: str, **arguments: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in spark.sql(statement, **arguments).collect()]

    return run


@pytest.fixture
def volume(engine: Engine, schema: str) -> str:
    """The path of a new volume in the new schema."""
    catalog, _, name = schema.partition(".")
    body = {
        "name": "files",
        "catalog_name": catalog,
        "schema_name": name,
        "volume_type": "MANAGED",
    }
    answer = engine.cloud.request("POST", "/api/2.1/unity-catalog/volumes", json=body)
    assert answer.ok, answer.text
    return f"/Volumes/{catalog}/{name}/files"
