# Databricks notebook source
import pandas as pd
from measures import area
from pyspark.sql import functions as F

sizes = spark.createDataFrame([(1.0, 2.0), (3.0, 4.0)], "width DOUBLE, height DOUBLE")

# COMMAND ----------

# DBTITLE 1,A function from a module beside the notebook
area_of = F.udf(area, "DOUBLE")
areas = [row.area for row in sizes.select(area_of("width", "height").alias("area")).collect()]

# COMMAND ----------

# DBTITLE 1,A function of pandas, made in the notebook
@F.pandas_udf("DOUBLE")
def doubled(values: pd.Series) -> pd.Series:
    return values * 2


twice = [row.twice for row in sizes.select(doubled("width").alias("twice")).collect()]

# COMMAND ----------

# DBTITLE 1,The same by name, in SQL
spark.udf.register("area_of", area, "DOUBLE")
sizes.createOrReplaceTempView("sizes")

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT sum(area_of(width, height)) AS total FROM sizes

# COMMAND ----------

total = _sqldf.first().total
grouped = sizes.groupBy(F.lit(1).alias("one")).applyInPandas(
    lambda frame: pd.DataFrame({"rows": [len(frame)]}), "rows LONG"
)
dbutils.notebook.exit(f"{areas} {twice} {total} {grouped.first().rows}")
