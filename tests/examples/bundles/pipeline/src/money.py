"""Money, imported by the sources of the pipeline from its root folder."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def euros(cents: str) -> Column:
    return F.col(cents) / 100
