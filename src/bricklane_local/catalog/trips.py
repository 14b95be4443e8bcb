"""Taxi trips made by a random generator of fixed seed, for the table ``samples.nyctaxi.trips``.

The columns and the number of rows are those of the table that Databricks publishes
(https://docs.databricks.com/en/discover/databricks-datasets.html); the rows are not.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime

ROWS = 21_932
COMMENT = "Synthetic taxi trips with the columns of the published sample; the rows are made up"
FIRST_PICKUP = int(datetime(2016, 1, 1, tzinfo=UTC).timestamp())
DAYS = 60
# Trips by hour of the day, few before dawn and most in the evening.
HOUR_WEIGHTS = (4, 3, 2, 1, 1, 1, 2, 4, 5, 5, 5, 5, 6, 6, 6, 6, 5, 6, 7, 8, 7, 7, 6, 5)
ZIP_CODES = (10001, 10002, 10003, 10010, 10011, 10016, 10019, 10021, 10023, 10028, 10036, 10065)
OUTER_ZIP_CODES = (10451, 11101, 11201, 11211, 11371, 11422, 11430)
MICROSECONDS = 1_000_000


def columns() -> dict[str, list[float]]:
    """Return the six columns: times in seconds since the epoch, miles, dollars and ZIP codes."""
    generator = random.Random(2016)  # noqa: S311  (no secret; it must be the same everywhere)
    trips = sorted(_trip(generator) for _ in range(ROWS))
    names = (
        "tpep_pickup_datetime",
        "tpep_dropoff_datetime",
        "trip_distance",
        "fare_amount",
        "pickup_zip",
        "dropoff_zip",
    )
    return dict(zip(names, map(list, zip(*trips, strict=True)), strict=True))


def _trip(generator: random.Random) -> tuple[float, ...]:
    hour = generator.choices(range(24), HOUR_WEIGHTS)[0]
    day, second = generator.randrange(DAYS), generator.randrange(3600)
    pickup = FIRST_PICKUP + day * 86_400 + hour * 3600 + second
    miles = round(min(generator.lognormvariate(0.6, 0.85), 30.0), 2)
    miles_per_hour = generator.uniform(6, 14) + miles
    seconds = 60 + int(miles / miles_per_hour * 3600)
    # The meter of 2016: 2.50 at the start, 0.50 for each fifth of a mile or minute in traffic.
    fare = 2.5 + 0.5 * int(miles * 5 * 0.8 + seconds / 60 * 0.3)
    far = miles > 6
    pickup_zip = generator.choice(ZIP_CODES)
    dropoff_zip = generator.choice(OUTER_ZIP_CODES if far else ZIP_CODES)
    return pickup, pickup + seconds, miles, fare, pickup_zip, dropoff_zip


def write(folder: str) -> None:
    """Write the table as Delta into ``folder``, which must not exist."""
    from arro3.core import Array, DataType, Table
    from deltalake import write_deltalake

    time = DataType.timestamp("us", tz="UTC")
    kinds = (time, time, DataType.float64(), DataType.float64(), DataType.int32(), DataType.int32())
    arrays = []
    trips = columns()
    for values, kind in zip(trips.values(), kinds, strict=True):
        if kind == time:
            micros = [int(value) * MICROSECONDS for value in values]
            arrays.append(Array(micros, DataType.int64()).cast(time))
        else:
            arrays.append(Array(values, kind))
    write_deltalake(folder, Table.from_arrays(arrays, names=list(trips)), description=COMMENT)
