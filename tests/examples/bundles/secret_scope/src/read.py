# Databricks notebook source
secret = dbutils.secrets.get(scope=dbutils.widgets.get("scope"), key="password")
print(f"the password is {secret}")

# COMMAND ----------

keys = [listed.key for listed in dbutils.secrets.list(dbutils.widgets.get("scope"))]
dbutils.notebook.exit(f"{len(secret)} characters under {keys}")
