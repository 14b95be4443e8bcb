"""What the entry points share: their arguments, and a session placed in a schema."""

from argparse import ArgumentParser

from pyspark.sql import SparkSession


def schema_arguments(description: str) -> ArgumentParser:
    """Return a parser that knows ``--catalog`` and ``--schema``."""
    parser = ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--catalog", required=True, help="catalog of the project's schema")
    parser.add_argument("--schema", required=True, help="schema of the project's tables")
    return parser


def session_in(catalog: str, schema: str) -> SparkSession:
    """Return the session of the compute, with plain table names resolved in the given schema."""
    spark = SparkSession.builder.getOrCreate()
    spark.catalog.setCurrentCatalog(catalog)
    spark.catalog.setCurrentDatabase(schema)
    return spark
