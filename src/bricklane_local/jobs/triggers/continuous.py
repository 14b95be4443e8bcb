"""Continuous jobs: one run after another.

Source: https://docs.databricks.com/en/jobs/continuous.html. How long the delays are, it leaves open
but for the upper bound of a minute between a run that ended and the next.
"""

from __future__ import annotations

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.triggers.kind import SECOND, Body, Look, TriggerKind, Verdict

DELAY = 5 * SECOND
LONGEST_DELAY = 3600 * SECOND
# As documented: with task_retry_mode ON_FAILURE, failed tasks are tried three times more.
TASK_RETRIES = 3
TASK_RETRY_DELAY = 1 * SECOND


def _check(settings: Body, _body: Body) -> None:
    for task in settings.get("tasks") or []:
        for field in ("depends_on", "max_retries"):
            if task.get(field):
                raise invalid(
                    f"Task {task.get('task_key')}: {field} cannot be used in a continuous job"
                )


async def _look(look: Look) -> Verdict:
    """Start a run unless one is active, whose end is waited for."""
    active = look.workspace.engine.is_active(int(look.job["job_id"]))
    return Verdict(None, fires=not active, memory=look.memory or {})


def _ended(memory: Body, failed: bool, now: int) -> tuple[Body, int]:
    failures = int(memory.get("failures", 0)) + 1 if failed else 0
    return {"failures": failures}, now + min(DELAY * 2**failures, LONGEST_DELAY)


CONTINUOUS = TriggerKind(
    ("continuous",), "CONTINUOUS", _check, lambda _body, now: now, _look, ended=_ended
)
