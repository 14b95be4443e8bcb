from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bricklane.tools.installation import install
from bricklane.tools.sparkruntime import JARS, pyspark_jars

# One Delta table written and read with the folder's own Python, jars and Java, and nothing else.
DELTA = """
import glob, sys
from pyspark.sql import SparkSession
folder, warehouse = sys.argv[1:]
settings = {
    "spark.master": "local[1]", "spark.ui.enabled": "false", "spark.sql.warehouse.dir": warehouse,
    "spark.sql.catalogImplementation": "in-memory", "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1", "spark.driver.host": "127.0.0.1",
    "spark.jars": ",".join(glob.glob(folder + "/jars/*.jar")),
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
builder = SparkSession.builder
for key, value in settings.items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
spark.sql("CREATE TABLE t (a INT) USING delta")
spark.sql("INSERT INTO t VALUES (41), (42)")
spark.sql("DELETE FROM t WHERE a = 41")
print("rows", spark.table("t").toPandas().a.tolist())
"""


@pytest.mark.real
def test_the_installed_runtime_writes_and_reads_delta(record: Any, tmp_path: Path) -> None:
    java = install("java", os.environ, record).copy
    spark = install("spark", os.environ, record).copy
    assert java is not None
    assert spark is not None

    done = subprocess.run(
        [spark.path / "venv/bin/python", "-c", DELTA, spark.path, tmp_path / "warehouse"],
        env={**os.environ, "JAVA_HOME": str(java.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert "rows [42]\n" in done.stdout, done.stderr[-3000:]


@pytest.mark.real
def test_the_manifest_says_what_is_in_the_folder(record: Any) -> None:
    copy = install("spark", os.environ, record).copy
    assert copy is not None

    manifest = json.loads((copy.path / "manifest.json").read_text("utf-8"))

    assert manifest["packages"]["pyspark"] == "4.1.1"
    assert manifest["packages"]["pandas"].startswith("2.")
    assert manifest["jars"] == {jar.file: jar.sha256 for jar in JARS}
    assert sorted(p.name for p in (copy.path / "jars").iterdir()) == sorted(manifest["jars"])


@pytest.mark.real
def test_no_jar_is_there_twice(record: Any) -> None:
    copy = install("spark", os.environ, record).copy
    assert copy is not None
    shipped = [path.name for path in pyspark_jars(copy.path / "venv").iterdir()]

    twice = {jar.name for jar in JARS for name in shipped if name.startswith(f"{jar.name}-")}

    assert twice == set()
    assert f"jackson-core-{jar_revision('jackson-datatype-jdk8')}.jar" in shipped


def jar_revision(name: str) -> str:
    return next(jar.revision for jar in JARS if jar.name == name)


@pytest.mark.real
def test_the_environment_can_be_moved(record: Any, tmp_path: Path) -> None:
    copy = install("spark", os.environ, record).copy
    assert copy is not None
    script = (copy.path / "venv" / "bin" / "ipython").read_text("utf-8")

    assert ".incoming-" not in script
    assert stat.S_IMODE(copy.path.stat().st_mode) == 0o755
