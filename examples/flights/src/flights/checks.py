"""Entry point of the task ``checks``: tests the promises and fails when one is broken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 - the name everybody uses

from flights.session import schema_arguments, session_in

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Check:
    """A promise, the rows it is about, and the aggregate over them that counts what breaks it."""

    promise: str
    rows: str
    violations: str


CHECKS: tuple[Check, ...] = (
    Check(
        "silver_flights holds the 336776 flights of the year, when all of it was asked for",
        "silver_flights",
        "if(:months = 12, abs(count(*) - 336776), 0)",
    ),
    Check(
        "silver_flights holds every flight that was landed",
        "silver_flights",
        "abs(count(*) - :landed_flights)",
    ),
    Check(
        "a flight is known by hour, carrier and number",
        "silver_flights",
        "count(*) - count(DISTINCT time_hour, carrier, flight)",
    ),
    Check(
        "weather is observed once an hour at each airport",
        "silver_weather",
        "count(*) - count(DISTINCT origin, time_hour)",
    ),
    Check(
        "every carrier is a known airline",
        "silver_flights LEFT ANTI JOIN silver_airlines USING (carrier)",
        "count(*)",
    ),
    Check(
        "every airport is known, but for the four in the Caribbean that the source leaves out",
        "silver_flights LEFT ANTI JOIN silver_airports ON faa = dest",
        "count_if(dest NOT IN ('BQN', 'PSE', 'SJU', 'STT'))",
    ),
    Check(
        "delays stay between two hours early and a day late",
        "silver_flights",
        """count_if(dep_delay NOT BETWEEN -120 AND 1440
                    OR arr_delay NOT BETWEEN -120 AND 1440)""",
    ),
    Check(
        "a flight is cancelled if and only if it never departed",
        "silver_flights",
        "count_if(cancelled <> (dep_time IS NULL))",
    ),
    Check(
        "no wind is faster than any ever measured in the city",
        "silver_weather",
        "count_if(wind_speed > 120)",
    ),
    Check(
        "the report by airline counts every flight once",
        "gold_airline_delays",
        "abs(sum(flights) - :landed_flights)",
    ),
    Check(
        "the report by route counts every flight once",
        "gold_route_delays",
        "abs(sum(flights) - :landed_flights)",
    ),
    Check(
        "the report on weather counts every flight once",
        "gold_weather_effect",
        "abs(sum(flights) - :landed_flights)",
    ),
)

HISTORY = "silver_flights lost no flight since its previous version"


class BrokenPromisesError(Exception):
    """At least one check failed; the message lists each with its number of violations."""

    def __init__(self, broken: Sequence[tuple[str, int]], checked: int) -> None:
        lines = [f"  - {promise}: {count:,} violations" for promise, count in broken]
        super().__init__("\n".join([f"{len(broken)} of {checked} promises are broken:", *lines]))


def count_violations(
    spark: "SparkSession",
    landed_flights: int,
    months: int,
    checks: Sequence[Check] = CHECKS,
) -> list[tuple[str, int]]:
    """Return each promise with the number of violations in the current schema.

    Rows that several checks are about are read once for all of them.
    """
    arguments = {"landed_flights": landed_flights, "months": months}
    counted: dict[Check, int | None] = {}
    for rows in dict.fromkeys(check.rows for check in checks):
        about = [check for check in checks if check.rows == rows]
        counts = ", ".join(check.violations for check in about)
        query = spark.sql(f"SELECT {counts} FROM {rows}", args=arguments)  # noqa: S608
        counted.update(zip(about, query.collect()[0], strict=True))
    return [
        # A sum over an empty table is null: nothing is there to keep the promise.
        (check.promise, int(landed_flights if (count := counted[check]) is None else count))
        for check in checks
    ]


def count_lost_flights(spark: "SparkSession") -> int:
    """Return how many flights the previous version of ``silver_flights`` had and this one has not.

    Delta keeps old versions of a table, so the table is compared with its own past; files that a
    version has replaced may be gone after seven days, and a table unchanged for so long lost none.
    """
    recent = F.col("timestamp") > F.expr("current_timestamp() - INTERVAL 7 DAYS")
    history = spark.sql("DESCRIBE HISTORY silver_flights LIMIT 2").select("version", recent)
    latest, *older = sorted(history.collect(), reverse=True)
    if not older or not latest[1]:
        return 0
    (lost,) = spark.sql(
        f"""SELECT count(*)
            FROM (SELECT * FROM silver_flights VERSION AS OF {int(older[0].version)})
            LEFT ANTI JOIN silver_flights USING (time_hour, carrier, flight)"""  # noqa: S608
    ).collect()[0]
    return int(lost)


def as_results(
    spark: "SparkSession", run_id: str, counted: Sequence[tuple[str, int]]
) -> "DataFrame":
    """Return the rows to append to ``check_results``: one per check of this run."""
    rows = spark.createDataFrame(list(counted), "promise string, violations bigint")
    return rows.select(
        F.lit(run_id).alias("run_id"),
        F.current_timestamp().alias("checked_at"),
        "promise",
        "violations",
        (F.col("violations") == 0).alias("kept"),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Check every promise in the given schema, record the results, and fail if one is broken.

    Raises:
        BrokenPromisesError: naming each broken promise, after the results are written.
    """
    parser = schema_arguments(main.__doc__ or "")
    parser.add_argument("--run-id", required=True, help="recorded with each result")
    parser.add_argument("--landed-flights", required=True, type=int, help="rows bronze loaded")
    parser.add_argument("--months", required=True, type=int, help="months that were asked for")
    options = parser.parse_args(arguments)
    spark = session_in(options.catalog, options.schema)
    counted = count_violations(spark, options.landed_flights, options.months)
    counted.append((HISTORY, count_lost_flights(spark)))
    results = as_results(spark, options.run_id, counted)
    results.write.mode("append").saveAsTable("check_results")
    for promise, count in counted:
        print(f"{'broken' if count else 'kept  '}  {promise}")
    if broken := [(promise, count) for promise, count in counted if count]:
        raise BrokenPromisesError(broken, len(counted))
