"""What of the machine each running worker gets: cores of its own, and a place in Spark's turns.

Source: https://spark.apache.org/docs/latest/job-scheduling.html (fair scheduler pools).
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

# The setting by which a session says in which pool its jobs take turns (``SchedulerPool.scala``).
POOL_SETTING = "spark.bricklane.pool"


class Shares:
    """Deals out shares to the workers of a cloud.

    Args:
        cores: how many each worker may use; 0 for all. More than there are is all, too.
    """

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._there = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._used: Counter[int] = Counter()
        self._pools: set[int] = set()

    @contextlib.contextmanager
    def given(self, specification: dict[str, Any]) -> Iterator[None]:
        """Give a worker its share until this context ends.

        Args:
            specification: of the worker, which is told.
        """
        # Those that the fewest others use.
        chosen = sorted(self._there, key=lambda core: self._used[core])[: self._cores]
        # Spark keeps a pool for ever, so the names come back.
        pool = next(number for number in itertools.count(1) if number not in self._pools)
        specification["cores"] = sorted(chosen)
        if "spark" in specification:
            conf = specification["spark"].get("conf") or {}
            specification["spark"]["conf"] = {**conf, POOL_SETTING: f"run-{pool}"}
        self._used.update(chosen)
        self._pools.add(pool)
        try:
            yield
        finally:
            self._used.subtract(chosen)
            self._pools.discard(pool)
