"""Opens the Spark session of a test run, wherever it is."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.testing.spark import places
from bricklane.testing.spark.isolation import Isolation, isolation_of
from bricklane.testing.spark.loggers import repeating_loggers
from bricklane.testing.spark.parameters import keeping_parameters
from bricklane.testing.spark.places import Place

if TYPE_CHECKING:
    from databricks.sdk.core import Config

    from bricklane.testing.spark.installation import Installation

# The catalog of a Spark without a workspace.
LOCAL_CATALOG = "spark_catalog"
# Where a workspace of the local cloud says how its Spark is reached.
LOCAL_SPARK = "/_bricklane/spark"
REACH_SECONDS = 10.0
SCHEMA_PREFIX = "bricklane_test_"

# Without it pyspark.pandas, which `assertDataFrameEqual` loads, warns, and warnings may be errors.
PANDAS = ("PYARROW_IGNORE_TIMEZONE", "1")

# PySpark closes collected sessions in any thread, and can wait for itself; so none is collected.
_kept: list[Any] = []


@dataclass(slots=True)
class Opened:
    """An open session.

    Args:
        spark: the session.
        place: where it is.
        isolation: between tests.
        schema: full name of this process's own schema; empty on a workspace.
        said: how it came to be, in a line.
        closing: what ends it, in order.
        environment: what was in the variables that lead other code to the same session.
    """

    spark: Any
    place: Place
    isolation: Isolation
    schema: str
    said: str
    closing: tuple[Callable[[], object], ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)

    def close(self) -> None:
        """End the session, and put the environment back."""
        try:
            if self.schema:
                self.spark.sql(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")
        finally:
            for close in self.closing:
                close()
            _restore(self.environment)


def open_session(
    place: Place, root: Path, chosen: Mapping[str, str], config: Callable[[], Config]
) -> Opened:
    """Open the session of a test run.

    Args:
        place: where Spark is.
        root: the project's folder.
        chosen: the project's own settings, for a Spark that is started here.
        config: returns how to reach the target's workspace.

    Raises:
        BricklaneError: when it cannot be opened; the hint names what is missing.
    """
    match place.kind:
        case places.LOCAL:
            return _warm(place, root, chosen)
        case places.COLD:
            return _cold(place, root, chosen, "as asked")
        case places.CONNECT:
            return _connect(place, place.detail, {}, f"Spark Connect at {place.detail}")
        case places.INSIDE:
            return _inside(place)
        case _:
            return _databricks(place, config())


def _warm(place: Place, root: Path, chosen: Mapping[str, str]) -> Opened:
    from bricklane.testing.spark import warm
    from bricklane.testing.spark.installation import find_installation

    installation = find_installation()
    if not installation.connect:
        return _cold(place, root, chosen, f"pyspark {installation.version} has no Spark Connect")
    # Importing takes two seconds, and Spark needs five to start.
    importing = threading.Thread(target=_import_quietly, daemon=True)
    importing.start()
    found = warm.acquire(installation, root, chosen, os.environ)
    importing.join()
    began = "started by this run" if found.fresh else "found running"
    said = f"warm Spark {installation.version}, process {found.pid}, {began}"
    try:
        opened = _connect(place, found.remote, {warm.TOKEN: found.token}, said)
    except BaseException:
        found.release()
        raise
    opened.closing = (*opened.closing, found.release)
    if installation.jars:
        opened.spark.sql = keeping_parameters(opened.spark.sql)
    return opened


def _connect(
    place: Place,
    url: str,
    variables: Mapping[str, str],
    said: str,
    settings: Mapping[str, str] | None = None,
) -> Opened:
    """Open a session; one that is told what workspace it is of needs no schema of its own."""
    session_class = _connect_class()
    _reach(url)
    os.environ.setdefault(*PANDAS)
    # So that `SparkSession.builder.getOrCreate()` in the code under test is the same session.
    led = {**variables, "SPARK_REMOTE": url, "SPARK_CONNECT_MODE_ENABLED": "1"}
    before = _set(led)
    try:
        _silence()
        spark = session_class.builder.remote(url).create()
        _make_default(session_class, spark)
        _give_up_soon(spark)
        spark.stop = _ignore_stop
        _kept.append(spark)
        for name, value in (settings or {}).items():
            spark.conf.set(name, value)
        schema = _own_schema(spark) if settings is None else ""
    except Exception as error:
        _restore(before)
        raise _unreachable(url, error) from error
    stop = session_class.stop
    return Opened(
        spark, place, isolation_of(spark, schema), schema, said, (lambda: stop(spark),), before
    )


def _import_quietly() -> None:
    """Import what a session needs; who needs it next is told what is wrong with it."""
    with contextlib.suppress(Exception):
        _connect_class()


def _connect_class() -> Any:
    try:
        from pyspark.sql.connect.session import SparkSession
    except ImportError as error:  # PySpark's own error for what it needs is one too.
        raise BricklaneError(
            f"Spark Connect cannot be used in this environment: {error}",
            hint="add `pyspark[connect]` to the project's development dependencies\n"
            "or use a Spark of the test process alone: pytest --spark local-cold",
            exit_code=ExitCode.TOOL,
        ) from None
    return SparkSession


def _make_default(session_class: Any, spark: Any) -> None:
    session_class._default_session = spark
    session_class._active_session.session = spark


def _reach(url: str) -> None:
    """Make sure that somebody listens: pyspark tries for ten minutes."""
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 15002), REACH_SECONDS):
            pass
    except (OSError, ValueError) as error:
        raise _unreachable(url, error) from None


def _give_up_soon(spark: Any) -> None:
    """Let a Spark that has died fail tests at once: one that comes back has no sessions."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    spark._client.set_retry_policies([DefaultPolicy(max_retries=4, max_backoff=1000)])


