"""Python tasks on classic Spark: RDDs and all, in Java virtual machines of their own."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.compute import CommandStatus, DataSecurityMode, Language, Results
from databricks.sdk.service.workspace import ImportFormat

from tests.wheels import write_wheel

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
SERVER = "org.apache.spark.api.python.PythonGatewayServer"
VOLUME = "/Volumes/dev/classic/files"
SETTING = "spark.bricklane.classic"
RUNS = CommandStatus.RUNNING
DEDICATED: dict[str, Any] = {
    "spark_version": "17.3.x-scala2.13",
    "node_type_id": "i3.xlarge",
    "num_workers": 0,
    "data_security_mode": "SINGLE_USER",
}
WHEEL = """
def double(value):
    return 2 * value

def main():
    from pyspark import SparkContext
    import sys
    numbers = SparkContext.getOrCreate().parallelize([1, 2])
    print("doubled:", numbers.map(double).collect(), sys.argv)
"""


@pytest.fixture(scope="module")
def files(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A schema with a volume, which has a text and a wheel."""
    client = bench.client
    client.schemas.create("classic", "dev")
    client.volumes.create("dev", "classic", "files", VolumeType.MANAGED)
    wheel = write_wheel(tmp_path_factory.mktemp("wheel"), "doubling", source=WHEEL)
    client.files.upload(f"{VOLUME}/{wheel.name}", io.BytesIO(wheel.read_bytes()))
    client.files.upload(f"{VOLUME}/text.txt", io.BytesIO(b"one two\nthree"))
    return {"wheel": f"{VOLUME}/{wheel.name}"}


def machines(bench: Workbench) -> list[psutil.Process]:
    """Return the Java virtual machines of tasks that run."""
    processes = psutil.Process(server_pid(bench)).children(recursive=True)
    return [process for process in processes if is_machine(process)]


def is_machine(process: psutil.Process) -> bool:
    try:
        return process.name() == "java" and SERVER in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def server_pid(bench: Workbench) -> int:
    return int(json.loads((bench.server.state / "server.json").read_text())["pid"])


def folder(bench: Workbench, run: dict[str, Any]) -> Path:
    """Return the folder of the first task of a run."""
    runs = bench.server.state / "workspaces" / "dev" / "runs"
    return Path(runs, str(run["tasks"][0]["run_id"]))


def cells(bench: Workbench, run: dict[str, Any]) -> list[str]:
    """Return the text of each cell of a notebook."""
    shown = json.loads((folder(bench, run) / "cells.json").read_text())
    return ["".join(out.get("text", "") for out in cell["outputs"]) for cell in shown]


NOTEBOOK = (
    "# MAGIC %run ./included",
    "print(words(sc).collect(), sqlContext.sql('SELECT 1').collect())",
    "import doubling\nprint(sc.parallelize(range(4)).map(doubling.double).sum())",
    f"""
factor, total = sc.broadcast([10]), sc.accumulator(0)
def count(row):
    with open('{VOLUME}/text.txt') as text:
        total.add(row.id * factor.value[0] + len(text.read()))
spark.range(3).rdd.foreach(count)
print(total.value)
""",
    """
spark.sparkContext.setLogLevel('ERROR')
print(spark.sql('SELECT current_user(), current_catalog()').first(),
      spark.conf.get('spark.shop.setting'), dbutils.widgets.get('greeting'))
""",
    """
from pyspark.sql.functions import udf
spark.udf.register('plus', lambda value: value + 1, 'long')
spark.range(5).selectExpr('id', 'plus(id) AS v').write.saveAsTable('dev.classic.t')
spark.table('dev.classic.t').createOrReplaceTempView('t')
doubled = udf(lambda v: v * 2, 'long')
display(spark.table('t').select(doubled('v').alias('w')).orderBy('w'))
""",
    """%sql
MERGE INTO dev.classic.t USING (SELECT 1L AS id, 50L AS v) s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET v = s.v;
SELECT sum(v) AS total FROM t
""",
    f"""
from delta.tables import DeltaTable
DeltaTable.forName(spark, 'dev.classic.t').delete('id = 4')
seen = []
def each(frame, batch):
    seen.append(frame.rdd.count())
stream = spark.readStream.table('dev.classic.t').writeStream.foreachBatch(each)
stream = stream.option('checkpointLocation', '{VOLUME}/checkpoint').trigger(availableNow=True)
stream.start().awaitTermination()
print(seen)
""",
    """
from pyspark import SparkContext
from pyspark.sql import SparkSession
assert SparkContext.getOrCreate() is sc and SparkSession.builder.getOrCreate() is spark
print(spark._jvm.java.lang.System.getenv('SHOP_VARIABLE'))
dbutils.notebook.exit(dbutils.notebook.run('./child', 0, {'name': 'x'}))
""",
)
SHOWN = {
    1: "['one', 'two', 'three'] [Row(1=1)]\n",
    2: "12\n",
    3: "69\n",
    7: "[4]\n",
    8: "variable\nNotebook exited: child 3 x",
}


