-- Databricks notebook source
CREATE TABLE IF NOT EXISTS dev.${schema}.raw (customer STRING, cents INT);

-- COMMAND ----------

INSERT INTO dev.${schema}.raw VALUES ('a', 3000), ('b', 1200), ('c', 5), (NULL, 100)
