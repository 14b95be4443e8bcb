"""How long runs are kept.

Source: https://docs.databricks.com/en/jobs/monitor.html (the run history goes back sixty days).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bricklane_local.jobs.states import FINAL

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine

KEPT = 60 * 24 * 3600 * 1000  # milliseconds
PERIOD = 3600 * 1000  # milliseconds between two looks
# Deleted at a time, so that requests are answered in between.
BATCH = 100


def expire(engine: JobEngine) -> bool:
    """Delete the oldest runs that are not kept any longer; say whether there may be more."""
    limit, deleted = engine.clock.now() - KEPT, 0
    for summary in list(islice(engine.runs.summaries(backwards=True), BATCH)):
        if summary.start_time > limit:
            return False
        run = engine.runs.find(summary.run_id)
        if run is not None and run.state in FINAL and run.end_time <= limit:
            engine.delete_run(run.run_id)
            deleted += 1
    return deleted == BATCH
