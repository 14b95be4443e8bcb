-- Databricks notebook source
SELECT * FROM IDENTIFIER('dev.' || :schema || '.letters') ORDER BY sender;

-- COMMAND ----------

SELECT assert_true(
  (SELECT sum(words) FROM IDENTIFIER('dev.' || :schema || '.letters')) = 49,
  'all words of all letters are in the table'
);
