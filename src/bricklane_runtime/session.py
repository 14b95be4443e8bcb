"""The Spark session of a run: one object, known before it is connected.

``spark`` exists from the start, as user code expects, but the connection is made when it is first
used: a task that needs no Spark never waits for it.
"""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc  # type: ignore[import-untyped]
from pyspark.errors import AnalysisException
from pyspark.errors.exceptions.connect import SparkConnectGrpcException
from pyspark.logger import PySparkLogger
from pyspark.sql.connect.catalog import Catalog
from pyspark.sql.connect.client import SparkConnectClient
from pyspark.sql.connect.client.core import DefaultChannelBuilder
from pyspark.sql.connect.session import SparkSession

from bricklane_runtime.rest import Rest
from bricklane_runtime.specification import Specification

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame

# They print every error a second time, as JSON.
REPEATING_LOGGERS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
# Words of all statements that Spark may lack; whether one is, its beginning tells.
REFRESHABLE = re.compile(r"\b(MATERIALIZED\s+VIEW|STREAMING\s+TABLE)\b", re.IGNORECASE)
# What Spark's errors are called in a session that a restart ended.
LOST_SESSION = ("INVALID_HANDLE.SESSION_CHANGED", "INVALID_HANDLE.SESSION_NOT_FOUND")
# Where a session begins without being told.
DEFAULT_SCHEMA = "default"
# A restarted Spark does not know the sessions of the one before, so waiting for it saves no run;
# and pyspark retries each of the calls by which it gives a query up, one after the other.
RETRIES = {"max_retries": 4, "max_backoff": 1000}


class LoopbackChannelBuilder(DefaultChannelBuilder):
    """Connects to a Spark on this machine with its pre-shared token, without TLS.

    gRPC's local credentials refuse to send the token anywhere but to this machine.
    https://grpc.github.io/grpc/python/grpc.html#grpc.local_channel_credentials

    Args:
        url: ``sc://host:port``.
        bearer: the token, or "".
    """

    def __init__(self, url: str, bearer: str) -> None:
        super().__init__(url)
        self._bearer = bearer

    def toChannel(self) -> grpc.Channel:  # noqa: N802 - pyspark's name
        """Return a new channel."""
        if not self._bearer or self.use_ssl:
            if self._bearer:
                self.set(self.PARAM_TOKEN, self._bearer)
            channel: grpc.Channel = super().toChannel()
            return channel
        credentials = grpc.composite_channel_credentials(
            grpc.local_channel_credentials(), grpc.access_token_call_credentials(self._bearer)
        )
        return self._secure_channel(self.endpoint, credentials)


class RunClient(SparkConnectClient):
    """Says which Spark went away, where pyspark says only how the connection ended.

    Args:
        remote: connection string without a token.
        options: of pyspark's client.
    """

    def __init__(self, remote: str, **options: Any) -> None:
        self._remote_name = remote.partition("/;")[0]
        super().__init__(**options)

    def _handle_rpc_error(self, rpc_error: grpc.RpcError) -> NoReturn:
        try:
            super()._handle_rpc_error(rpc_error)
        except SparkConnectGrpcException as error:
            reason = gone(rpc_error, error)
            if not reason:
                raise
            raise SparkConnectGrpcException(
                f"The Spark at {self._remote_name} {reason}", grpc_status_code=rpc_error.code()
            ) from None


def gone(rpc_error: grpc.RpcError, error: SparkConnectGrpcException) -> str:
    """Return how Spark was lost, "" when the error is about something else."""
    if rpc_error.code() is grpc.StatusCode.UNAVAILABLE:
        return f"is not reachable any more: {rpc_error.details()}"
    text = str(error)
    if any(name in text for name in LOST_SESSION):
        return f"was started again and does not know this session any more: {text}"
    return ""


class RunCatalog(Catalog):
    """The catalog API of the run's session."""

    def setCurrentCatalog(self, catalogName: str) -> None:  # noqa: N802, N803 - pyspark's names
        """Set the current catalog, also one that the session has not heard of.

        Spark looks the name up among those that it knows, where statements make it ask which
        there are.
        """
        try:
            self._sparkSession.sql(f"USE {quoted(catalogName)}")
        except AnalysisException:
            super().setCurrentCatalog(catalogName)


