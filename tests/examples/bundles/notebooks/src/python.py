# Databricks notebook source
# MAGIC %md # A Python notebook that runs another one

# COMMAND ----------

# MAGIC %run ./helper

# COMMAND ----------

dbutils.widgets.text("greeting", "unset")
dbutils.widgets.text("name", "unset")

# COMMAND ----------

# MAGIC %sql
# MAGIC CREATE OR REPLACE TEMPORARY VIEW guests AS SELECT 'Grace' AS guest

# COMMAND ----------

# MAGIC %sh
# MAGIC echo "from the shell"

# COMMAND ----------

guest = spark.table("guests").first().guest
dbutils.notebook.exit(
    greet(dbutils.widgets.get("greeting"), f"{dbutils.widgets.get('name')} and {guest}")
)
