"""Greets by name."""

from argparse import ArgumentParser
from importlib.metadata import version

from pyspark.sql import SparkSession
from tabulate import tabulate


def main() -> None:
    """Print a greeting that Spark has put together, as a table."""
    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--word", default="Hello")
    given = vars(parser.parse_args())
    spark = SparkSession.builder.getOrCreate()
    (greeting,) = spark.sql("SELECT concat(:word, ', ', :name, '!')", args=given).first()
    print(tabulate([(greeting, f"greeter {version('greeter')}")], tablefmt="orgtbl"))