def test_a_notebook_of_the_older_kind_runs(bench: Workbench, files: dict[str, str]) -> None:
    included = f"def words(sc):\n    return sc.textFile('{VOLUME}/text.txt').flatMap(str.split)"
    bench.client.workspace.mkdirs("/Shared/older")
    bench.notebook(included, path="/Shared/older/included")
    child = "name = dbutils.widgets.get('name')\ncount = sc.parallelize([1, 2, 3]).count()"
    leave = "dbutils.notebook.exit(f'child {count} {name}')"
    bench.notebook(child, leave, path="/Shared/older/child")
    path = bench.notebook(*NOTEBOOK, path="/Shared/older/main")
    cluster = {
        **DEDICATED,
        "spark_conf": {"spark.shop.setting": "chosen"},
        "spark_env_vars": {"SHOP_VARIABLE": "variable"},
        "cluster_log_conf": {"dbfs": {"destination": "dbfs:/classic-logs"}},
    }
    task = {
        "task_key": "main",
        "notebook_task": {"notebook_path": path, "base_parameters": {"greeting": "hello"}},
        "new_cluster": cluster,
        "libraries": [{"whl": files["wheel"]}],
    }
    run = bench.run(task)
    output = bench.output(run)
    assert run["state"]["result_state"] == "SUCCESS", output
    assert output["notebook_output"]["result"] == "child 3 x"
    texts = cells(bench, run)
    assert {index: texts[index].strip("\n") for index in SHOWN} == {
        index: text.strip("\n") for index, text in SHOWN.items()
    }
    user = bench.client.current_user.me().user_name
    assert f"current_user()='{user}', current_catalog()='dev') chosen hello" in texts[4]
    tables = [
        part["rows"]
        for cell in json.loads((folder(bench, run) / "cells.json").read_text())
        for part in cell["outputs"]
        if part["type"] == "table"
    ]
    assert tables == [[[2], [4], [6], [8], [10]], [[63]]]
    cluster_id = run["tasks"][0]["cluster_instance"]["cluster_id"]
    delivered = bench.client.dbfs.list(f"/classic-logs/{cluster_id}/driver")
    logs = [Path(str(file.path)).name for file in delivered]
    assert logs == ["log4j-active.log", "stderr", "stdout"]
    left = {path.name for path in folder(bench, run).iterdir()}
    assert not left & {"spark.properties", "spark-scratch", "java.arguments", "gateway"}
    assert not machines(bench)


