# Databricks notebook source
# MAGIC %md
# MAGIC # Load
# MAGIC Writes the table that the notebooks after this one read.

# COMMAND ----------

# MAGIC %run ./shared/distances

# COMMAND ----------

dbutils.widgets.text("catalog", "")
dbutils.widgets.text("schema", "")
dbutils.widgets.text("vessel", "unknown")
vessel = dbutils.widgets.get("vessel")

# COMMAND ----------

# DBTITLE 1,Name the place once
spark.sql("USE CATALOG IDENTIFIER(:catalog)", args={"catalog": dbutils.widgets.get("catalog")})
spark.sql("USE SCHEMA IDENTIFIER(:schema)", args={"schema": dbutils.widgets.get("schema")})

# COMMAND ----------

rows = [(vessel, leg, kilometres(miles)) for leg, miles in enumerate((5, 20, 80), start=1)]
legs = spark.createDataFrame(rows, "vessel STRING, leg INT, kilometres DOUBLE")
legs.write.mode("overwrite").saveAsTable("legs")
display(legs)

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT count(*) AS legs, round(sum(kilometres), 3) AS kilometres FROM legs

# COMMAND ----------

total = _sqldf.first()
print(f"{vessel} sailed {total.kilometres} km in {total.legs} legs")

# COMMAND ----------

# MAGIC %sh
# MAGIC echo "said by a shell on $(uname -s)"

# COMMAND ----------

dbutils.notebook.exit(f"{vessel}: {total.legs} legs")
