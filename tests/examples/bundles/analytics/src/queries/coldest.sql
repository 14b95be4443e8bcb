CREATE OR REPLACE TABLE IDENTIFIER('dev.' || :schema || '.coldest') AS
SELECT station, celsius
FROM IDENTIFIER('dev.' || :schema || '.measurements')
ORDER BY celsius
LIMIT 1
