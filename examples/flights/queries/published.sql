-- Views of the reports for people: rounded, named in words, worst first.
USE CATALOG IDENTIFIER(:catalog);
USE SCHEMA IDENTIFIER(:schema);

CREATE OR REPLACE VIEW worst_airlines COMMENT 'Airlines by the mean delay of their arrivals'
AS SELECT airline, flights, cancelled,
          round(100 * late_share, 1) AS late_percent,
          mean_arr_delay AS minutes_late
FROM gold_airline_delays
ORDER BY minutes_late DESC;

CREATE OR REPLACE VIEW weather_and_delays COMMENT 'What the weather at departure does to delays'
AS SELECT sky, flights, mean_dep_delay AS minutes_late,
          round(100 * cancelled_share, 1) AS cancelled_percent
FROM gold_weather_effect
ORDER BY minutes_late DESC;
