# Databricks notebook source
# MAGIC %md
# MAGIC # Bronze: the published files as tables
# MAGIC
# MAGIC Every CSV file in the volume becomes one table, with the columns it came with.
# MAGIC The number of rows of each is handed to later tasks as a task value.

# COMMAND ----------

dbutils.widgets.text("catalog", "dev", "Catalog")
dbutils.widgets.text("schema", "flights", "Schema")
dbutils.widgets.text("files", "", "Folder, when it is not the volume")

catalog = dbutils.widgets.get("catalog")
schema = dbutils.widgets.get("schema")
files = dbutils.widgets.get("files") or f"/Volumes/{catalog}/{schema}/raw"

spark.catalog.setCurrentCatalog(catalog)
spark.catalog.setCurrentDatabase(schema)

# COMMAND ----------

display(dbutils.fs.ls(files))

# COMMAND ----------

# MAGIC %md
# MAGIC The types are stated, not guessed: a file that stops fitting them fails the run here.

# COMMAND ----------

COLUMNS = {
    "airlines": "carrier STRING, name STRING",
    "airports": """faa STRING, name STRING, lat DOUBLE, lon DOUBLE, alt INT, tz INT, dst STRING,
        tzone STRING""",
    "flights": """year INT, month INT, day INT, dep_time INT, sched_dep_time INT, dep_delay INT,
        arr_time INT, sched_arr_time INT, arr_delay INT, carrier STRING, flight INT,
        tailnum STRING, origin STRING, dest STRING, air_time INT, distance INT, hour INT,
        minute INT, time_hour TIMESTAMP""",
    "planes": """tailnum STRING, year INT, type STRING, manufacturer STRING, model STRING,
        engines INT, seats INT, speed INT, engine STRING""",
    "weather": """origin STRING, year INT, month INT, day INT, hour INT, temp DOUBLE, dewp DOUBLE,
        humid DOUBLE, wind_dir INT, wind_speed DOUBLE, wind_gust DOUBLE, precip DOUBLE,
        pressure DOUBLE, visib DOUBLE, time_hour TIMESTAMP""",
}

# COMMAND ----------

from pyspark.sql.functions import col, current_timestamp

for name, columns in COLUMNS.items():
    file = (
        spark.read.schema(columns)
        .options(header=True, nullValue="NA", mode="FAILFAST", enforceSchema=False)
        .csv(f"{files}/{name}.csv")
    )
    table = f"bronze_{name}"
    (
        file.select("*", col("_metadata.file_name").alias("source_file"))
        .withColumn("loaded_at", current_timestamp())
        .write.mode("overwrite")
        .option("overwriteSchema", True)
        .saveAsTable(table)
    )
    rows = spark.table(table).count()
    dbutils.jobs.taskValues.set(name, rows)
    print(f"{table}: {rows:,} rows")

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT carrier, count(*) AS flights FROM bronze_flights GROUP BY carrier ORDER BY flights DESC
