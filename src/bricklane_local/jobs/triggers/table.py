"""The list of kinds of triggers: adding one is a file and a line here."""

from __future__ import annotations

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.triggers.continuous import CONTINUOUS
from bricklane_local.jobs.triggers.files import FILE_ARRIVAL
from bricklane_local.jobs.triggers.kind import Body, TriggerKind
from bricklane_local.jobs.triggers.tables import TABLE_UPDATE
from bricklane_local.jobs.triggers.timed import PERIODIC, SCHEDULE

KINDS = {kind.name: kind for kind in (SCHEDULE, PERIODIC, FILE_ARRIVAL, TABLE_UPDATE, CONTINUOUS)}
# Fields that would start runs and that nothing here looks at.
REFUSED = (("triggers",), ("trigger", "model"), ("trigger", "sql_condition"))


def trigger_of(settings: Body) -> tuple[TriggerKind, Body] | None:
    """Return the trigger of a job with its settings, None for a job without."""
    for kind in KINDS.values():
        body = kind.of(settings)
        if body is not None:
            return kind, body
    return None


def check_trigger(settings: Body) -> None:
    """Check the trigger of a job.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for more than one, or one that is wrong or unknown here.
    """
    for path in REFUSED:
        holder = settings if len(path) == 1 else settings.get(path[0]) or {}
        if holder.get(path[-1]):
            raise invalid(f"{'.'.join(path)} is not supported by the local workspace")
    found = [kind for kind in KINDS.values() if kind.of(settings) is not None]
    if len(found) > 1:
        names = " and ".join(".".join(kind.path) for kind in found)
        raise invalid(f"A job can have one trigger; this one has {names}")
    for kind in found:
        kind.check(settings, kind.of(settings) or {})
