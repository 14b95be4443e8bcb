"""The reports, on a few rows that can be computed by heart."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from flights.transformations import (
    delays_by_airline,
    delays_by_route,
    sky,
    weather_effect,
)

SEVEN = datetime(2013, 1, 1, 7, tzinfo=UTC)
EIGHT = datetime(2013, 1, 1, 8, tzinfo=UTC)

FLIGHTS = """time_hour timestamp, carrier string, origin string, dest string, cancelled boolean,
    dep_delay int, arr_delay int, distance int, plane_age int"""
WEATHER = """origin string, time_hour timestamp, temp double, precip double, visib double,
    wind_speed double"""


@pytest.fixture
def flights(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(
        [
            (SEVEN, "AA", "JFK", "LAX", False, 10, 20, 2475, 4),
            (SEVEN, "AA", "JFK", "LAX", False, 0, -10, 2475, 9),
            (SEVEN, "AA", "LGA", "ORD", True, None, None, 733, None),
            (EIGHT, "ZZ", "JFK", "SJU", False, 15, 15, 1598, None),
        ],
        FLIGHTS,
    )


def rows(frame: DataFrame, *order: str) -> list[dict[str, Any]]:
    return [row.asDict() for row in frame.orderBy(*order).collect()]


def test_airline_report_measures_flights_that_flew_and_counts_those_that_did_not(
    spark: SparkSession, flights: DataFrame
) -> None:
    airlines = spark.createDataFrame(
        [("AA", "American"), ("UA", "United")], "carrier string, name string"
    )

    american, unknown = rows(delays_by_airline(flights, airlines), "carrier")

    assert american == {
        "carrier": "AA",
        "airline": "American",
        "flights": 3,
        "cancelled": 1,
        "mean_dep_delay": 5.0,
        "mean_arr_delay": 5.0,
        "late_share": 0.5,
        "mean_plane_age": 6.5,
    }
    assert unknown["airline"] == "ZZ"
    assert unknown["late_share"] == 1.0
    assert unknown["mean_plane_age"] is None


def test_route_report_names_the_destination(spark: SparkSession, flights: DataFrame) -> None:
    airports = spark.createDataFrame([("LAX", "Los Angeles Intl")], "faa string, name string")

    report = rows(delays_by_route(flights, airports), "origin", "dest")

    assert [(row["origin"], row["dest"], row["destination"]) for row in report] == [
        ("JFK", "LAX", "Los Angeles Intl"),
        ("JFK", "SJU", "SJU"),
        ("LGA", "ORD", "ORD"),
    ]
    assert report[0]["miles"] == 2475
    assert report[0]["flights"] == 2
    assert report[2]["mean_dep_delay"] is None


def test_an_hour_of_weather_is_of_the_worst_kind_that_applies(spark: SparkSession) -> None:
    hours = {
        (30.0, 0.1, 1.0, 40.0): "snow or ice",
        (60.0, 0.1, 1.0, 40.0): "rain",
        (60.0, 0.0, 1.0, 40.0): "fog",
        (60.0, 0.0, 10.0, 40.0): "storm",
        (60.0, 0.0, 10.0, None): "fair",
        (None, 0.0, 10.0, 5.0): "fair",
        (None, None, None, None): "unknown",
    }
    columns = ["temp", "precip", "visib", "wind_speed"]
    weather = spark.createDataFrame(list(hours), ", ".join(f"{name} double" for name in columns))

    sorted_into = {
        tuple(row[name] for name in columns): row.sky
        for row in weather.select(*columns, sky()).collect()
    }

    assert sorted_into == hours


def test_weather_report_counts_flights_by_the_sky_they_met(
    spark: SparkSession, flights: DataFrame
) -> None:
    weather = spark.createDataFrame([("JFK", SEVEN, 60.0, 0.1, 1.0, 40.0)], WEATHER)

    rain, unknown = rows(weather_effect(flights, weather), "sky")

    assert (rain["sky"], rain["flights"], rain["cancelled_share"]) == ("rain", 2, 0.0)
    assert (unknown["sky"], unknown["flights"], unknown["cancelled_share"]) == ("unknown", 2, 0.5)
