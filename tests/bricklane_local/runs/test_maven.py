"""Libraries by Maven coordinates, from a repository that the tests make, on real Spark."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.service.catalog import VolumeType

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
VOLUME = "/Volumes/dev/maven/files"
JAR = f"{VOLUME}/program.jar"
SOURCE = """
package words { object Words { def loud(text: String): String = text.toUpperCase } }

package greeting {
  object Greeting { def of(name: String): String = words.Words.loud(s"hello $name") }

  class Shout extends org.apache.spark.sql.api.java.UDF1[String, String] {
    def call(name: String): String = Greeting.of(name)
  }
}

package shop {
  object Greets {
    def main(arguments: Array[String]): Unit = {
      val spark = org.apache.spark.sql.SparkSession.builder().getOrCreate()
      println(greeting.Greeting.of(arguments(0)) + spark.range(2).count())
    }
  }
}
"""
DEPENDENCY = """
  <dependencies>
    <dependency>
      <groupId>org.example</groupId><artifactId>words</artifactId><version>2.1</version>
    </dependency>
    <dependency>
      <groupId>org.apache.spark</groupId><artifactId>spark-sql_2.13</artifactId>
      <version>4.0.0</version>
    </dependency>
  </dependencies>"""
POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId><artifactId>{artifact}</artifactId><version>{version}</version>
  {dependencies}
</project>
"""


@pytest.fixture(scope="module")
def repository(
    bench: Workbench,
    build_jar: Callable[[str, Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """URL of a Maven repository: a library, what it depends on; the program is in a volume."""
    folder = tmp_path_factory.mktemp("maven")
    whole = build_jar(SOURCE, folder / "whole.jar")
    deploy(folder, whole, "words", "2.1")
    deploy(folder, whole, "greeting", "1.0", DEPENDENCY)
    part(whole, "shop", folder / "shop.jar")
    client = bench.client
    client.schemas.create("maven", "dev")
    client.volumes.create("dev", "maven", "files", VolumeType.MANAGED)
    with (folder / "shop.jar").open("rb") as stream:
        client.files.upload(JAR, stream)
    return (folder / "repository").as_uri()


def part(whole: Path, package: str, jar: Path) -> None:
    """Make a jar of the classes of a package."""
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(jar, "w") as archive:
        for name in source.namelist():
            if name.startswith(f"{package}/"):
                archive.writestr(name, source.read(name))


def deploy(folder: Path, whole: Path, name: str, version: str, dependencies: str = "") -> None:
    """Put the classes of a package into the repository, as an artifact of the same name."""
    place = folder / "repository" / "org" / "example" / name / version
    place.mkdir(parents=True)
    part(whole, name, place / f"{name}-{version}.jar")
    pom = POM.format(artifact=name, version=version, dependencies=dependencies)
    (place / f"{name}-{version}.pom").write_text(pom, "utf-8")


def greeting(repository: str, **more: Any) -> dict[str, Any]:
    """Return the library."""
    return {"maven": {"coordinates": "org.example:greeting:1.0", "repo": repository, **more}}


def program(*libraries: dict[str, Any]) -> dict[str, Any]:
    """Return a task that calls the main method of the program."""
    body = {"main_class_name": "shop.Greets", "parameters": ["you"]}
    return {
        "task_key": "main",
        "spark_jar_task": body,
        "libraries": [{"jar": JAR}, *libraries],
    }


def test_jar_tasks_have_a_library_and_what_it_depends_on(bench: Workbench, repository: str) -> None:
    run = bench.run(program(greeting(repository)))
    output = bench.output(run)
    assert run["state"]["result_state"] == "SUCCESS", output
    assert "HELLO YOU2" in output["logs"].splitlines()
    folder = bench.server.state / "libraries"
    jars = sorted(jar.name for jar in folder.rglob("*.jar"))
    assert jars == ["org.example_greeting-1.0.jar", "org.example_words-2.1.jar"]


def test_python_tasks_use_classes_of_their_libraries(bench: Workbench, repository: str) -> None:
    cell = (
        "spark.udf.registerJavaFunction('shout', 'greeting.Shout', 'STRING')\n"
        "dbutils.notebook.exit(spark.sql(\"SELECT shout('me')\").first()[0])"
    )
    run = bench.run(bench.task(cell, libraries=[greeting(repository)]))
    assert bench.output(run)["notebook_output"]["result"] == "HELLO ME"
    without = bench.output(bench.run(bench.task(cell)))
    assert "greeting.Shout" in without["error"]


def test_spark_submit_has_packages(bench: Workbench, repository: str) -> None:
    cluster = {"spark_version": "17.3.x-scala2.13", "node_type_id": "i3.xlarge", "num_workers": 0}
    words = ["--packages", "org.example:greeting:1.0", "--repositories", repository]
    body = {"parameters": [*words, "--class", "shop.Greets", JAR, "them"]}
    run = bench.run({"task_key": "main", "spark_submit_task": body, "new_cluster": cluster})
    assert run["state"]["result_state"] == "SUCCESS", bench.output(run)
    (number,) = (task["run_id"] for task in run["tasks"])
    folder = bench.server.state / "workspaces" / "dev" / "runs" / str(number)
    assert "HELLO THEM2" in (folder / "stdout.log").read_text("utf-8").splitlines()


def test_what_cannot_be_had_is_named_with_its_repositories(
    bench: Workbench, repository: str
) -> None:
    missing = {"maven": {"coordinates": "org.example:absent:3", "repo": repository}}
    task = bench.run(program(missing))["tasks"][0]
    assert task["state"]["result_state"] == "FAILED", task
    error = bench.client.jobs.get_run_output(task["run_id"]).error or ""
    assert error.startswith(
        f"The libraries maven org.example:absent:3 cannot be had from {repository} and "
    )
    assert "org.example:absent:3: not found" in error


def test_exclusions_are_left_out(bench: Workbench, repository: str) -> None:
    run = bench.run(program(greeting(repository, exclusions=["org.example:words"])))
    assert "NoClassDefFoundError" in bench.output(run)["error"]
