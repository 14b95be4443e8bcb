# Databricks notebook source
import sys

sys.path.append("../common")

# COMMAND ----------

from lib.words import joined

dbutils.notebook.exit(joined(dbutils.widgets.get("table"), dbutils.widgets.get("limit")))
