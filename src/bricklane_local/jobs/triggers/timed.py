"""Triggers that only need a clock: cron schedules and periods."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.triggers.kind import SECOND, Body, Look, TriggerKind, Verdict
from bricklane_local.jobs.triggers.quartz import QuartzError, QuartzExpression

# Between two runs of a schedule, whatever its seconds say, as documented.
MINIMUM_INTERVAL = 10 * SECOND
UNITS = {"MINUTES": 60, "HOURS": 3600, "DAYS": 86_400, "WEEKS": 604_800}


def _expression(body: Body) -> QuartzExpression:
    text = str(body["quartz_cron_expression"])
    try:
        return QuartzExpression(text)
    except QuartzError as error:
        raise invalid(f"Invalid quartz_cron_expression {text!r}: {error}") from None


def _zone(body: Body) -> ZoneInfo:
    name = str(body["timezone_id"])
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid(
            f"Invalid timezone_id {name!r}: it must be a name of the IANA database such as UTC "
            "or Europe/Berlin"
        ) from None


def _check_schedule(_settings: Body, body: Body) -> None:
    for field in ("quartz_cron_expression", "timezone_id"):
        if not body.get(field):
            raise invalid(f"Missing required field: schedule.{field}")
    _zone(body)
    _expression(body)
    if body.get("sql_condition"):
        raise invalid("schedule.sql_condition is not supported by the local workspace")


def _next(body: Body, now: int) -> int | None:
    return _expression(body).next_after(now, _zone(body))


async def _look_at_schedule(look: Look) -> Verdict:
    """Run once, however many times were missed, and go on from now."""
    return Verdict(_next(look.body, look.now + MINIMUM_INTERVAL - SECOND), fires=True)


def _period(body: Body) -> int:
    return int(body["interval"]) * UNITS[str(body["unit"])] * SECOND


def _check_periodic(_settings: Body, body: Body) -> None:
    if str(body.get("unit")) not in UNITS:
        raise invalid(f"trigger.periodic.unit must be one of {', '.join(UNITS)}")
    if not isinstance(body.get("interval"), int) or body["interval"] < 1:
        raise invalid(f"trigger.periodic.interval must be 1 or more, got {body.get('interval')!r}")


async def _look_at_period(look: Look) -> Verdict:
    """Run once, and again at the next whole number of periods after the first."""
    period = _period(look.body)
    missed = (look.now - look.due) // period
    return Verdict(look.due + (missed + 1) * period, fires=True)


SCHEDULE = TriggerKind(("schedule",), "PERIODIC", _check_schedule, _next, _look_at_schedule)
PERIODIC = TriggerKind(
    ("trigger", "periodic"),
    "PERIODIC",
    _check_periodic,
    lambda body, now: now + _period(body),
    _look_at_period,
)
