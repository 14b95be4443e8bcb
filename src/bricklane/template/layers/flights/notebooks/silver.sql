-- Databricks notebook source
-- MAGIC %md
-- MAGIC # Silver: cleaned tables
-- MAGIC
-- MAGIC Rows are merged by their key, and only rows that differ are written: running this again on
-- MAGIC the same files changes nothing. Deletion vectors spare a merge from copying the other rows.

-- COMMAND ----------

USE CATALOG IDENTIFIER(:catalog);
USE SCHEMA IDENTIFIER(:schema);

-- COMMAND ----------

-- MAGIC %md
-- MAGIC Airlines and airports need no cleaning.

-- COMMAND ----------

CREATE OR REPLACE VIEW silver_airlines COMMENT 'Carriers by their code'
AS SELECT carrier, name FROM bronze_airlines;

CREATE OR REPLACE VIEW silver_airports COMMENT 'Airports by their FAA code'
AS SELECT faa, name, lat, lon, tzone FROM bronze_airports;

-- COMMAND ----------

CREATE TABLE IF NOT EXISTS silver_weather (
  origin STRING NOT NULL,
  time_hour TIMESTAMP NOT NULL,
  temp DOUBLE COMMENT 'Fahrenheit',
  humid DOUBLE COMMENT 'Percent',
  wind_speed DOUBLE COMMENT 'Miles per hour; empty where the instrument failed',
  precip DOUBLE COMMENT 'Inches in this hour',
  visib DOUBLE COMMENT 'Miles'
) COMMENT 'Weather at the three airports, one row per hour'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'true');

-- COMMAND ----------

-- MAGIC %md
-- MAGIC One hour in February claims a wind of 1048 miles per hour: a broken instrument.

-- COMMAND ----------

MERGE INTO silver_weather AS target
USING (
  SELECT origin, time_hour, temp, humid,
         CASE WHEN wind_speed <= 120 THEN wind_speed END AS wind_speed,
         precip, visib
  FROM bronze_weather
) AS source
ON target.origin = source.origin AND target.time_hour = source.time_hour
WHEN MATCHED AND (
  target.temp IS DISTINCT FROM source.temp
  OR target.humid IS DISTINCT FROM source.humid
  OR target.wind_speed IS DISTINCT FROM source.wind_speed
  OR target.precip IS DISTINCT FROM source.precip
  OR target.visib IS DISTINCT FROM source.visib
) THEN UPDATE SET *
WHEN NOT MATCHED THEN INSERT *
WHEN NOT MATCHED BY SOURCE THEN DELETE;

-- COMMAND ----------

CREATE TABLE IF NOT EXISTS silver_flights (
  time_hour TIMESTAMP NOT NULL COMMENT 'Scheduled hour of departure',
  carrier STRING NOT NULL,
  flight INT NOT NULL COMMENT 'Number of the flight',
  origin STRING NOT NULL,
  dest STRING NOT NULL,
  tailnum STRING,
  plane_age INT COMMENT 'Years since the plane was built',
  cancelled BOOLEAN NOT NULL COMMENT 'Never departed',
  dep_time INT COMMENT 'Local time as HHMM',
  dep_delay INT COMMENT 'Minutes, negative when early',
  arr_delay INT COMMENT 'Minutes, negative when early; empty when diverted',
  air_time INT COMMENT 'Minutes',
  distance INT COMMENT 'Miles'
) COMMENT 'Flights out of New York City, one row per scheduled flight'
TBLPROPERTIES ('delta.enableDeletionVectors' = 'true');

-- COMMAND ----------

MERGE INTO silver_flights AS target
USING (
  SELECT f.time_hour, f.carrier, f.flight, f.origin, f.dest, f.tailnum,
         f.year - p.year AS plane_age,
         f.dep_time IS NULL AS cancelled,
         f.dep_time, f.dep_delay, f.arr_delay, f.air_time, f.distance
  FROM bronze_flights AS f
  LEFT JOIN bronze_planes AS p ON p.tailnum = f.tailnum
) AS source
ON target.time_hour = source.time_hour
  AND target.carrier = source.carrier
  AND target.flight = source.flight
WHEN MATCHED AND (
  target.origin IS DISTINCT FROM source.origin
  OR target.dest IS DISTINCT FROM source.dest
  OR target.tailnum IS DISTINCT FROM source.tailnum
  OR target.plane_age IS DISTINCT FROM source.plane_age
  OR target.cancelled IS DISTINCT FROM source.cancelled
  OR target.dep_time IS DISTINCT FROM source.dep_time
  OR target.dep_delay IS DISTINCT FROM source.dep_delay
  OR target.arr_delay IS DISTINCT FROM source.arr_delay
  OR target.air_time IS DISTINCT FROM source.air_time
  OR target.distance IS DISTINCT FROM source.distance
) THEN UPDATE SET *
WHEN NOT MATCHED THEN INSERT *
WHEN NOT MATCHED BY SOURCE THEN DELETE;

-- COMMAND ----------

DESCRIBE HISTORY silver_flights;
