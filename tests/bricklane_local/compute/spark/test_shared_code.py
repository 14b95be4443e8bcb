"""Sessions share the code of their queries, but for those that were sent classes of their own."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from tests.bricklane_local.compute.spark.conftest import Engine

pytestmark = pytest.mark.real

# Asks a task for the class loader that it compiles under, and that the code is kept for.
LOADER = """
    SELECT java_method('org.apache.spark.util.Utils', 'getContextOrSparkClassLoader') FROM range(1)
"""


def loader(session: SparkSession) -> str:
    """Return the class loader of a task."""
    (row,) = session.sql(LOADER).collect()
    return str(row[0])


def test_sessions_share_a_class_loader_until_one_is_sent_classes(
    engine: Engine, tmp_path: Path
) -> None:
    jar = tmp_path / "own.jar"
    with zipfile.ZipFile(jar, "w") as content:
        content.writestr("own.txt", "own")
    first, second, third = sessions = [engine.session() for _ in range(3)]
    try:
        shared = loader(first)
        assert "AppClassLoader" in shared
        assert loader(second) == shared

        second.addArtifacts(str(jar))

        assert "ExecutorClassLoader" in loader(second)
        assert [loader(session) for session in (first, third)] == [shared, shared]
    finally:
        for session in sessions:
            session.stop()


FORMATTER = "org.apache.spark.sql.catalyst.expressions.codegen.CodeFormatter"
# The expressions of Spark 4.1, which ours stand for.
COMMENT = re.compile(r"([ |\t]*?/\*[\s|\S]*?\*/[ |\t]*?)|([ |\t]*?//[\s\S]*?\n)")
EMPTY_LINES = re.compile(r"\n\s*\n")


@pytest.mark.parametrize(
    "code",
    [
        "",
        "a = b / c;\n",
        "\n\n  \n\t\n",
        "int a; // the first\n\n\nint b; /* the\nsecond */ int c;\n",
        " |\t /* bars are blanks */ | a",
        "a //* at the end of the line\n b */ c",
        "/*/ not over yet */ x",
        "/* never over\n // but this is\n",
        "x // the last line has no end",
        "/**//**/\t//\n//\n\n\r\n\f\u000b\n y",
        'String s = "// not a comment for Spark either\n";\n /* a */ /* b */\n\n z',
    ],
)
def test_generated_code_is_tidied_as_spark_does_it(spark: SparkSession, code: str) -> None:
    query = f"SELECT java_method('{FORMATTER}', 'stripExtraNewLinesAndComments', ?) AS tidy"
    (row,) = spark.sql(query, args=[code]).collect()
    assert row.tidy == EMPTY_LINES.sub("\n", COMMENT.sub("", code))


@pytest.mark.parametrize("name", ["commentRegexp", "extraNewLinesRegexp"])
def test_it_is_tidied_in_one_pass(spark: SparkSession, name: str) -> None:
    (row,) = spark.sql(f"SELECT java_method('{FORMATTER}', '{name}') AS shown").collect()
    assert row.shown.startswith("quick ")


def test_the_sums_of_what_the_planner_does_are_the_sums_of_its_rules(spark: SparkSession) -> None:
    def asked(owner: str, method: str) -> str:
        (row,) = spark.sql(f"SELECT java_method('{owner}', '{method}') AS said").collect()
        return str(row.said)

    rules = "org.apache.spark.sql.catalyst.rules.RuleExecutor"
    ours = asked("org.apache.spark.sql.artifact.bricklane.QuickMetering", "metrics")
    spark_s = asked(rules, "getCurrentMetrics")
    report = asked(rules, "dumpTimeSpent")

    # Each was asked for by a query of its own, which the later ones have counted.
    time, runs, *_ = map(int, re.findall(r"\d+", ours))
    later_time, later_runs, effective_runs, effective_time = map(int, re.findall(r"\d+", spark_s))
    counts = re.findall(r"^\S+ +(\d+) / (\d+) +(\d+) / (\d+) *$", report, re.MULTILINE)
    assert 0 < runs < later_runs < sum(int(count[3]) for count in counts)
    assert 0 < time < later_time < sum(int(count[1]) for count in counts)
    assert 0 < effective_runs <= later_runs
    assert 0 < effective_time <= later_time


def test_sessions_have_the_time_of_databricks(spark: SparkSession) -> None:
    (row,) = spark.sql(
        "SELECT current_timezone() AS zone, date_format(timestamp_seconds(0), 'z') AS name"
    ).collect()
    assert (row.zone, row.name) == ("Etc/UTC", "UTC")
