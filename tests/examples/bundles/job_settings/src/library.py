# Databricks notebook source
import humanize

dbutils.notebook.exit(humanize.intcomma(336776))
