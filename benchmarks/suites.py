"""Row 8: 200 small Spark tests with the pytest plugin, beside conftest files made by hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measurement import Comparison, Settings, stopwatch
from benchmarks.programs import BRICKLANE, ProgramError, run, tool

MODULES = 10
TESTS = 200

# What unit tests of transformations do: a few rows in, a small plan, a few rows out.
MODULE = '''\
"""Small tests of transformations."""

import pytest
from pyspark.sql import functions as F


@pytest.fixture(scope="module")
def names(spark):
    return spark.createDataFrame([(1, "one"), (2, "two")], "id int, name string")


@pytest.mark.parametrize("n", range({each}))
def test_small(spark, names, n):
    frame = spark.createDataFrame([(1, n), (1, 2), (2, 3)], "id int, value int")
    totals = frame.groupBy("id").agg(F.sum("value").alias("total"))
    if n % 4 == 0:
        totals.createOrReplaceTempView("totals")
        assert spark.sql("SELECT max(total) FROM totals").first()[0] == max(n + 2, 3)
    elif n % 4 == 1:
        rows = totals.join(names, "id").orderBy("id").collect()
        assert [(row.name, row.total) for row in rows] == [("one", n + 2), ("two", 3)]
    else:
        assert {{row.id: row.total for row in totals.collect()}} == {{1: n + 2, 2: 3}}
'''
# A careful one: the settings that everybody finds sooner or later are there.
CONFTEST = '''\
"""A session made by hand."""

import pytest
from pyspark.sql import SparkSession


@pytest.fixture(scope="{scope}")
def spark():
    builder = SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    yield session
    session.stop()
'''
WARM, COLD, PROCESS, MODULE_SCOPE = "plugin, warm", "plugin, cold", "process", "module"


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure whole pytest runs of the same tests, in turns.

    Raises:
        UnavailableError: when Java is not installed.
        ProgramError: when a test fails.
    """
    java = tool("java")
    suites = {
        name: _suite(settings.folder / name.replace(", ", "-"), name)
        for name in (WARM, COLD, PROCESS, MODULE_SCOPE)
    }
    environment = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("SPARK_", "PYSPARK_", "BRICKLANE_", "PYTEST_"))
    } | {"JAVA_HOME": str(java), "BRICKLANE_STATE_DIR": str(settings.folder / "state")}
    samples: dict[str, list[float]] = {name: [] for name in suites}
    try:
        settings.say("a run that makes the plugin's Spark warm")
        _run(suites[WARM], WARM, environment)
        for number in range(settings.rounds):
            order = list(suites) if number % 2 == 0 else list(reversed(suites))
            for name in order:
                with stopwatch(samples[name]):
                    _run(suites[name], name, environment)
                settings.say(f"{name}: {samples[name][-1]:.1f} s")
                if name == COLD:
                    run(BRICKLANE, "spark", "stop", folder=suites[name], environment=environment)
    finally:
        run(BRICKLANE, "spark", "stop", "--all", environment=environment)
    for ours, peer, limit in (
        (WARM, PROCESS, 0.5),
        (COLD, PROCESS, 1.0),
        (WARM, MODULE_SCOPE, 0.5),
    ):
        what = f"{ours}; peer: a session for each {peer}"
        yield Comparison(what, "s", samples[ours], samples[peer], ratio_limit=limit)


def _suite(folder: Path, name: str) -> Path:
    tests = folder / "tests"
    tests.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    for number in range(MODULES):
        text = MODULE.format(each=TESTS // MODULES)
        (tests / f"test_{number}.py").write_text(text, "utf-8")
    if name in {PROCESS, MODULE_SCOPE}:
        scope = "session" if name == PROCESS else "module"
        (tests / "conftest.py").write_text(CONFTEST.format(scope=scope), "utf-8")
    return folder


def _run(folder: Path, name: str, environment: dict[str, str]) -> None:
    plugin = () if name in {WARM, COLD} else ("-p", "no:bricklane")
    command = (sys.executable, "-m", "pytest", "-q", *plugin, "tests")
    printed = run(*command, folder=folder, environment=environment)
    if f"{TESTS} passed" not in printed:
        raise ProgramError(f"not all of {TESTS} tests ran: {printed[-200:]}")
