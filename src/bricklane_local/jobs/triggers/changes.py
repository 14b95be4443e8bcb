"""What triggers have in common that wait for something to change: the two waiting times."""

from __future__ import annotations

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.triggers.kind import SECOND, Body, Look

MINIMUM_WAIT = 60  # seconds
BETWEEN, AFTER = "min_time_between_triggers_seconds", "wait_after_last_change_seconds"
# Twelve times as often as the platform, whose minute would be long for who watches a rehearsal.
PERIOD = 5 * SECOND
# All looks of a workspace together take at most this part of the time.
SHARE = 0.01


def check_waits(name: str, body: Body) -> None:
    """Check the waiting times of a trigger.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for one that is too short.
    """
    for field in (BETWEEN, AFTER):
        seconds = body.get(field) or 0
        if seconds and seconds < MINIMUM_WAIT:
            raise invalid(f"{name}.{field} must be at least {MINIMUM_WAIT}, got {seconds}")


def waited(look: Look, changed: int) -> bool:
    """Say whether a change may start a run.

    Args:
        look: the look that found it.
        changed: when the last change was, milliseconds since the epoch.
    """
    between, after = ((look.body.get(field) or 0) * SECOND for field in (BETWEEN, AFTER))
    return look.now >= max(look.fired + between if look.fired else 0, changed + after)


def next_look(look: Look, taken: float) -> int:
    """Return when to look again, so that looking stays cheap.

    Args:
        look: the present one.
        taken: seconds that it took.
    """
    return look.now + max(PERIOD, int(taken * look.watching / SHARE * SECOND))
