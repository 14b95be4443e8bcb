"""Clients that come to Spark Connect with the token of a workspace."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from pyspark.errors import PySparkException

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from conftest import Engine

pytestmark = pytest.mark.real
Visit = Callable[..., "SparkSession"]


@pytest.fixture
def visit(engine: Engine) -> Iterator[Visit]:
    """Open a session as a client does that knows a token only."""
    from pyspark.sql.connect.session import SparkSession

    opened: list[SparkSession] = []

    def open_session(token: str, parameters: str = "") -> SparkSession:
        remote = f"{engine.endpoint.remote}/;token={token}{parameters}"
        opened.append(SparkSession.builder.remote(remote).create())
        return opened[-1]

    yield open_session
    for session in opened:
        # Of those that were not let in nothing can be released.
        session.release_session_on_close = False
        session.stop()


def test_a_session_is_that_of_its_tokens_principal(engine: Engine, visit: Visit) -> None:
    for workspace in ("dev", "staging"):
        session = visit(engine.cloud.profile_of(workspace)["token"])
        query = "SELECT current_user(), current_catalog()"
        assert [tuple(row) for row in session.sql(query).collect()] == [
            ("developer@bricklane.local", workspace)
        ]
        session.range(3).write.mode("overwrite").format("delta").save("dbfs:/tmp/visited")
        assert (engine.paths.dbfs(workspace) / "tmp" / "visited" / "_delta_log").is_dir()


def test_settings_do_not_make_it_another(engine: Engine, visit: Visit) -> None:
    staging = engine.cloud.profile_of("staging")
    session = visit(engine.cloud.profile["token"])
    with pytest.raises(PySparkException, match=r"spark\.bricklane\.workspace cannot be changed"):
        session.conf.set("spark.bricklane.workspace", "staging")
    session.sql("SET spark.bricklane.workspace = staging").collect()
    session.sql(f"SET spark.bricklane.host = {staging['host']}").collect()
    assert session.conf.get("spark.bricklane.workspace") == "dev"


def test_who_has_no_token_is_not_let_in(visit: Visit) -> None:
    with pytest.raises(Exception, match="no workspace of this cloud accepts it"):
        visit("dapi" + "0" * 32).range(1).collect()


def test_a_session_is_nobody_elses(engine: Engine, visit: Visit, spark: SparkSession) -> None:
    parameters = f";session_id={uuid.uuid4()};user_id=somebody"
    owner = visit(engine.cloud.profile_of("staging")["token"], parameters)
    owner.sql("CREATE TEMPORARY VIEW mine AS SELECT 1").collect()
    with pytest.raises(PySparkException, match="is not one of"):
        visit(engine.cloud.profile["token"], parameters).sql("SELECT * FROM mine").collect()


def test_a_cluster_must_be_there_for_the_token(engine: Engine, visit: Visit) -> None:
    token = engine.cloud.profile["token"]
    body = {
        "spark_version": "17.3.x-scala2.13",
        "node_type_id": "i3.xlarge",
        "num_workers": 0,
    }
    made = engine.cloud.request("POST", "/api/2.1/clusters/create", json=body).json()
    known = f";x-databricks-cluster-id={made['cluster_id']}"
    assert visit(token, known).range(2).count() == 2
    with pytest.raises(Exception, match="missing does not exist"):
        visit(token, ";x-databricks-cluster-id=missing").range(1).collect()