def _ignore_stop() -> None:
    """Do nothing: code under test that stops its session would stop that of all other tests."""


def _unreachable(url: str, error: Exception) -> BricklaneError:
    said = str(error).strip() or type(error).__name__
    return BricklaneError(
        f"no Spark session could be opened at {url}: {said.splitlines()[0]}",
        hint="check the address given by --spark or BRICKLANE_TEST_SPARK\n"
        "the Spark of this machine begins anew after: bricklane spark stop",
        exit_code=ExitCode.NETWORK,
    )


def _own_schema(spark: Any) -> str:
    """Make the schema that this process's tests use, and drop those of processes that are gone."""
    import secrets

    for row in spark.sql(f"SHOW SCHEMAS IN {LOCAL_CATALOG} LIKE '{SCHEMA_PREFIX}*'").collect():
        pid = row.namespace.removeprefix(SCHEMA_PREFIX).partition("_")[0]
        if pid.isdigit() and not _alive(int(pid)):
            spark.sql(f"DROP SCHEMA IF EXISTS {LOCAL_CATALOG}.{row.namespace} CASCADE")
    name = f"{LOCAL_CATALOG}.{SCHEMA_PREFIX}{os.getpid()}_{secrets.token_hex(3)}"
    spark.sql(f"CREATE SCHEMA {name}")
    spark.sql(f"USE {name}")
    return name


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _cold(place: Place, root: Path, chosen: Mapping[str, str], why: str) -> Opened:
    from bricklane.testing.spark.installation import find_installation
    from bricklane.testing.spark.settings import local_settings
    from bricklane.testing.spark.warm import DEFAULT_MEMORY, MEMORY

    installation = find_installation()
    if not installation.own:
        raise BricklaneError(
            "--spark local-cold needs a pyspark with Spark in it in the environment of the tests",
            hint="databricks-connect has none; `pytest --spark local` starts the Spark that "
            "`bricklane tools install spark` has installed",
            exit_code=ExitCode.TOOL,
        )
    from pyspark.sql import SparkSession

    os.environ.setdefault(*PANDAS)
    folder = Path(tempfile.mkdtemp(prefix="bricklane-spark-"))
    before = _set(_cold_variables(installation, root))
    memory = os.environ.get(MEMORY) or DEFAULT_MEMORY
    settings = local_settings(folder, memory, installation.jars, chosen)
    builder = SparkSession.builder.master("local[*]").appName(f"tests of {root.name}")
    builder = builder.config("spark.sql.catalogImplementation", "in-memory")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark: Any = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    if installation.jars:
        spark.sql = keeping_parameters(spark.sql)
    schema = _own_schema(spark)
    return Opened(
        spark,
        place,
        isolation_of(spark, schema),
        schema,
        f"Spark {installation.version} of this process alone ({why})",
        (spark.stop, lambda: shutil.rmtree(folder, ignore_errors=True)),
        before,
    )


