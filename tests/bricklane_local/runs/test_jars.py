"""JAR tasks: main methods in Java virtual machines of their own, on real Spark."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import InvalidParameterValue
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType
from databricks.sdk.service.workspace import ImportFormat

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
VOLUME = "/Volumes/dev/jars/files"
JAR = f"{VOLUME}/programs one.jar"
HELPER = "/Users/developer@bricklane.local/helper.jar"
SOURCE = """
package shop

import org.apache.spark.SparkContext
import org.apache.spark.sql.{Encoders, SparkSession}

final case class Order(id: Long, amount: Long)

object Orders {
  def main(arguments: Array[String]): Unit = {
    val spark = SparkSession.builder().appName("orders").master("local[1]").getOrCreate()
    println(arguments.mkString("arguments: ", "|", ""))
    println("user: " + spark.sql("SELECT current_user(), current_catalog()").head())
    val encoder = Encoders.product[Order]
    val orders = spark.range(10).as(Encoders.LONG).map(id => Order(id, id * 10))(encoder)
    orders.write.mode("overwrite").saveAsTable("dev.jars.orders")
    val context = SparkContext.getOrCreate()
    val lines = context.textFile(arguments(1)).map(line => Words.count(line)).sum()
    println("words: " + lines.toInt)
    println("setting: " + spark.conf.get("spark.shop.setting") + sys.env("SHOP_VARIABLE"))
    spark.read.text("dbfs:/greeting.txt").collect().foreach(row => println("dbfs: " + row))
    System.err.println("a warning")
    val late = new Thread(() => Thread.sleep(600000))
    late.start()
  }
}

object Fails {
  def main(arguments: Array[String]): Unit = charge(-1)
  private def charge(amount: Int): Unit =
    throw new IllegalStateException(s"amount is $amount")
}

object Exits {
  def main(arguments: Array[String]): Unit = System.exit(arguments(0).toInt)
}

object Waits {
  def main(arguments: Array[String]): Unit = {
    sys.addShutdownHook(println("cleaned up"))
    println("waiting")
    Thread.sleep(600000)
  }
}
"""
WORDS = """
object Words { def count(line: String): Int = line.split(' ').length }
"""


@pytest.fixture(scope="module")
def jars(
    bench: Workbench,
    build_jar: Callable[[str, Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A jar in a volume that needs one in the workspace, and files that its programs read."""
    folder = tmp_path_factory.mktemp("jars")
    client = bench.client
    client.schemas.create("jars", "dev")
    client.volumes.create("dev", "jars", "files", VolumeType.MANAGED)
    # One compilation, for each costs seconds; the jars do not share a class.
    whole = build_jar(SOURCE + WORDS, folder / "a.jar")
    client.files.upload(JAR, io.BytesIO(part(whole, helper=False)))
    helper = part(whole, helper=True)
    client.workspace.upload(HELPER, io.BytesIO(helper), format=ImportFormat.AUTO)
    client.files.upload(f"{VOLUME}/text.txt", io.BytesIO(b"one two\nthree"))
    client.dbfs.put("/greeting.txt", contents="aGVsbG8=")


def part(jar: Path, *, helper: bool) -> bytes:
    """Return the jar with the helper's classes only, or with all others."""
    made = io.BytesIO()
    with zipfile.ZipFile(jar) as whole, zipfile.ZipFile(made, "w") as archive:
        for name in whole.namelist():
            if name.startswith("shop/Words") == helper:
                archive.writestr(name, whole.read(name))
    return made.getvalue()


def task(main: str, *parameters: str, key: str = "main", **more: Any) -> dict[str, Any]:
    """Return a task that calls a main method of the jar."""
    body = {"main_class_name": f"shop.{main}", "parameters": list(parameters)}
    return {"task_key": key, "spark_jar_task": body, "libraries": [{"jar": JAR}], **more}


CLUSTER = {
    "spark_version": "17.3.x-scala2.13",
    "node_type_id": "i3.xlarge",
    "num_workers": 0,
    "spark_conf": {"spark.shop.setting": "chosen ", "spark.sql.extensions": "not.There"},
    "spark_env_vars": {"SHOP_VARIABLE": "variable"},
    "cluster_log_conf": {"dbfs": {"destination": "dbfs:/jar-logs"}},
}


