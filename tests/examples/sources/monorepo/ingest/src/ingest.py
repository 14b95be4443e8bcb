# Databricks notebook source
import sys

sys.path.append(dbutils.widgets.get("shared"))

# COMMAND ----------

import humanize
from common.limits import MOST

dbutils.notebook.exit(f"at most {humanize.intcomma(MOST)}")
