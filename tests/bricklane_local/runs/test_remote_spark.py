"""A cloud on a Spark Connect server that an operator has started: grants, files, and its loss."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import requests
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType
from databricks.sdk.service.workspace import ImportFormat

from tests.bricklane_local.runs.spark_operator import Operator
from tests.wheels import write_wheel

if TYPE_CHECKING:
    from conftest import Desk, Server, Workbench

pytestmark = pytest.mark.real
# Executors in processes of their own, as a cluster has them.
CLUSTER = "local-cluster[1,1,1024]"
PIPELINE = """
import dlt

@dlt.table
def streamed():
    return spark.readStream.table("dev.shop.orders")

@dlt.table
def large():
    return dlt.read("streamed").where("CAST(amount AS INT) > 10")
"""
WHEEL = """
from pyspark.sql import SparkSession

def main():
    spark = SparkSession.builder.getOrCreate()
    spark.range(5).write.mode("overwrite").saveAsTable("dev.shop.counted")
"""


def own_address() -> str:
    """Return an address of this machine that is not loopback, if it has one."""
    for addresses in psutil.net_if_addrs().values():
        for each in addresses:
            if each.family == socket.AF_INET and not each.address.startswith("127."):
                return str(each.address)
    return "127.0.0.1"


def java_of(server: Server) -> list[psutil.Process]:
    """Return the Java processes that the cloud has started."""
    pid = json.loads((server.state / "server.json").read_text())["pid"]
    found = psutil.Process(pid).children(recursive=True)
    return [process for process in found if process.name() == "java"]


def spark_of(server: Server) -> dict[str, Any]:
    """Return what ``bricklane local status`` says of Spark."""
    found: dict[str, Any] = json.loads(server.local("status", "--json").stdout)["spark"]
    return found


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the cloud and Spark share."""
    return tmp_path_factory.mktemp("shared") / "storage"


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, cloud_in: Callable[[Path], Server]
) -> Iterator[Server]:
    """The cloud, which is not started yet."""
    found = cloud_in(tmp_path_factory.mktemp("remote") / "state")
    yield found
    found.local("down")


