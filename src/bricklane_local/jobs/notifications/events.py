"""What is told of a run or task, and to whom.

Source: https://docs.databricks.com/en/jobs/notifications.html and ``email_notifications``,
``webhook_notifications``, ``notification_settings`` and ``health`` of
https://docs.databricks.com/api/workspace/jobs/create.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.states import FINAL, PASSED_OVER, SUCCEEDED, State

Body = dict[str, Any]
START, SUCCESS, FAILURE = "on_start", "on_success", "on_failure"
SLOW = "on_duration_warning_threshold_exceeded"
EVENTS = (START, SUCCESS, FAILURE, SLOW)
MAXIMUM_DESTINATIONS = 3
DURATION = "RUN_DURATION_SECONDS"
# A run that did not run for these reasons is not told of when its settings say so.
QUIET = {
    State.SKIPPED: "no_alert_for_skipped_runs",
    State.CANCELED: "no_alert_for_canceled_runs",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told.

    Args:
        address: an e-mail address, "" for a destination.
        destination: id of a notification destination, "" for an address.
    """

    address: str = ""
    destination: str = ""


def event_of(state: State) -> str | None:
    """Return what a final state is told as, None for one that nobody is told of."""
    if state in SUCCEEDED:
        return SUCCESS
    untold = PASSED_OVER | {State.UPSTREAM_CANCELED, State.UPSTREAM_FAILED}
    return FAILURE if state in FINAL - untold else None


def quiet(settings: Body, state: State) -> bool:
    """Say whether the settings of a job or task keep a state from being told."""
    flag = QUIET.get(state)
    holders = (settings.get("notification_settings"), settings.get("email_notifications"))
    return flag is not None and any((holder or {}).get(flag) for holder in holders)


def recipients(settings: Body, event: str) -> Iterator[Recipient]:
    """Return who shall be told of an event by the settings of a job or task."""
    for address in (settings.get("email_notifications") or {}).get(event) or []:
        yield Recipient(address=str(address))
    for destination in (settings.get("webhook_notifications") or {}).get(event) or []:
        yield Recipient(destination=str(destination.get("id")))


def threshold(settings: Body) -> int | None:
    """Return after how many seconds a run or task is told to be slow, None for never."""
    rules = (settings.get("health") or {}).get("rules") or []
    values = [int(rule["value"]) for rule in rules if rule["metric"] == DURATION]
    return min(values, default=None)


def check_notifications(settings: Body, what: str) -> None:
    """Check what the settings of a job or task say about notifications and health.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the field.
    """
    for event, listed in (settings.get("webhook_notifications") or {}).items():
        if len(listed or []) > MAXIMUM_DESTINATIONS:
            raise invalid(
                f"{what}: webhook_notifications.{event} can have at most "
                f"{MAXIMUM_DESTINATIONS} destinations, got {len(listed)}"
            )
    for rule in (settings.get("health") or {}).get("rules") or []:
        if rule.get("metric") != DURATION:
            raise invalid(
                f"{what}: the health metric {rule.get('metric')} is not measured by the local "
                f"workspace; it measures {DURATION}"
            )
        value = rule.get("value")
        if not isinstance(value, int) or value <= 0:
            raise invalid(f"{what}: the value of a health rule must be positive, got {value!r}")
