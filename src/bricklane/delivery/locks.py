"""The lock that the Databricks CLI holds in the workspace while it deploys.

A killed CLI leaves it behind. It is broken without being asked only when the forge shows that the
run that took it is over; whoever deploys from a laptop has to say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bricklane.bundle.cli import BundleError
from bricklane.delivery.continuous import CiRun
from bricklane.delivery.records import Record
from bricklane.forge.protocol import Forge

# What the CLI says then; observed with 1.10.
HELD = re.compile(r"deploy lock acquired by")
RUN = re.compile(r"/actions/runs/(\d+)")
OVER = "completed"

# Between a killed deployment and the next one there are at most a few others.
LOOKED_THROUGH = 5


def is_held(error: BundleError) -> bool:
    """Return whether a deployment failed because of another one's lock."""
    return HELD.search(error.message) is not None


def interrupted(newest: Iterable[Record]) -> Record | None:
    """Return the first of an environment's records that goes on, or was broken off.

    Args:
        newest: the last :data:`LOOKED_THROUGH` of them, newest first.
    """
    return next((record for record in newest if record.unfinished or record.broken_off), None)


def is_left_behind(forge: Forge, record: Record | None, ci: CiRun | None) -> bool:
    """Return whether the run that began a deployment is known to be over.

    Args:
        forge: knows the runs.
        record: of the deployment; None when there is none.
        ci: this run. An earlier attempt of it is over, for attempts follow one another.
    """
    begun = RUN.search(record.log_url) if record is not None else None
    if begun is None or ci is None:
        return False
    own = RUN.search(ci.url)
    if own is not None and own[1] == begun[1]:
        return True
    run = forge.workflow_run(int(begun[1]))
    return run is not None and run.status == OVER
