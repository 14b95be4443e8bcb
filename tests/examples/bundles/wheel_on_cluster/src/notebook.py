# Databricks notebook source
from importlib.metadata import version

import greeter

# COMMAND ----------

dbutils.notebook.exit(f"{greeter.__name__} {version('greeter')}")
