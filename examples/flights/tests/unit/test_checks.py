"""The checks: silent on good tables, and each one loud on the fault it is there for."""

import re
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from flights.checks import (
    CHECKS,
    BrokenPromisesError,
    as_results,
    count_violations,
)

TABLES = {
    "silver_flights": """SELECT timestamp'2013-01-01 07:00' AS time_hour, 'AA' AS carrier,
        1 AS flight, 'LAX' AS dest, 517 AS dep_time, 2 AS dep_delay, 11 AS arr_delay,
        false AS cancelled""",
    "silver_weather": """SELECT 'JFK' AS origin, timestamp'2013-01-01 07:00' AS time_hour,
        10.5D AS wind_speed""",
    "silver_airlines": "SELECT 'AA' AS carrier",
    "silver_airports": "SELECT 'LAX' AS faa",
    "gold_airline_delays": "SELECT 1L AS flights",
    "gold_route_delays": "SELECT 1L AS flights",
    "gold_weather_effect": "SELECT 1L AS flights",
}

FAULTS = {
    "the 336776 flights of the year": ("silver_flights", "WHERE false"),
    "every flight that was landed": ("silver_flights", "UNION ALL {good}"),
    "known by hour, carrier and number": ("silver_flights", "UNION ALL {good}"),
    "once an hour at each airport": ("silver_weather", "UNION ALL {good}"),
    "every carrier is a known airline": ("silver_airlines", "WHERE false"),
    "every airport is known": ("silver_airports", "WHERE false"),
    "two hours early and a day late": ("silver_flights", "|arr_delay|1441"),
    "if and only if it never departed": ("silver_flights", "|cancelled|true"),
    "no wind is faster": ("silver_weather", "|wind_speed|1048.4D"),
    "report by airline": ("gold_airline_delays", "UNION ALL {good}"),
    "report by route": ("gold_route_delays", "UNION ALL {good}"),
    "report on weather": ("gold_weather_effect", "UNION ALL {good}"),
}


def spoiled(good: str, fault: str) -> str:
    """Return the query of a good table with the fault in it."""
    if fault.startswith("|"):
        _, column, value = fault.split("|")
        return re.sub(rf"\S+ AS {column}\b", f"{value} AS {column}", good)
    return f"{good} {fault.format(good=good)}"


@pytest.fixture(scope="module")
def tables(spark: SparkSession) -> Iterator[None]:
    """Make good tables; what a test makes of one is seen by that test alone."""
    for table, query in TABLES.items():
        spark.sql(query).createOrReplaceTempView(table)
    yield
    for table in TABLES:
        spark.catalog.dropTempView(table)


def test_every_check_has_a_fault_that_breaks_it() -> None:
    matched = [sum(words in check.promise for words in FAULTS) for check in CHECKS]

    assert matched == [1] * len(FAULTS)


def test_good_tables_keep_every_promise_but_that_of_a_whole_year(
    spark: SparkSession, tables: None
) -> None:
    counted = count_violations(spark, landed_flights=1, months=12)

    assert [promise for promise, _ in counted] == [check.promise for check in CHECKS]
    assert [count for _, count in counted] == [336_775, *[0] * (len(CHECKS) - 1)]


@pytest.mark.parametrize("words", FAULTS)
def test_check_counts_its_fault(spark: SparkSession, tables: None, words: str) -> None:
    checks = [check for check in CHECKS if words in check.promise]
    table, fault = FAULTS[words]
    spark.sql(spoiled(TABLES[table], fault)).createOrReplaceTempView(table)

    ((promise, count),) = count_violations(spark, 1, 12, checks)

    assert words in promise
    assert count >= 1


def test_an_empty_report_keeps_no_promise(spark: SparkSession, tables: None) -> None:
    spark.sql("SELECT 1L AS flights WHERE false").createOrReplaceTempView("gold_route_delays")

    counted = dict(count_violations(spark, landed_flights=7, months=1))

    assert counted["the report by route counts every flight once"] == 7


def test_results_say_which_promise_was_kept_in_which_run(spark: SparkSession) -> None:
    results = as_results(spark, "17", [("keys are unique", 0), ("no orphans", 3)])

    assert [(row.run_id, row.promise, row.violations, row.kept) for row in results.collect()] == [
        ("17", "keys are unique", 0, True),
        ("17", "no orphans", 3, False),
    ]


def test_error_names_each_broken_promise_with_its_violations() -> None:
    error = BrokenPromisesError([("keys are unique", 1), ("no orphans", 1234)], 13)

    assert str(error) == (
        "2 of 13 promises are broken:\n"
        "  - keys are unique: 1 violations\n"
        "  - no orphans: 1,234 violations"
    )