@pytest.mark.usefixtures("jars")
def test_a_main_method_works_on_the_catalog_as_the_run(bench: Workbench) -> None:
    orders = task(
        "Orders",
        "{{job.parameters.greeting}}",
        f"{VOLUME}/text.txt",
        new_cluster=CLUSTER,
        libraries=[{"jar": f"dbfs:{JAR}"}, {"jar": HELPER}],
    )
    job = bench.create(orders, parameters=[{"name": "greeting", "default": "hello world"}])
    run = bench.finish(bench.start(job))
    output = bench.output(run)
    assert run["state"]["result_state"] == "SUCCESS", output
    lines = output["logs"].splitlines()
    user = bench.client.current_user.me().user_name
    for line in (
        f"arguments: hello world|{VOLUME}/text.txt",
        f"user: [{user},dev]",
        "words: 3",
        "setting: chosen variable",
        "dbfs: [hello]",
        "a warning",
    ):
        assert line in lines, output
    total = "spark.sql('SELECT SUM(amount) FROM dev.jars.orders').first()[0]"
    assert bench.result(f"dbutils.notebook.exit(str({total}))") == "450"
    folder = bench.server.state / "workspaces" / "dev" / "runs" / str(run["tasks"][0]["run_id"])
    left = {path.name for path in folder.iterdir()}
    cluster_id = run["tasks"][0]["cluster_instance"]["cluster_id"]
    delivered = bench.client.dbfs.list(f"/jar-logs/{cluster_id}/driver")
    logs = [Path(str(file.path)).name for file in delivered]
    assert logs == ["log4j-active.log", "stderr", "stdout"]
    assert not left & {"spark.properties", "spark-scratch"}, left


@pytest.mark.usefixtures("jars")
def test_programs_that_fail_say_how(bench: Workbench) -> None:
    always = {"run_if": "ALL_DONE"}
    tasks = (
        task("Fails", key="throws"),
        task("Exits", "0", key="exits", **always),
        task("Nowhere", key="unknown", **always),
    )
    run = bench.run(*tasks)
    thrown = bench.output(run, "throws")
    assert thrown["error"] == "java.lang.IllegalStateException: amount is -1"
    frames = [line.strip() for line in thrown["error_trace"].splitlines()]
    assert frames[0] == thrown["error"]
    assert frames[-1].startswith("at shop.Fails.main(")
    assert thrown["error_trace"] in thrown["logs"]
    assert "The program called System.exit(0)" in bench.output(run, "exits")["error"]
    unknown = bench.output(run, "unknown")["error"]
    assert unknown.endswith("shop.Nowhere is in none of the task's jars: programs one.jar")


@pytest.mark.usefixtures("jars")
def test_a_cancelled_program_is_ended_and_may_clean_up(bench: Workbench) -> None:
    run_id = bench.start(bench.create(task("Waits")))
    log = Path()

    def waiting(run: dict[str, Any]) -> bool:
        nonlocal log
        runs = bench.server.state / "workspaces" / "dev" / "runs"
        log = runs / str(run["tasks"][0]["run_id"]) / "stdout.log"
        return log.exists() and "waiting" in log.read_text("utf-8")

    bench.until(run_id, waiting)
    bench.cancel(run_id)
    assert bench.finish(run_id)["state"]["result_state"] == "CANCELED"
    assert "cleaned up" in log.read_text("utf-8")


@pytest.mark.usefixtures("jars")
def test_parameters_of_run_now_replace_those_of_the_task(bench: Workbench) -> None:
    run = bench.finish(bench.start(bench.create(task("Exits", "0")), jar_params=["7"]))
    assert bench.output(run)["error"].endswith("but ended with exit code 7")


@pytest.mark.usefixtures("jars")
def test_jars_that_cannot_be_used_are_named(bench: Workbench) -> None:
    made = bench.client.service_principals.create(display_name="jars")
    bench.client.grants.update(
        "catalog",
        "dev",
        changes=[
            PermissionsChange(
                principal=made.application_id, add=[Privilege.USE_CATALOG, Privilege.USE_SCHEMA]
            )
        ],
    )
    as_other = {"run_as": {"service_principal_name": made.application_id}}
    cases: tuple[tuple[dict[str, Any], dict[str, Any], str], ...] = (
        ({"jar": "/Shared/none.jar"}, {}, "'/Shared/none.jar': it does not exist"),
        ({"jar": "s3://bucket/a.jar"}, {}, "'s3://bucket/a.jar' is not a path of the workspace"),
        (
            {"maven": {"coordinates": "a:b"}},
            {},
            "library maven 'a:b' has no coordinates of the form",
        ),
        ({"jar": JAR}, as_other, "READ VOLUME"),
        ({"jar": HELPER}, as_other, f"does not have CAN_READ permissions on {HELPER}"),
    )
    for library, settings, message in cases:
        output = bench.output(bench.run(task("Fails", libraries=[library]), **settings))
        assert message in output["error"]


