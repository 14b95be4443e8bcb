"""Greets by name."""

from argparse import ArgumentParser
from importlib.metadata import version

from pyspark.sql import SparkSession


def main() -> None:
    """Print a greeting that Spark has put together."""
    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("--name", required=True)
    name = parser.parse_args().name
    spark = SparkSession.builder.getOrCreate()
    (greeting,) = spark.sql("SELECT concat('Hello, ', :name, '!')", args={"name": name}).first()
    print(f"{greeting} This is greeter {version('greeter')}.")
