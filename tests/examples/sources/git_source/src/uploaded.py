# Databricks notebook source
dbutils.notebook.exit(f"{dbutils.widgets.get('days')} days")
