# Databricks notebook source
dbutils.notebook.exit("nothing has arrived")
