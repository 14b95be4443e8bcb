# Databricks notebook source
attempt = int(dbutils.widgets.get("attempt"))
if attempt < 2:
    raise RuntimeError(f"attempt {attempt} fails on purpose")
dbutils.notebook.exit(f"attempt {attempt}")
