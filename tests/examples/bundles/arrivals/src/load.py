# Databricks notebook source
key = dbutils.secrets.get(dbutils.widgets.get("scope"), "key")

# COMMAND ----------

path = f"{dbutils.widgets.get('volume')}/{dbutils.widgets.get('name')}"
rows = spark.read.option("header", True).csv(path).count()
dbutils.notebook.exit(f"{rows} rows for a key of {len(key)} characters, {key}")
