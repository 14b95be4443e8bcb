"""When a materialized view or streaming table refreshes itself: SCHEDULE and TRIGGER ON UPDATE.

Source: https://docs.databricks.com/en/sql/language-manual/sql-ref-syntax-ddl-alter-materialized-view
and …/sql-ref-syntax-ddl-create-materialized-view.
"""

from __future__ import annotations

from typing import Any

from bricklane_runtime.pipelines.cursor import Cursor

# Words of periods → the unit.
UNITS = {
    **dict.fromkeys(("HOUR", "HOURS"), "HOURS"),
    **dict.fromkeys(("DAY", "DAYS"), "DAYS"),
    **dict.fromkeys(("WEEK", "WEEKS"), "WEEKS"),
}
DEFAULT_ZONE = "UTC"
ON_UPDATE = ("TRIGGER", "ON", "UPDATE")
# Units of the time between two refreshes for updates → seconds.
SECONDS = {
    word: seconds
    for unit, seconds in (("SECOND", 1), ("MINUTE", 60), ("HOUR", 3600), ("DAY", 86_400))
    for word in (unit, f"{unit}S")
}
LEAST_SECONDS = 60
# What may follow the name and the columns of a new table, as far as a schedule is looked for.
ENDS = (("SCHEDULE",), ON_UPDATE, ("AS",), ("FLOW",))


def scheduled(cursor: Cursor) -> dict[str, Any]:
    """Pass such a clause and return it as the workspace takes it, the watched tables apart.

    Raises:
        PipelineError: it cannot be read.
    """
    if cursor.take(*ON_UPDATE):
        return {"seconds": _seconds(cursor)}
    cursor.expect("SCHEDULE")
    cursor.take("REFRESH")
    if cursor.take("EVERY"):
        number = cursor.until(*((word,) for word in UNITS))
        unit = UNITS.get(cursor.piece.text.upper())
        if unit is None or not number.isdigit():
            raise cursor.error("EVERY takes a number of HOURS, DAYS or WEEKS")
        cursor.pass_one()
        return {"interval": int(number), "unit": unit}
    cursor.expect("CRON")
    cron, zone = cursor.string(), DEFAULT_ZONE
    if cursor.take("AT", "TIME", "ZONE"):
        zone = cursor.string()
    return {"cron": cron, "zone": zone}


def _seconds(cursor: Cursor) -> int:
    """Pass how often updates of tables make a refresh at most, and return it."""
    if not cursor.take("AT", "MOST", "EVERY"):
        return LEAST_SECONDS
    cursor.take("INTERVAL")
    number = cursor.until(*((word,) for word in SECONDS)).strip("'\"")
    unit = SECONDS.get(cursor.piece.text.upper())
    if unit is None or not number.isdigit() or int(number) * unit < LEAST_SECONDS:
        raise cursor.error("AT MOST EVERY takes an interval of at least 1 MINUTE")
    cursor.pass_one()
    return int(number) * unit


def query_of(statement: str) -> str:
    """Return the query of a statement that makes a table, "" when it has none."""
    cursor = Cursor(statement)
    cursor.until(("AS",))
    return cursor.rest() if cursor.take("AS") else ""


def without_schedule(text: str) -> tuple[str, dict[str, Any] | None]:
    """Return a statement that makes a table, without its schedule, and the schedule.

    Args:
        text: the statement.

    Raises:
        PipelineError: the schedule cannot be read.
    """
    cursor = Cursor(text)
    cursor.until(*ENDS)
    if not (cursor.sees("SCHEDULE") or cursor.sees(*ON_UPDATE)):
        return text, None
    start = cursor.piece.start
    schedule = scheduled(cursor)
    return text[:start] + text[cursor.piece.start :], schedule
