# Databricks notebook source
dbutils.jobs.taskValues.set("numbers", [1, 2, 3])
dbutils.jobs.taskValues.set(key="size", value=3)
