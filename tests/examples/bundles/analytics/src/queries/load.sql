-- Measurements of three stations.
USE IDENTIFIER('dev.' || :schema);

CREATE OR REPLACE TABLE measurements AS
SELECT * FROM VALUES ('Davos', -7.5), ('Chur', 1.0), ('Locarno', 6.25) AS t (station, celsius);

SELECT count(*) AS measurements FROM measurements;
