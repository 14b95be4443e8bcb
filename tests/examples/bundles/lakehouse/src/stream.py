# Databricks notebook source
from pathlib import Path

volume = dbutils.widgets.get("volume")
schema = dbutils.widgets.get("schema")
incoming = Path(volume, "incoming")
incoming.mkdir(exist_ok=True)


def arrive(name: str, *values: int) -> None:
    (incoming / name).write_text("".join(f'{{"value": {value}}}\n' for value in values))


def load() -> int:
    """Load what has arrived since the last time, and return how many rows there are."""
    stream = spark.readStream.schema("value INT").json(f"{volume}/incoming")
    query = (
        stream.writeStream.option("checkpointLocation", f"{volume}/checkpoint")
        .trigger(availableNow=True)
        .toTable(f"dev.{schema}.arrived")
    )
    query.awaitTermination()
    return spark.table(f"dev.{schema}.arrived").count()


# COMMAND ----------

arrive("1.json", 1, 2, 3)
first = load()
arrive("2.json", 4)
second = load()
dbutils.notebook.exit(f"{first}, then {second}")
