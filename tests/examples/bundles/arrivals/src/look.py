# Databricks notebook source
names = sorted(item.name for item in dbutils.fs.ls(dbutils.widgets.get("location")))
dbutils.jobs.taskValues.set("names", names)
dbutils.jobs.taskValues.set("count", len(names))