def test_what_is_deprecated_is_refused(bench: Workbench) -> None:
    body = {"main_class_name": "shop.Orders", "jar_uri": "FileStore/a.jar"}
    with pytest.raises(InvalidParameterValue, match="jar_uri is deprecated"):
        bench.create({"task_key": "main", "spark_jar_task": body})


PYTHON = """
import sys
from pyspark.sql import SparkSession
from counting import words

spark = SparkSession.builder.appName("words").getOrCreate()
counts = spark.sparkContext.textFile(sys.argv[1]).map(words)
spark.createDataFrame([(counts.sum(),)], "words INT").write.saveAsTable("dev.jars.words")
sys.exit(int(sys.argv[2]))
"""


def submit(*parameters: str, key: str = "main", **more: Any) -> dict[str, Any]:
    """Return a task that gives its parameters to spark-submit."""
    cluster = {name: CLUSTER[name] for name in CLUSTER if name != "spark_conf"}
    body = {"parameters": list(parameters)}
    return {"task_key": key, "spark_submit_task": body, "new_cluster": cluster, **more}


@pytest.mark.usefixtures("jars")
def test_spark_submit_runs_jars_and_python_files(bench: Workbench) -> None:
    files = {"words.py": PYTHON, "counting.py": "def words(line): return len(line.split())"}
    for name, text in files.items():
        bench.client.files.upload(f"{VOLUME}/{name}", io.BytesIO(text.encode()))
    jar = submit(
        *("--class", "shop.Orders", "--conf", "spark.shop.setting=chosen ", "--jars", HELPER),
        *("--conf=spark.sql.extensions=not.There", "--driver-memory", "1g"),
        *(f"dbfs:{JAR}", "{{job.id}}", f"{VOLUME}/text.txt"),
        key="jar",
    )
    text = f"dbfs:{VOLUME}/text.txt"
    python = submit(
        *("--py-files", f"{VOLUME}/counting.py", f"{VOLUME}/words.py", text, "4"), key="python"
    )
    run = bench.run(jar, python)
    output = bench.output(run, "jar")
    states = {task["task_key"]: task["state"]["result_state"] for task in run["tasks"]}
    assert states == {"jar": "SUCCESS", "python": "FAILED"}, (run["tasks"], output)
    assert "logs" not in output
    failed = bench.output(run, "python")["error"]
    assert failed == "ProgramExit: The program ended with exit code 4", failed
    words = "spark.sql('SELECT words FROM dev.jars.words').first()[0]"
    assert bench.result(f"dbutils.notebook.exit(str({words}))") == "3"
    folder = bench.server.state / "workspaces" / "dev" / "runs"
    (number,) = (task["run_id"] for task in run["tasks"] if task["task_key"] == "jar")
    log = (folder / str(number) / "stdout.log").read_text("utf-8")
    assert f"arguments: {run['job_id']}|{VOLUME}/text.txt" in log
    assert "setting: chosen variable" in log


@pytest.mark.usefixtures("jars")
def test_what_spark_submit_cannot_have_is_named(bench: Workbench) -> None:
    job = bench.create(submit("--help"))
    for parameters, message in (
        (["--master", "yarn", JAR], "--master: the platform configures it"),
        (
            ["--packages=a:b", "--class=a.B", JAR],
            "library maven 'a:b' has no coordinates of the form",
        ),
        (["--queue", "fast", JAR], "the option --queue, which is not known"),
        (["--class"], "the option --class without a value"),
        (["--verbose", JAR], f"must name the class of {JAR} with --class"),
        (["--class", "a.B", "program.R"], "ends in .jar or .py after its options; it has program"),
        (["--class", "a.B", "/Shared/none.jar"], "'/Shared/none.jar': it does not exist"),
    ):
        run = bench.finish(bench.start(job, spark_submit_params=parameters))
        assert message in bench.output(run)["error"]
    with pytest.raises(InvalidParameterValue, match="libraries cannot be used with spark_submit"):
        bench.create(submit(JAR, libraries=[{"jar": JAR}]))