def _cold_variables(installation: Installation, root: Path) -> dict[str, str]:
    from bricklane.testing.spark.warm import import_folders

    folders = [*import_folders(root), os.environ.get("PYTHONPATH", "")]
    return {
        "JAVA_HOME": str(installation.java_home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(installation.python),
        "PYTHONPATH": os.pathsep.join(filter(None, folders)),
    }


def _inside(place: Place) -> Opened:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.getOrCreate()
    return Opened(spark, place, isolation_of(spark, ""), "", "the session of this run")


def _databricks(place: Place, config: Config) -> Opened:
    host = config.host or ""
    if _is_loopback(host):
        return _local_workspace(place, config)
    try:
        connect: Any = importlib.import_module("databricks.connect")
    except ImportError:
        raise BricklaneError(
            f"Spark of the workspace {host} needs databricks-connect, which is not installed",
            hint="add `databricks-connect` to the group of dependencies that these tests run with "
            "(not beside pyspark), or use the Spark of this machine: pytest --spark local",
            exit_code=ExitCode.TOOL,
        ) from None
    cluster = place.detail or (place.kind == places.WORKSPACE and config.cluster_id) or ""
    builder = connect.DatabricksSession.builder.sdkConfig(config)
    spark = (builder.clusterId(cluster) if cluster else builder.serverless(True)).getOrCreate()
    _kept.append(spark)
    what = f"cluster {cluster}" if cluster else "serverless compute"
    return Opened(spark, place, isolation_of(spark, ""), "", f"{what} of {host}", (spark.stop,))


def _local_workspace(place: Place, config: Config) -> Opened:
    """Open a session of a workspace of the local cloud, which says where its Spark is."""
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.errors.base import DatabricksError

    from bricklane.testing.spark import warm

    try:
        found: Any = WorkspaceClient(config=config).api_client.do("GET", LOCAL_SPARK)
    except DatabricksError as error:
        raise BricklaneError(
            f"the Spark of the workspace {config.host} cannot be had: {error}",
            hint="use the Spark of this machine: pytest --spark local",
            exit_code=ExitCode.NETWORK,
        ) from None
    # pyspark sends a token without TLS to this name only.
    url = str(found["remote"]).replace("//127.0.0.1:", "//localhost:", 1)
    token = config.authenticate()["Authorization"].removeprefix("Bearer ")
    settings = {**found["settings"], "spark.bricklane.token": token}
    said = f"Spark of the local workspace {config.host}"
    return _connect(place, url, {warm.TOKEN: found["token"]}, said, settings)


def _is_loopback(host: str) -> bool:
    from urllib.parse import urlsplit

    return urlsplit(host).hostname in {"localhost", "127.0.0.1", "::1"}


def _silence() -> None:
    for logger in repeating_loggers():
        logger.disabled = True


def _set(variables: Mapping[str, str]) -> Mapping[str, str | None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    return before


def _restore(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
