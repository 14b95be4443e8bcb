CREATE OR REFRESH MATERIALIZED VIEW best (
  CONSTRAINT known EXPECT (customer IS NOT NULL) ON VIOLATION FAIL UPDATE
)
COMMENT 'customers of whom we know more than ${least}'
AS SELECT customer, sum(amount) AS total FROM clean GROUP BY customer HAVING total > ${least}