def test_wheels_files_and_notebooks_run_side_by_side(
    bench: Workbench, files: dict[str, str]
) -> None:
    program = b"import helper\nhelper.count(spark)\n"
    helper = b"def count(spark):\n    print('counted', spark.range(3).rdd.count())\n"
    for name, text in (("main.py", program), ("helper.py", helper)):
        path = f"/Shared/files/{name}"
        bench.client.workspace.mkdirs("/Shared/files")
        bench.client.workspace.upload(path, io.BytesIO(text), format=ImportFormat.AUTO)
    wheel = {"package_name": "doubling", "entry_point": "main", "parameters": ["a"]}
    shared = {"job_cluster_key": "shared"}
    leave = "dbutils.notebook.exit(is_remote())"
    run = bench.run(
        {
            "task_key": "wheel",
            "python_wheel_task": wheel,
            "libraries": [{"whl": files["wheel"]}],
            **shared,
        },
        {
            "task_key": "file",
            "spark_python_task": {"python_file": "/Shared/files/main.py"},
            **shared,
        },
        bench.task("x = sc.parallelize([1]).first()", "dbutils.notebook.exit(x)", **shared),
        bench.task("from pyspark.sql import is_remote", leave, key="connect", **shared),
        job_clusters=[{"job_cluster_key": "shared", "new_cluster": DEDICATED}],
    )
    found = {key: bench.output(run, key) for key in ("wheel", "file", "main", "connect")}
    assert "doubled: [2, 4] ['main', 'a']" in found["wheel"]["logs"], found
    assert "counted 3" in found["file"]["logs"], found
    assert found["main"]["notebook_output"]["result"] == "1", found
    assert found["connect"]["notebook_output"]["result"] == "True", found


def test_a_function_that_fails_says_why(bench: Workbench) -> None:
    lines = "def f(x):\n    return 1 / x\n"
    run = bench.run(
        bench.task(lines, "sc.parallelize([0]).map(f).collect()", new_cluster=DEDICATED)
    )
    output = bench.output(run)
    assert "ZeroDivisionError: division by zero" in output["error"]
    assert "\tat org.apache" not in output["error"]
    assert output["error"].endswith("(cell 2)")
    assert 'File "<cell 2>", line 1' in output["error_trace"]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({}, "serverless compute has Spark Connect without SparkContext and RDDs"),
        (
            {"new_cluster": {**DEDICATED, "data_security_mode": "USER_ISOLATION"}},
            "a cluster with data_security_mode USER_ISOLATION (standard access mode) has Spark",
        ),
        (
            {"new_cluster": {**DEDICATED, "spark_conf": {SETTING: "false"}}},
            f'because "{SETTING}" is "false". Set "{SETTING}" to "true" in the spark_conf',
        ),
    ],
)
def test_compute_without_classic_spark_says_so(
    bench: Workbench, where: dict[str, Any], words: str
) -> None:
    output = bench.output(bench.run(bench.task("sc.parallelize([1])", **where)))
    assert "sc.parallelize is not available here" in output["error"]
    assert words in output["error"]


def test_a_policy_may_say_the_access_mode(bench: Workbench) -> None:
    rules = {"data_security_mode": {"type": "fixed", "value": "USER_ISOLATION"}}
    policy = bench.client.cluster_policies.create(name="apart", definition=json.dumps(rules))
    cluster = {name: value for name, value in DEDICATED.items() if name != "data_security_mode"}
    cluster["policy_id"] = policy.policy_id
    output = bench.output(bench.run(bench.task("sc.parallelize([1])", new_cluster=cluster)))
    assert "data_security_mode USER_ISOLATION (standard access mode) has Spark" in output["error"]


def test_what_was_not_seen_names_the_setting_which_helps(bench: Workbench) -> None:
    hidden = "print(getattr(spark, 'sparkContext').parallelize([1]).count())"
    output = bench.output(bench.run(bench.task(hidden, new_cluster=DEDICATED)))
    assert f'Set "{SETTING}" to "true" in the spark_conf of its cluster' in output["error"]
    cluster = {**DEDICATED, "spark_conf": {SETTING: "true"}}
    run = bench.run(bench.task(hidden, new_cluster=cluster))
    assert cells(bench, run) == ["1\n"], bench.output(run)
    cluster["data_security_mode"] = "USER_ISOLATION"
    refused = bench.run(bench.task(hidden, new_cluster=cluster))
    assert f'{SETTING} is "true" in spark_conf, but' in bench.output(refused)["error"]


