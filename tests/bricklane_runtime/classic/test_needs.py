"""What code is taken to need classic Spark for."""

from __future__ import annotations

import pytest

from bricklane_runtime.classic.needs import first_need


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("sc.parallelize([1])", "sc"),
        ("def f():\n    return sqlContext.sql('SELECT 1')", "sqlContext"),
        # The parameter is another name than the one that is given to it.
        ("def f(sc):\n    return sc.textFile('x')\nf(sc)", "sc"),
        ("spark.sparkContext.setLogLevel('WARN')", ".sparkContext"),
        ("df.select('a').rdd.map(len)", ".rdd"),
        ("spark._jvm.java.lang.System.gc()", "._jvm"),
        ("from pyspark import SparkConf, SparkContext", "SparkContext"),
        ("import pyspark\npyspark.SparkContext.getOrCreate()", ".SparkContext"),
        ("from pyspark.sql import SparkSession, SQLContext", "SQLContext"),
        ("import pyspark.mllib.linalg as linalg", "pyspark.mllib.linalg"),
        ("from pyspark.streaming import StreamingContext", "pyspark.streaming"),
        ("from databricks.sdk.runtime import sc, spark", "sc"),
        ("if x:\n    pass\nelse:\n    df.rdd", ".rdd"),
    ],
)
def test_what_only_classic_spark_has(text: str, need: str) -> None:
    assert first_need([text]) == need


@pytest.mark.parametrize(
    "text",
    [
        "spark.range(3).count()",
        "sc = connect()\nsc.parallelize([1])",
        "def f():\n    global sc\n    sc = 1\nprint(sc)",
        "from scanner import sc\nsc.run()",
        "import scanner as sc",
        "def f(sc):\n    return sc.textFile('x')",
        "[sc for sc in range(3)]",
        "print('sc', \"df.rdd\")  # sc.parallelize",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pyspark import RDD",
        "import typing\nif typing.TYPE_CHECKING:\n    from pyspark import RDD",
        "from pyspark import SparkConf, StorageLevel",
        "from pyspark.streamings import x",
        "self.rdd = 1",
        "sc.parallelize([1]",
        "from . import pyspark",
    ],
)
def test_what_spark_connect_has_too_or_is_the_codes_own(text: str) -> None:
    assert first_need([text]) is None


def test_a_name_may_get_its_value_in_another_cell() -> None:
    assert first_need(["def f():\n    return sc.x", "sc = object()", "f()"]) is None


def test_long_expressions_are_looked_through() -> None:
    assert first_need([f"x = {' + '.join(['1'] * 1500)} + df.rdd.count()"]) == ".rdd"


def test_cells_that_are_no_python_leave_the_others() -> None:
    assert first_need(["1 +", "from __future__ import annotations", "df.rdd"]) == ".rdd"
