-- Databricks notebook source
-- MAGIC %md
-- MAGIC # A SQL notebook

-- COMMAND ----------

CREATE OR REPLACE TEMPORARY VIEW squares AS SELECT id, id * id AS square FROM range(4);
SELECT sum(square) AS total FROM squares;

-- COMMAND ----------

SELECT assert_true(:name = 'Ada', 'the job parameter reaches the notebook');

-- COMMAND ----------

-- MAGIC %python
-- MAGIC dbutils.notebook.exit(str(spark.table("squares").selectExpr("sum(square) AS total").first().total))
