-- Databricks notebook source
USE SCHEMA IDENTIFIER('dev.' || :schema);

-- COMMAND ----------

CREATE OR REPLACE TABLE stock (
  item STRING NOT NULL COMMENT 'what it is',
  pieces INT,
  price DECIMAL(9, 2),
  counted DATE
)
COMMENT 'Things in the store; counted once a week'
TBLPROPERTIES ('quality' = 'silver');

-- COMMAND ----------

INSERT INTO stock VALUES
  ('nail', 1000, 0.02, DATE '2026-01-05'),
  ('hammer', 3, 19.90, DATE '2026-01-05');

-- COMMAND ----------

MERGE INTO stock AS target
USING (SELECT * FROM VALUES ('hammer', 2), ('saw', 5) AS delivery (item, pieces)) AS source
ON target.item = source.item
WHEN MATCHED THEN UPDATE SET pieces = target.pieces + source.pieces
WHEN NOT MATCHED THEN INSERT (item, pieces) VALUES (source.item, source.pieces);

-- COMMAND ----------

SELECT assert_true(
  (SELECT sum(pieces) FROM stock) = 1010, 'the delivery is in the stock'
), assert_true(
  (SELECT sum(pieces) FROM stock VERSION AS OF 1) = 1003, 'the stock before the delivery can be read'
);

-- COMMAND ----------

-- DBTITLE 1,Changes of the table itself
ALTER TABLE stock ADD COLUMN shelf STRING COMMENT 'where it lies';
ALTER TABLE stock ADD CONSTRAINT some_pieces CHECK (pieces >= 0);
UPDATE stock SET shelf = 'A1' WHERE item = 'saw';
DELETE FROM stock WHERE item = 'nail';
OPTIMIZE stock;

-- COMMAND ----------

SELECT assert_true(count(*) = 2, 'two things are left') FROM stock;
SELECT assert_true(
  (SELECT any_value(price) FROM stock WHERE item = 'hammer') = 19.90, 'a price has its decimals'
);

-- COMMAND ----------

CREATE TABLE IF NOT EXISTS stock_by_day (item STRING, counted DATE) PARTITIONED BY (counted);
INSERT OVERWRITE stock_by_day SELECT item, current_date() FROM stock;
CREATE OR REPLACE TABLE stock_copy CLUSTER BY (item) AS SELECT * FROM stock;
TRUNCATE TABLE stock_copy;

-- COMMAND ----------

-- MAGIC %python
-- MAGIC tables = sorted(row.tableName for row in spark.sql("SHOW TABLES LIKE 'stock*'").collect() if not row.isTemporary)
-- MAGIC operations = [row.operation for row in spark.sql("DESCRIBE HISTORY stock").collect()]
-- MAGIC comment = spark.sql("DESCRIBE TABLE stock").where("col_name = 'item'").first().comment
-- MAGIC assert operations[-3:] == ["MERGE", "WRITE", "CREATE OR REPLACE TABLE"], operations
-- MAGIC assert spark.table("stock_copy").count() == 0
-- MAGIC dbutils.notebook.exit(f"{', '.join(tables)}; item: {comment}")
