-- The days of the year as a pipeline keeps them: it fails before it publishes nonsense.
CREATE OR REFRESH MATERIALIZED VIEW gold_days (
  CONSTRAINT somebody_flew EXPECT (flights > cancelled) ON VIOLATION FAIL UPDATE,
  CONSTRAINT delay_is_known EXPECT (mean_dep_delay IS NOT NULL)
) COMMENT 'Flights and their delays, one row per day'
AS SELECT date(time_hour) AS day,
          count(*) AS flights,
          count_if(cancelled) AS cancelled,
          round(avg(dep_delay), 2) AS mean_dep_delay
FROM silver_flights
GROUP BY date(time_hour);