class RunSession(SparkSession):
    """The run's session; connects on first use, and again when used after ``stop()``.

    Args:
        specification: says where Spark is and what the session shall know.
    """

    # Whether CREATE MATERIALIZED VIEW and CREATE STREAMING TABLE begin pipelines of their own.
    makes_tables = True

    def __init__(self, specification: Specification) -> None:
        self._specification = specification
        self._connected: SparkConnectClient | None = None
        self._connecting = threading.RLock()
        self.release_session_on_close = True

    @property
    def _client(self) -> SparkConnectClient:  # type: ignore[override]
        with self._connecting:
            if self._connected is None:
                self._connected = self._connect()
                try:
                    self._prepare()
                except BaseException:
                    self._connected = None
                    raise
            return self._connected

    @property
    def _session_id(self) -> str:  # type: ignore[override]
        identity: str = self._client._session_id
        return identity

    def _connect(self) -> SparkConnectClient:
        spark = self._specification.spark
        if not spark.remote:
            raise RuntimeError("This run has no Spark: the local cloud was started without it")
        return RunClient(
            spark.remote,
            connection=LoopbackChannelBuilder(spark.remote, spark.token),
            user_id=self._specification.user or None,
            retry_policy=RETRIES,
        )

    def _prepare(self) -> None:
        self.conf._set_all(configs={**session_settings(self._specification)}, silent=True)
        if jars := self._specification.spark.jars:
            self.addArtifacts(*jars)
        schema = self._specification.schema
        if schema not in ("", DEFAULT_SCHEMA):
            self.sql(f"USE SCHEMA {quoted(schema)}")

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:  # noqa: N803
        """Return the data frame of a statement; those that Spark lacks are carried out here."""
        left = sqlQuery
        if self.makes_tables:
            carried = carried_out(self, self._specification, sqlQuery, args)
            if carried is None:
                return cast("DataFrame", self.range(0).select())
            left = carried
        found: Any = super().sql(left, args, **kwargs)
        return cast("DataFrame", found)

    @property
    def catalog(self) -> Catalog:
        """The catalog API."""
        return RunCatalog(self)

    @property
    def classic_advice(self) -> str:
        """Why there is no classic Spark and what to do, "" for no words of the run's own."""
        classic = self._specification.classic
        return "" if classic is None else classic.advice

    @property
    def is_stopped(self) -> bool:
        """Always false: a stopped session connects again when it is used."""
        return False

    @property
    def is_connected(self) -> bool:
        """Whether anything used the session yet."""
        return self._connected is not None

    def stop(self) -> None:
        """Release the session in Spark; the next use begins a new one."""
        with self._connecting:
            client, self._connected = self._connected, None
        if client is not None:
            try:
                client.release_session()
            finally:
                client.close()

    def __del__(self) -> None:
        # pyspark would connect once more, to close. Where the session is collected in a thread of
        # gRPC, that waits for this very thread; :meth:`stop` is what releases a session.
        pass

    def __repr__(self) -> str:
        return "<pyspark.sql.connect.session.SparkSession>"


def carried_out(session: Any, specification: Specification, text: str, args: Any) -> str | None:
    """Carry out a statement that Spark lacks.

    Args:
        session: that was given it.
        specification: of the run.
        text: the statement.
        args: values of its parameter markers.

    Returns:
        The statement that is left for Spark, the same for any that it has; None for none.
    """
    if not REFRESHABLE.search(text):
        return text
    from bricklane_runtime.pipelines.single import Statement

    rest = Rest(specification.host, specification.token)
    return Statement(session, rest, text, args if isinstance(args, dict) else {}).run()


def session_settings(specification: Specification) -> dict[str, str]:
    """Return the settings of the run's session; the plugin that reads catalogs needs the first."""
    return {
        "spark.bricklane.host": specification.spark.host or specification.host,
        "spark.bricklane.token": specification.token,
        "spark.bricklane.workspace": specification.workspace,
        **({"spark.sql.defaultCatalog": specification.catalog} if specification.catalog else {}),
        # The messages say what is wrong; the Java frames behind them help nobody here.
        "spark.sql.connect.serverStacktrace.enabled": "false",
        "spark.sql.pyspark.jvmStacktrace.enabled": "false",
        **specification.spark.conf,
    }


def quoted(name: str) -> str:
    """Return a name as SQL writes it, whatever it holds."""
    return "`" + name.replace("`", "``") + "`"


def remote_environment(specification: Specification) -> dict[str, str]:
    """Return the variables by which other processes of the run, and pyspark itself, find Spark."""
    spark = specification.spark
    if not spark.remote:
        return {}
    # pyspark sends a token without TLS to this name only.
    variables = {"SPARK_REMOTE": spark.remote.replace("//127.0.0.1:", "//localhost:", 1)}
    if spark.token:
        variables["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = spark.token
    return {**variables, "SPARK_CONNECT_MODE_ENABLED": "1"}


def install(specification: Specification) -> RunSession:
    """Make the run's session the one that pyspark hands out.

    Returns:
        The session: what ``SparkSession.builder.getOrCreate()``, ``getActiveSession()`` and
        ``DatabricksSession.builder.getOrCreate()`` return from now on.
    """
    os.environ.update(remote_environment(specification))
    for name in REPEATING_LOGGERS:
        PySparkLogger.getLogger(name).disabled = True
    session = _session_class(specification)(specification)
    session_class: Any = SparkSession
    session_class._default_session = session
    session_class._active_session.session = session
    return session


def _session_class(specification: Specification) -> type[RunSession]:
    if specification.kind != "pipeline":
        return RunSession
    from bricklane_runtime.pipelines.session import PipelineSession

    return PipelineSession