ENDLESS = """
import time
def wait(_):
    print('waits', flush=True)
    time.sleep(600)
try:
    sc.parallelize([1]).foreach(wait)
finally:
    print('cleaned up', spark.conf.get('spark.shop.setting', 'well'), flush=True)
"""


def until_waiting(bench: Workbench, number: int) -> dict[str, Any]:
    """Return a run once its function runs in Spark's own process."""

    def waiting(run: dict[str, Any]) -> bool:
        assert run["status"]["state"] != "TERMINATED", bench.output(run)
        log = folder(bench, run) / "stdout.log"
        return log.exists() and "waits" in log.read_text()

    return bench.until(number, waiting)


def test_a_cancelled_run_may_clean_up_and_leaves_no_machine(bench: Workbench) -> None:
    number = bench.start(bench.create(bench.task(ENDLESS, new_cluster=DEDICATED)))
    run = until_waiting(bench, number)
    assert len(machines(bench)) == 1
    bench.cancel(number)
    ended = bench.finish(number)
    assert ended["state"]["result_state"] == "CANCELED"
    assert "cleaned up well" in (folder(bench, run) / "stdout.log").read_text()
    assert not machines(bench)


def test_a_killed_worker_leaves_no_machine(bench: Workbench) -> None:
    kill = "import os, signal\nprint(sc)\nos.kill(os.getpid(), signal.SIGKILL)"
    output = bench.output(bench.run(bench.task(kill, new_cluster=DEDICATED)))
    assert "ended without a result" in output["error"]
    assert not machines(bench)


def test_a_killed_server_leaves_no_machine(bench: Workbench) -> None:
    number = bench.start(bench.create(bench.task(ENDLESS, new_cluster=DEDICATED)))
    until_waiting(bench, number)
    (machine,) = machines(bench)
    workers = machine.children(recursive=True)
    os.kill(server_pid(bench), signal.SIGKILL)
    _, alive = psutil.wait_procs([machine, *workers], timeout=30)
    bench.server.up(*bench.compute)
    bench.client = bench.server.client()
    assert not alive
    assert bench.finish(number)["state"]["result_state"] != "SUCCESS"


def test_a_context_has_classic_spark_from_the_first_command_that_needs_it(bench: Workbench) -> None:
    client = bench.client
    fields = {name: DEDICATED[name] for name in ("spark_version", "node_type_id", "num_workers")}
    mode = DataSecurityMode.SINGLE_USER
    made = client.clusters.create(data_security_mode=mode, **fields).result()
    cluster = str(made.cluster_id)

    commands = client.command_execution

    def context() -> tuple[Callable[[str], Results], dict[str, Any]]:
        begun = commands.create_and_wait(cluster_id=cluster, language=Language.PYTHON)
        place = {"cluster_id": cluster, "context_id": begun.id}

        def run(command: str) -> Results:
            done = commands.execute_and_wait(command=command, language=Language.PYTHON, **place)
            assert done.results is not None
            return done.results

        return run, place

    run, place = context()
    assert run("numbers = [1, 2]").data == ""
    assert run("print(sc.parallelize(numbers).sum())").data == "3"
    assert run("print(spark.range(3).rdd.count())").data == "3"
    endless = "import time\nsc.parallelize([1, 2], 2).foreach(lambda _: time.sleep(600))"
    begun = commands.execute(command=endless, language=Language.PYTHON, **place)
    bench.wait(lambda: commands.command_status(command_id=begun.command_id, **place).status is RUNS)
    done = commands.cancel_and_wait(command_id=begun.command_id, **place)
    assert done.status is CommandStatus.CANCELLED
    assert run("print(sc.parallelize(numbers, 2).count())").data == "2"
    other, _ = context()
    assert other("print(spark.range(3).count())").data == "3"
    assert f'Set "{SETTING}" to "true"' in str(other("sc.parallelize([1])").summary)
    client.clusters.permanent_delete(cluster)
    bench.wait(lambda: not machines(bench))
