"""Quartz cron expressions: when one matches next in a time zone.

Source: https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html, and
for what that leaves open the behaviour of Quartz 2.3.2: a time that the clocks skip is passed over,
one that they show twice matches the second time. No library on PyPI has ``W`` of lists, ``L-n``,
``LW`` and these rules.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
LAST_YEAR = 2199
# An expression such as 29 February matches only after years.
YEARS_AHEAD = 100
STARS = ("*", "?")


class QuartzError(ValueError):
    """An expression is not one, and why."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One of the fields of an expression that are sets of numbers.

    Args:
        noun: what it is called in errors.
        low: its least value.
        high: its greatest value.
        names: names that stand for values.
    """

    noun: str
    low: int
    high: int
    names: Mapping[str, int]

    def values(self, text: str) -> frozenset[int]:
        """Return the values that a field's text means.

        Raises:
            QuartzError: when it means none.
        """
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, part: str) -> Iterator[int]:
        span, slash, step_text = part.partition("/")
        step = self._number(step_text, part, limit=self.high) if slash else 1
        first_text, dash, last_text = span.partition("-")
        if first_text in STARS and not dash:
            first, last = self.low, self.high
        else:
            first = self._number(first_text, part)
            last = self._number(last_text, part) if dash else self.high if slash else first
        if step == 0:
            last, step = first, 1
        size = self.high - self.low + 1
        if last < first:
            if self.noun == "year":
                raise QuartzError(f"the year range {part!r} runs backwards")
            last += size
        for value in range(first, last + 1, step):
            yield (value - self.low) % size + self.low

    def _number(self, text: str, part: str, limit: int | None = None) -> int:
        value = self.names.get(text)
        if value is None:
            if not re.fullmatch(r"[0-9]{1,4}", text):
                raise QuartzError(f"{part!r} is no {self.noun}")
            value = int(text)
        low, high = (self.low, self.high) if limit is None else (0, limit)
        if not low <= value <= high:
            raise QuartzError(f"the {self.noun} {part!r} is outside of {low} to {high}")
        return value


def _numbered(names: list[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names, start=1)}


SECOND, MINUTE = Unit("second", 0, 59, {}), Unit("minute", 0, 59, {})
HOUR, DAY = Unit("hour", 0, 23, {}), Unit("day of month", 1, 31, {})
MONTH = Unit("month", 1, 12, _numbered(MONTHS))
WEEKDAY = Unit("day of week", 1, 7, _numbered(WEEKDAYS))
YEAR = Unit("year", 1970, LAST_YEAR, {})

# Gets a year and a month and returns the days of it that match.
Days = Callable[[int, int], set[int]]


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _weekday(year: int, month: int, day: int) -> int:
    """Return the day of the week, 1 for Sunday."""
    return date(year, month, day).isoweekday() % 7 + 1


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """Return the day from Monday to Friday that is nearest to ``day`` in the same month."""
    weekday, length = _weekday(year, month, day), _length(year, month)
    if weekday == 7:
        return day - 1 if day > 1 else day + 2
    if weekday == 1:
        return day + 1 if day < length else day - 2
    return day


def _from_the_end(text: str) -> Days | None:
    """Return the days of ``L``, ``L-n``, ``LW`` and ``L-nW``."""
    found = re.fullmatch(r"L(?:-([0-9]{1,2}))?(W?)", text)
    if found is None:
        return None
    offset = int(found[1] or 0)
    if offset > 30:
        raise QuartzError(f"the day of month {text!r} lies more than 30 days before the last")

    def days(year: int, month: int) -> set[int]:
        day = _length(year, month) - offset
        if day < 1:
            return set()
        return {_nearest_weekday(year, month, day) if found[2] else day}

    return days


def _near(text: str) -> Days | None:
    """Return the days of ``nW``."""
    found = re.fullmatch(r"([0-9]{1,2})W", text)
    if found is None:
        return None
    (wanted,) = DAY.values(found[1])

    def days(year: int, month: int) -> set[int]:
        if wanted > _length(year, month):
            return set()
        return {_nearest_weekday(year, month, wanted)}

    return days


def _of_month(text: str) -> Days:
    special = _from_the_end(text) or _near(text)
    if special is not None:
        return special
    if re.search("[LW]", text):
        raise QuartzError(f"the day of month {text!r}: L and W stand alone, not in a list")
    values = DAY.values(text)
    return lambda year, month: {day for day in values if day <= _length(year, month)}


def _weekdays(values: frozenset[int]) -> Days:
    def days(year: int, month: int) -> set[int]:
        first = _weekday(year, month, 1)
        found = range(1, _length(year, month) + 1)
        return {day for day in found if (first + day - 2) % 7 + 1 in values}

    return days


def _of_week(text: str) -> Days:
    if text == "L":
        return _weekdays(frozenset((7,)))
    found = re.fullmatch(r"([0-9]|[A-Z]{3})(?:L|#([0-9]+))", text)
    if found is None:
        if re.search("#|L", text):
            raise QuartzError(f"the day of week {text!r}: L and # stand alone, not in a list")
        return _weekdays(WEEKDAY.values(text))
    every = _weekdays(WEEKDAY.values(found[1]))
    if found[2] is None:
        return lambda year, month: {max(every(year, month))}
    number = int(found[2])
    if not 1 <= number <= 5:
        raise QuartzError(f"the day of week {text!r}: a number of 1 to 5 must follow the #")
    return lambda year, month: set(sorted(every(year, month))[number - 1 : number])


class QuartzExpression:
    """A Quartz cron expression.

    Args:
        text: six or seven fields: second, minute, hour, day of month, month, day of week, year.

    Raises:
        QuartzError: when it is none, naming the field.
    """

    def __init__(self, text: str) -> None:
        fields = text.upper().split()
        if not 6 <= len(fields) <= 7:
            raise QuartzError(f"{len(fields)} fields instead of 6 or 7 (seconds come first)")
        second, minute, hour, day, month, weekday = fields[:6]
        if (day == "?") == (weekday == "?"):
            raise QuartzError("exactly one of day of month and day of week must be '?'")
        self._days = _of_month(day) if weekday == "?" else _of_week(weekday)
        self._times = sorted(HOUR.values(hour)), sorted(MINUTE.values(minute))
        self._seconds = sorted(SECOND.values(second))
        self._months = sorted(MONTH.values(month))
        self._years = YEAR.values(fields[6] if len(fields) == 7 else "*")

    def next_after(self, moment: int, zone: ZoneInfo) -> int | None:
        """Return when the expression matches next.

        Args:
            moment: milliseconds since the epoch; what is returned is later.
            zone: whose clocks show the fields.

        Returns:
            Milliseconds since the epoch, or None when it never matches again.
        """
        start = datetime.fromtimestamp(moment // 1000, zone)
        for local in self._matches(start.replace(tzinfo=None, fold=0)):
            shown = local.replace(tzinfo=zone, fold=1)
            instant = shown.astimezone(UTC)
            if instant.astimezone(zone).replace(tzinfo=None, fold=0) != local:
                continue  # The clocks skip it.
            milliseconds = int(instant.timestamp()) * 1000
            if milliseconds > moment:
                return milliseconds
        return None

    def _matches(self, after: datetime) -> Iterator[datetime]:
        """Return the local times that match, beginning behind ``after``."""
        begin = after + timedelta(seconds=1)
        for day in self._dates(begin.date()):
            yield from self._in_day(day, begin.time() if day == begin.date() else time.min)

    def _dates(self, begin: date) -> Iterator[date]:
        for year in range(begin.year, min(begin.year + YEARS_AHEAD, LAST_YEAR) + 1):
            if year not in self._years:
                continue
            for month in self._months:
                if (year, month) < (begin.year, begin.month):
                    continue
                days = (date(year, month, day) for day in sorted(self._days(year, month)))
                yield from (day for day in days if day >= begin)

    def _in_day(self, day: date, begin: time) -> Iterator[datetime]:
        hours, minutes = self._times
        for hour in hours[bisect_left(hours, begin.hour) :]:
            same_hour = hour == begin.hour
            low = begin.minute if same_hour else 0
            for minute in minutes[bisect_left(minutes, low) :]:
                least = begin.second if same_hour and minute == begin.minute else 0
                for second in self._seconds[bisect_left(self._seconds, least) :]:
                    yield datetime.combine(day, time(hour, minute, second))
