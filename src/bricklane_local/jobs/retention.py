"""How long runs are kept, and how long they may wait in a queue.

Source: https://docs.databricks.com/en/jobs/monitor.html (the run history goes back sixty days) and
https://docs.databricks.com/en/jobs/advanced.html (runs are queued for up to 48 hours).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bricklane_local.jobs.states import FINAL

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine

KEPT = 60 * 24 * 3600 * 1000  # milliseconds
QUEUED = 48 * 3600 * 1000  # milliseconds
PERIOD = 3600 * 1000  # milliseconds between two looks
# Deleted at a time, so that requests are answered in between.
BATCH = 100


def expire(engine: JobEngine) -> bool:
    """Skip runs that have waited too long, and delete the oldest that are not kept any longer.

    Returns:
        Whether there may be more to delete.
    """
    for run_id in engine.runs.queued(None):
        waiting = engine.runs.get(run_id)
        if waiting.start_time <= engine.clock.now() - QUEUED:
            engine.give_up(waiting, "The run has waited in the queue for 48 hours")
    limit, deleted = engine.clock.now() - KEPT, 0
    for summary in list(islice(engine.runs.summaries(backwards=True), BATCH)):
        if summary.start_time > limit:
            return False
        run = engine.runs.find(summary.run_id)
        if run is not None and run.state in FINAL and run.end_time <= limit:
            engine.delete_run(run.run_id)
            deleted += 1
    return deleted == BATCH
