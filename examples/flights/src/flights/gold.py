"""Entry point of the task ``gold``: computes the reports and writes them as tables."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from flights.session import schema_arguments, session_in
from flights.transformations import (
    delays_by_airline,
    delays_by_route,
    weather_effect,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Report = tuple[str, "Callable[[DataFrame, DataFrame], DataFrame]", str]

REPORTS: tuple[Report, ...] = (
    ("gold_airline_delays", delays_by_airline, "silver_airlines"),
    ("gold_route_delays", delays_by_route, "silver_airports"),
    ("gold_weather_effect", weather_effect, "silver_weather"),
)
"""Table to write, the report in it, and the table it reads beside ``silver_flights``."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute every report in the given schema, replacing what was there."""
    options = schema_arguments(main.__doc__ or "").parse_args(arguments)
    spark = session_in(options.catalog, options.schema)
    flights = spark.table("silver_flights")
    for table, report, other in REPORTS:
        report(flights, spark.table(other)).writeTo(table).using("delta").createOrReplace()
        print(f"wrote {options.catalog}.{options.schema}.{table}")
