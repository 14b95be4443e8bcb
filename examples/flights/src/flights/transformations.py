"""The reports, each a function from DataFrames to a DataFrame; whoever reads one sorts it."""

from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - the name everybody uses

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

LATE_MINUTES = 15
"""From this arrival delay on, a flight counts as late in the statistics of the US government."""


def delay_measures() -> list["Column"]:
    """Return the columns that every report on delays has, to be used in an aggregation."""
    late = (F.col("arr_delay") >= LATE_MINUTES).cast("int")
    return [
        F.count("*").alias("flights"),
        F.count_if(F.col("cancelled")).alias("cancelled"),
        F.round(F.avg("dep_delay"), 2).alias("mean_dep_delay"),
        F.round(F.avg("arr_delay"), 2).alias("mean_arr_delay"),
        F.round(F.avg(late), 4).alias("late_share"),
    ]


def delays_by_airline(flights: "DataFrame", airlines: "DataFrame") -> "DataFrame":
    """Return one row per airline: its flights, delays and the mean age of its planes.

    Args:
        flights: rows of ``silver_flights``.
        airlines: ``carrier`` and ``name``; a carrier missing here keeps its code as name.
    """
    measured = flights.groupBy("carrier").agg(
        *delay_measures(), F.round(F.avg("plane_age"), 1).alias("mean_plane_age")
    )
    name = F.coalesce(F.col("name"), F.col("carrier")).alias("airline")
    return measured.join(airlines, "carrier", "left").select(
        "carrier", name, *[c for c in measured.columns if c != "carrier"]
    )


def delays_by_route(flights: "DataFrame", airports: "DataFrame") -> "DataFrame":
    """Return one row per pair of airports, with the distance and the name of the destination.

    Args:
        flights: rows of ``silver_flights``.
        airports: ``faa`` and ``name``; a destination missing here keeps its code as name.
    """
    measured = flights.groupBy("origin", "dest").agg(
        F.max("distance").alias("miles"), *delay_measures()
    )
    names = airports.select(F.col("faa").alias("dest"), "name")
    destination = F.coalesce(F.col("name"), F.col("dest")).alias("destination")
    return measured.join(names, "dest", "left").select(
        "origin", "dest", destination, *measured.columns[2:]
    )


def sky() -> "Column":
    """Return the column that sorts an hour of weather into one kind, the worst that applies."""
    freezing = F.col("temp") <= 32
    return (
        F.when(F.col("visib").isNull(), "unknown")
        .when((F.col("precip") > 0) & freezing, "snow or ice")
        .when(F.col("precip") > 0, "rain")
        .when(F.col("visib") < 3, "fog")
        .when(F.col("wind_speed") >= 25, "storm")
        .otherwise("fair")
        .alias("sky")
    )


def weather_effect(flights: "DataFrame", weather: "DataFrame") -> "DataFrame":
    """Return one row per kind of weather in the hour of departure.

    Args:
        flights: rows of ``silver_flights``; one without weather counts as ``unknown``.
        weather: rows of ``silver_weather``, at most one per ``origin`` and ``time_hour``.
    """
    observed = weather.select("origin", "time_hour", "temp", "precip", "visib", "wind_speed")
    return (
        flights.join(observed, ["origin", "time_hour"], "left")
        .groupBy(sky())
        .agg(*delay_measures())
        .withColumn("cancelled_share", F.round(F.col("cancelled") / F.col("flights"), 4))
    )
