-- Databricks notebook source
USE SCHEMA IDENTIFIER('dev.' || :schema);

-- COMMAND ----------

CREATE OR REPLACE VIEW tools COMMENT 'Without nails' AS
SELECT item, pieces FROM stock WHERE item <> 'nail';

-- COMMAND ----------

CREATE OR REPLACE TEMPORARY VIEW many AS SELECT * FROM tools WHERE pieces >= 5;
SELECT assert_true(count(*) = 2, 'both tools are many') FROM many;

-- COMMAND ----------

DROP VIEW IF EXISTS never_made;
ALTER TABLE stock_by_day RENAME TO stock_by_date;

-- COMMAND ----------

-- MAGIC %python
-- MAGIC schema = spark.sql("SELECT current_schema()").first()[0]
-- MAGIC names = [row.item for row in spark.table(f"dev.{schema}.tools").orderBy("item").collect()]
-- MAGIC assert spark.catalog.tableExists(f"dev.{schema}.stock_by_date")
-- MAGIC assert not spark.catalog.tableExists(f"dev.{schema}.stock_by_day")
-- MAGIC dbutils.notebook.exit(", ".join(names))
