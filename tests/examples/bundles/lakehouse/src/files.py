# Databricks notebook source
import json
import os
import shutil
from pathlib import Path

import pandas as pd

volume = Path(dbutils.widgets.get("volume"), "café ✈️ it's")
volume.mkdir(parents=True, exist_ok=True)

# COMMAND ----------

# DBTITLE 1,Written by Python, read by Spark and pandas
pd.DataFrame({"x": [1, 2, 3]}).to_csv(volume / "x.csv", index=False)
pd.DataFrame({"x": [4, 5]}).to_parquet(volume / "x.parquet")
by_spark = spark.read.option("header", True).csv(f"{volume}/x.csv").count()
by_pandas = len(pd.read_parquet(volume / "x.parquet"))
by_path = spark.sql(f"SELECT sum(x) AS x FROM parquet.`{volume}/x.parquet`").first().x

# COMMAND ----------

# DBTITLE 1,Written by Spark, read by Python
spark.range(3).coalesce(1).write.mode("overwrite").json(f"{volume}/ids")
(part,) = (name for name in os.listdir(volume / "ids") if name.endswith(".json"))
with open(volume / "ids" / part) as file:
    ids = [json.loads(line)["id"] for line in file]

# COMMAND ----------

# DBTITLE 1,Moved about
dbutils.fs.cp(f"{volume}/x.csv", f"{volume}/copies/y.csv")
shutil.copy(volume / "x.csv", volume / "copies" / "z.csv")
dbutils.fs.mv(f"dbfs:{volume}/copies/z.csv", f"dbfs:{volume}/copies/moved.csv")
copies = [file.name for file in dbutils.fs.ls(f"{volume}/copies")]
head = dbutils.fs.head(f"{volume}/copies/moved.csv", 3)
dbutils.fs.rm(str(volume / "copies"), recurse=True)
assert not (volume / "copies").exists()

# COMMAND ----------

# MAGIC %sh
# MAGIC echo "the working directory is $(basename "$PWD")"

# COMMAND ----------

dbutils.notebook.exit(json.dumps([by_spark, by_pandas, by_path, ids, copies, head]))
