"""When a materialized view or streaming table refreshes itself: the clause ``SCHEDULE``.

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
# What may follow the name and the columns of a new table, as far as a schedule is looked for.
ENDS = (("SCHEDULE",), ON_UPDATE, ("AS",), ("FLOW",))


def scheduled(cursor: Cursor) -> dict[str, Any]:
    """Pass a clause SCHEDULE and return it as the workspace takes it.

    Raises:
        PipelineError: it cannot be read.
    """
    if cursor.sees(*ON_UPDATE):
        raise cursor.error("TRIGGER ON UPDATE is not supported here: use SCHEDULE, or refresh it")
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
