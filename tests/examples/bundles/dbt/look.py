# Databricks notebook source
schema = dbutils.widgets.get("schema")
ledger = spark.sql(f"SELECT id, amount FROM dev.{schema}.ledger ORDER BY id").collect()
cities = spark.sql(f"SELECT city, total FROM dev.{schema}.by_city ORDER BY city").collect()
kept = spark.table(f"dev.{schema}.kept").count()
dbutils.notebook.exit(f"{[tuple(row) for row in ledger]} {[tuple(row) for row in cities]} {kept}")
