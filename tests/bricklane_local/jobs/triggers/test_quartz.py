"""Quartz expressions, against what Quartz 2.3.2 itself answers."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bricklane_local.jobs.triggers.quartz import QuartzError, QuartzExpression


def milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("0/15 * * * * ?", "UTC", "2025-12-30T00:00:31", ["12-30T00:00:45", "12-30T00:01:00"]),
        ("0 0 6 * * ?", "America/New_York", "2026-01-01T11:00:00", ["01-02T11:00:00"]),
        ("0 5-20/5 * * * ?", "UTC", "2026-01-01T13:14:00", ["01-01T13:15:00", "01-01T13:20:00"]),
        ("0 5/15,7 * * * ?", "UTC", "2026-01-01T13:00:00", ["01-01T13:05:00", "01-01T13:07:00"]),
        ("0 0 22-2 * * ?", "UTC", "2026-01-01T01:30:00", ["01-01T02:00:00", "01-01T22:00:00"]),
        ("0 0 12 ? * FRI-MON", "UTC", "2026-01-05T13:00:00", ["01-09T12:00:00"]),
        ("0 0 12 ? NOV-FEB MON", "UTC", "2026-02-23T13:00:00", ["11-02T12:00:00"]),
        ("0 0 12 ? * 2-6", "UTC", "2026-01-02T13:00:00", ["01-05T12:00:00"]),
        ("0 0 12 L * ?", "UTC", "2026-01-31T13:00:00", ["02-28T12:00:00"]),
        ("0 0 12 L-3 * ?", "UTC", "2026-02-01T00:00:00", ["02-25T12:00:00"]),
        ("0 0 12 LW * ?", "UTC", "2026-05-01T00:00:00", ["05-29T12:00:00"]),
        ("0 0 12 15W * ?", "UTC", "2026-02-01T00:00:00", ["02-16T12:00:00", "03-16T12:00:00"]),
        ("0 0 12 1W * ?", "UTC", "2026-07-02T00:00:00", ["08-03T12:00:00"]),
        ("0 0 12 31W * ?", "UTC", "2026-02-01T00:00:00", ["03-31T12:00:00", "05-29T12:00:00"]),
        ("0 0 12 ? * FRIL", "UTC", "2026-04-01T00:00:00", ["04-24T12:00:00"]),
        ("0 0 12 ? * L", "UTC", "2026-01-01T00:00:00", ["01-03T12:00:00"]),
        ("0 0 12 ? * 6#3", "UTC", "2026-01-01T00:00:00", ["01-16T12:00:00"]),
        ("0 0 12 ? * MON#5", "UTC", "2026-01-01T00:00:00", ["03-30T12:00:00"]),
        ("0 0/0 * * * ?", "UTC", "2026-01-01T13:00:00", ["01-01T14:00:00"]),
        # The clocks go forward: what they skip does not happen, the next day it does.
        ("0 30 2 * * ?", "America/New_York", "2026-03-08T00:00:00", ["03-09T06:30:00"]),
        ("0 30 * * * ?", "America/New_York", "2026-03-08T06:30:00", ["03-08T07:30:00"]),
        # The clocks go back: it is half past one twice, and the second one counts.
        ("0 30 1 * * ?", "America/New_York", "2026-10-31T06:00:00", ["11-01T06:30:00"]),
        (
            "0 30 * * * ?",
            "America/New_York",
            "2026-11-01T04:00:00",
            ["11-01T04:30:00", "11-01T06:30:00", "11-01T07:30:00"],
        ),
        ("0 15 0 * * ?", "America/Havana", "2026-03-07T12:00:00", ["03-09T04:15:00"]),
    ],
)
def test_an_expression_matches_as_in_quartz(
    expression: str, zone: str, after: str, expected: list[str]
) -> None:
    parsed, moment = QuartzExpression(expression), milliseconds(after)
    for wanted in expected:
        found = parsed.next_after(moment, ZoneInfo(zone))
        assert found is not None
        assert datetime.fromtimestamp(found / 1000, UTC).strftime("%m-%dT%H:%M:%S") == wanted
        moment = found


def test_years_are_counted_to_the_end() -> None:
    moment, zone = milliseconds("2026-01-01T00:00:00"), ZoneInfo("UTC")
    leap = QuartzExpression("0 0 12 29 2 ?").next_after(moment, zone)
    assert leap == milliseconds("2028-02-29T12:00:00")
    assert QuartzExpression("0 0 12 30 2 ?").next_after(moment, zone) is None
    once = QuartzExpression("0 0 12 1 1 ? 2027")
    only = once.next_after(moment, zone)
    assert only == milliseconds("2027-01-01T12:00:00")
    assert once.next_after(only, zone) is None


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("0 0 12 * *", "5 fields instead of 6 or 7"),
        ("0 0 12 * * *", "exactly one of day of month and day of week"),
        ("0 0 12 ? * ?", "exactly one of day of month and day of week"),
        ("60 0 12 * * ?", "second '60' is outside of 0 to 59"),
        ("0 0 24 * * ?", "hour '24' is outside of 0 to 23"),
        ("0 0 12 32 * ?", "day of month '32' is outside of 1 to 31"),
        ("0 0 12 ? FOO MON", "'FOO' is no month"),
        ("0 0 12 ? * 8", "day of week '8' is outside of 1 to 7"),
        ("0 0 12 ? * 6#6", "a number of 1 to 5"),
        ("0 0 12 L,15 * ?", "L and W stand alone"),
        ("0 0 12 ? * 2,6L", "L and # stand alone"),
        ("0 0 12 L-31 * ?", "more than 30 days before the last"),
        ("0 0/60 * * * ?", "minute '0/60' is outside of 0 to 59"),
        ("0 0 0 1 1 ? 2029-2027", "runs backwards"),
        ("0 0 0 1 1 ? -", "is no year"),
    ],
)
def test_what_is_no_expression_is_refused_by_field(expression: str, message: str) -> None:
    with pytest.raises(QuartzError, match=message):
        QuartzExpression(expression)
