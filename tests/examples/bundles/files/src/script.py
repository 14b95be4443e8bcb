"""A script that finds its data and its module in the folder it is run in, which is its own."""

import sys
from pathlib import Path

from orbits import farthest
from pyspark.sql import SparkSession

here = Path.cwd()
spark = SparkSession.builder.getOrCreate()
planet = farthest(here / "planets.json")
print(" ".join(row.planet for row in spark.sql("SELECT :p AS planet", {"p": planet}).collect()))
print(f"arguments: {sys.argv[1:]}")
print(f"drafts: {len(list(here.glob('*.draft.txt')))}")
