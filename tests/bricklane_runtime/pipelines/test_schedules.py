"""The clause SCHEDULE of statements that make a table."""

from __future__ import annotations

from typing import Any

import pytest

from bricklane_runtime.pipelines.model import PipelineError
from bricklane_runtime.pipelines.schedules import without_schedule


@pytest.mark.parametrize(
    ("clause", "schedule"),
    [
        ("SCHEDULE EVERY 12 hours", {"interval": 12, "unit": "HOURS"}),
        ("SCHEDULE REFRESH EVERY 1 WEEK", {"interval": 1, "unit": "WEEKS"}),
        ("schedule cron '0 0 4 * * ?'", {"cron": "0 0 4 * * ?", "zone": "UTC"}),
        (
            "SCHEDULE CRON '0 0 4 * * ?' AT TIME ZONE 'Europe/Berlin'",
            {"cron": "0 0 4 * * ?", "zone": "Europe/Berlin"},
        ),
        ("TRIGGER ON UPDATE", {"seconds": 60}),
        ("TRIGGER ON UPDATE AT MOST EVERY INTERVAL '2' HOURS", {"seconds": 7200}),
        ("trigger on update at most every 5 minutes", {"seconds": 300}),
    ],
)
def test_a_schedule_is_taken_out_of_its_statement(clause: str, schedule: dict[str, Any]) -> None:
    begin = "CREATE MATERIALIZED VIEW v (id INT) COMMENT 'SCHEDULE AS' "
    end = " TBLPROPERTIES ('a' = 'b') AS SELECT id AS schedule FROM t"
    text, found = without_schedule(begin + clause + end)
    assert found == schedule
    assert "".join(text.split()) == "".join((begin + end).split())


def test_statements_without_one_stay_as_they_are() -> None:
    text = "CREATE STREAMING TABLE s AS SELECT schedule FROM STREAM t"
    assert without_schedule(text) == (text, None)


@pytest.mark.parametrize(
    ("clause", "problem"),
    [
        ("SCHEDULE", "CRON is missing"),
        ("SCHEDULE EVERY HOUR", "EVERY takes a number"),
        ("SCHEDULE EVERY 5 MINUTES", "EVERY takes a number"),
        ("TRIGGER ON UPDATE AT MOST EVERY INTERVAL 59 SECONDS", "at least 1 MINUTE"),
        ("TRIGGER ON UPDATE AT MOST EVERY noon", "at least 1 MINUTE"),
    ],
)
def test_what_is_no_schedule_is_named(clause: str, problem: str) -> None:
    with pytest.raises(PipelineError, match=problem):
        without_schedule(f"CREATE MATERIALIZED VIEW v {clause} AS SELECT 1 AS a")
