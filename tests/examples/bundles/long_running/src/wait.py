# Databricks notebook source
import time

seconds = int(dbutils.widgets.get("seconds"))
print(f"waiting for {seconds} s")

# COMMAND ----------

time.sleep(seconds)
dbutils.notebook.exit(f"waited {seconds} s")
