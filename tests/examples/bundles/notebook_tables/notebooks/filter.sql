-- Databricks notebook source
-- MAGIC %md
-- MAGIC ## Filter
-- MAGIC Parameters of the job arrive as named parameter markers.

-- COMMAND ----------

USE CATALOG IDENTIFIER(:catalog);
USE SCHEMA IDENTIFIER(:schema);

-- COMMAND ----------

-- DBTITLE 1,Legs long enough; the semicolon in this text ends nothing
CREATE OR REPLACE TABLE long_legs
COMMENT 'Legs of at least the minimum; shorter ones are left out'
AS SELECT * FROM legs WHERE kilometres >= CAST(:minimum AS DOUBLE);

-- COMMAND ----------

SELECT leg, kilometres FROM long_legs ORDER BY leg

-- COMMAND ----------

-- MAGIC %python
-- MAGIC print("long legs:", spark.table("long_legs").count())
