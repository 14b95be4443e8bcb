-- Databricks notebook source
USE IDENTIFIER(:schema);

-- COMMAND ----------

CREATE TABLE orders AS SELECT 1 AS id, 'open' AS state;

-- COMMAND ----------

CREATE VIEW open_orders AS SELECT id FROM orders WHERE state = 'open';

-- COMMAND ----------

GRANT SELECT ON TABLE open_orders TO `account users`;

-- COMMAND ----------

SHOW GRANTS ON TABLE open_orders;

-- COMMAND ----------

DROP VIEW open_orders;

-- COMMAND ----------

DROP TABLE orders;
