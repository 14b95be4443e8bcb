# Databricks notebook source
# Counts the rows of the cleaned tables and hands the counts to the test that started it.
import json

dbutils.widgets.text("catalog", "")
dbutils.widgets.text("schema", "")
schema = f"{dbutils.widgets.get('catalog')}.{dbutils.widgets.get('schema')}"
tables = ("silver_airlines", "silver_airports", "silver_flights", "silver_weather")
dbutils.notebook.exit(json.dumps({name: spark.table(f"{schema}.{name}").count() for name in tables}))
