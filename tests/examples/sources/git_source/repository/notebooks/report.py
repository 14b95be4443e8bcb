# Databricks notebook source
from shared.words import GREETING

# COMMAND ----------

dbutils.notebook.exit(f"{GREETING} from {dbutils.widgets.get('branch')}")