@pytest.fixture(scope="module")
def operator(compute: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """Who starts Spark, and has not yet."""
    made = Operator(compute, tmp_path_factory.mktemp("operator"))
    yield made
    made.kill()


@pytest.fixture(scope="module")
def options(server: Server, operator: Operator, compute: list[str], storage: Path) -> list[str]:
    """The options of the cloud, for which an operator can start Spark now."""
    server.local("spark-plugin", *compute, "--storage-root", str(storage))
    chosen = ["--storage-root", str(storage), "--spark-callback-host", own_address()]
    return [*compute, "--spark-remote", operator.remote, *chosen]


@pytest.fixture(scope="module")
def properties(storage: Path) -> list[str]:
    """The options of Spark, as the operator gives them."""
    settings = storage / "spark-remote" / "spark-defaults.conf"
    return ["--master", CLUSTER, "--properties-file", str(settings)]


@pytest.fixture(scope="module")
def bench(
    server: Server,
    operator: Operator,
    options: list[str],
    properties: list[str],
    bench_of: Callable[[Server, list[str]], Workbench],
) -> Workbench:
    """A workbench on the cloud with its remote Spark, and a schema with a table and a volume."""
    operator.start(*properties)
    made = bench_of(server.up(*options), options)
    client = made.client
    client.schemas.create("shop", "dev")
    client.volumes.create("dev", "shop", "files", VolumeType.MANAGED)
    client.files.upload("/Volumes/dev/shop/files/orders.csv", io.BytesIO(b"id,amount\n1,20\n2,5\n"))
    return made


@pytest.fixture(scope="module")
def reader(bench: Workbench) -> str:
    """A service principal that may read tables of the schema and nothing else."""
    made = str(bench.client.service_principals.create(display_name="reader").application_id)
    for kind, name, privileges in (
        ("catalog", "dev", [Privilege.USE_CATALOG]),
        ("schema", "dev.shop", [Privilege.USE_SCHEMA, Privilege.SELECT]),
    ):
        change = PermissionsChange(principal=made, add=privileges)
        bench.client.grants.update(kind, name, changes=[change])
    return made


@pytest.fixture(scope="module")
def desk(bench: Workbench, desk_of: Callable[[Workbench], Desk]) -> Desk:
    """A desk for SQL and pipelines on the cloud."""
    return desk_of(bench)


def test_up_names_what_is_wrong_with_a_remote(
    server: Server, operator: Operator, compute: list[str], options: list[str]
) -> None:
    both = server.local("up", *options, "--spark-idle", "5", check=False)
    assert "--spark-idle and --spark-remote do not go together" in both.stderr
    away = server.local("up", *options, check=False)
    assert f"The remote Spark {operator.remote} is not reachable" in away.stderr
    operator.start("--master", "local[1]")
    plain = server.local("up", *options, check=False)
    assert f"{operator.remote} has no Delta Lake, and does not have the plugin" in plain.stderr
    assert "bricklane local spark-plugin" in plain.stderr
    assert server.local("status", check=False).returncode == 3
    operator.kill()


def test_the_cloud_has_no_java_of_its_own_and_tells_no_token(
    bench: Workbench, operator: Operator, server: Server, storage: Path
) -> None:
    assert not java_of(server)
    found = spark_of(server)
    assert (found["state"], found["remote"]) == ("REACHABLE", operator.remote)
    assert (
        f"Spark: the remote {operator.remote}, which can be used" in server.local("status").stdout
    )
    token = (storage / "spark-remote" / "token").read_text()
    pid = json.loads((server.state / "server.json").read_text())["pid"]
    every = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    assert not any(token in word for process in every for word in process.cmdline())
    logs = [file.read_text(errors="replace") for file in (server.state / "logs").rglob("*.*")]
    assert not any(token in text for text in logs)
    assert token not in operator.log.read_text(errors="replace")
    assert bench.server is server


def test_a_notebook_writes_tables_that_grants_guard(bench: Workbench, reader: str) -> None:
    cells = (
        "orders = spark.read.csv('/Volumes/dev/shop/files/orders.csv', header=True)",
        "orders.write.saveAsTable('dev.shop.orders')",
        "dbutils.notebook.exit(open('/Volumes/dev/shop/files/orders.csv').readline().strip())",
    )
    assert bench.result(*cells) == "id,amount"
    as_reader = {"run_as": {"service_principal_name": reader}}
    read = "dbutils.notebook.exit(str(spark.table('dev.shop.orders').count()))"
    run = bench.run(bench.task(read), **as_reader)
    assert bench.output(run)["notebook_output"]["result"] == "2"
    change = "spark.sql('DELETE FROM dev.shop.orders')"
    denied = bench.output(bench.run(bench.task(change), **as_reader))
    assert "MODIFY on Table 'dev.shop.orders'" in denied["error"]
    files = "spark.read.text('/Volumes/dev/shop/files/orders.csv').collect()"
    denied = bench.output(bench.run(bench.task(files), **as_reader))
    assert "READ VOLUME on Volume 'dev.shop.files'" in denied["error"]


def test_tables_and_volumes_lie_in_the_shared_folder(
    bench: Workbench, server: Server, storage: Path
) -> None:
    location = str(bench.client.tables.get("dev.shop.orders").storage_location)
    assert location.startswith(storage.as_uri()), location
    assert (storage / "metastore" / "Volumes" / "dev" / "shop" / "files" / "orders.csv").is_file()
    assert not (server.state / "metastore").exists()


def test_a_statement_and_a_wheel_run_there(bench: Workbench, desk: Desk, tmp_path: Path) -> None:
    assert desk.sql("SELECT sum(CAST(amount AS INT)) FROM dev.shop.orders") == [["25"]]
    wheel = write_wheel(tmp_path, "counting", source=WHEEL)
    place = "/Workspace/Shared/" + wheel.name
    content: Any = wheel.read_bytes()
    bench.client.workspace.upload(place, content, format=ImportFormat.AUTO)
    body = {"package_name": "counting", "entry_point": "main"}
    task = {"task_key": "main", "python_wheel_task": body, "environment_key": "own"}
    own = {"environment_key": "own", "spec": {"client": "4", "dependencies": [place]}}
    run = bench.run(task, environments=[own])
    assert run["state"]["result_state"] == "SUCCESS", bench.output(run)
    assert desk.sql("SELECT count(*) FROM dev.shop.counted") == [["5"]]


def test_python_functions_find_their_modules_in_executors(bench: Workbench) -> None:
    content: Any = b"def double(value):\n    return 2 * value\n"
    bench.client.workspace.upload("/Shared/helping.py", content, format=ImportFormat.RAW)
    cells = (
        "import sys; sys.path.append('/Workspace/Shared'); import helping",
        "from pyspark.sql.functions import udf",
        "twice = udf(lambda value: helping.double(value), 'BIGINT')",
        "found = spark.range(3).select(twice('id').alias('twice')).collect()",
        "dbutils.notebook.exit(str([row.twice for row in found]))",
    )
    assert bench.result(*cells) == "[0, 2, 4]"


def test_a_pipeline_runs_there(desk: Desk) -> None:
    source = desk.file("/Shared/flow.py", PIPELINE)
    update = desk.update(desk.create("flow", source))
    assert update["state"] == "COMPLETED", update
    assert desk.sql("SELECT count(*) FROM dev.shop.large") == [["1"]]
    assert desk.sql("SELECT count(*) FROM dev.shop.streamed") == [["2"]]


def test_programs_with_a_spark_of_their_own_are_refused_by_name(
    bench: Workbench, operator: Operator
) -> None:
    task = {"task_key": "jar", "spark_jar_task": {"main_class_name": "a.Main"}}
    cluster = {"spark_version": "17.3.x-scala2.13", "num_workers": 0}
    run = bench.run(task | {"new_cluster": cluster})
    problem = bench.output(run, "jar")["error"]
    assert "The task jar is a program with a Spark of its own" in problem
    assert f"not on the remote Spark {operator.remote}" in problem


def test_only_what_spark_asks_is_served_beside_loopback(bench: Workbench, server: Server) -> None:
    port = server.host.rpartition(":")[2]
    there = f"http://{own_address()}:{port}"
    token = {"Authorization": f"Bearer {server.profile['token']}"}
    listed = "/api/2.1/unity-catalog/catalogs"
    assert requests.get(there + listed, headers=token, timeout=60).ok
    assert requests.get(there + listed, timeout=60).status_code == 401
    other = requests.get(there + "/api/2.2/jobs/list", headers=token, timeout=60)
    assert (other.status_code, "for Spark's plugin" in other.json()["message"]) == (403, True)
    assert bench.server is server


def test_losing_the_remote_fails_the_run_truthfully_and_the_next_one_works(
    bench: Workbench, desk: Desk, operator: Operator, properties: list[str], tmp_path: Path
) -> None:
    querying = tmp_path / "querying"
    cells = (
        f"spark.range(1000).count(); open({str(querying)!r}, 'w').close()",
        "while True:\n    spark.range(1000).count()",
    )
    run_id = bench.start(bench.create(bench.task(*cells)))
    bench.until(run_id, lambda _: querying.exists())
    operator.kill()
    run = bench.finish(run_id)
    assert run["state"]["result_state"] == "FAILED"
    assert f"The Spark at {operator.remote} is not reachable any more" in bench.output(run)["error"]
    away = bench.run(bench.task("spark.range(1).count()"))
    message = f"The remote Spark {operator.remote} is not reachable"
    assert message in away["tasks"][0]["state"]["state_message"]
    problem = desk.problem("SELECT 1")
    assert (operator.remote in problem, "is not reachable" in problem) == (True, True), problem
    assert spark_of(bench.server)["state"] == "LOST"
    operator.start(*properties)
    assert bench.result("dbutils.notebook.exit(str(spark.table('dev.shop.orders').count()))") == "2"
    assert desk.sql("SELECT count(*) FROM dev.shop.orders") == [["2"]]
    assert spark_of(bench.server)["state"] == "REACHABLE"


def test_the_remote_is_remembered_until_it_is_none(
    bench: Workbench,
    compute: list[str],
    operator: Operator,
    storage: Path,
    bench_of: Callable[[Server, list[str]], Workbench],
) -> None:
    server = bench.server
    other = server.local("up", *compute, "--spark-remote", "none", check=False)
    assert f"the cloud runs already, with {operator.remote}" in other.stderr
    again = server.local("reset", "--yes", "--port", "0", *compute, check=False)
    assert again.returncode == 0, again.stderr
    assert spark_of(server)["remote"] == operator.remote
    assert not (storage / "metastore" / "Volumes" / "dev" / "shop").exists()
    made = "spark.range(2).write.saveAsTable('dev.default.kept'); dbutils.notebook.exit('made')"
    assert bench_of(server, compute).result(made) == "made"
    server.local("down")
    idle = server.local("up", *compute, "--spark-idle", "5", check=False)
    assert "--spark-idle and --spark-remote do not go together" in idle.stderr
    moved = server.local("up", *compute, "--storage-root", str(storage / "other"), check=False)
    assert f"the tables of the cloud in {server.state} are in {storage}" in moved.stderr
    operator.kill()
    server.up(*compute, "--spark-remote", "none")
    assert "remote" not in server.local("status").stdout.partition("Spark:")[2].splitlines()[0]
    read = "dbutils.notebook.exit(str(spark.table('dev.default.kept').count()))"
    assert bench_of(server, compute).result(read) == "2"
