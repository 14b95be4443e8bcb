"""Starts the processes that run tasks.

They are forked by a *zygote*, a Python process in the runtime's own environment that has the slow
imports behind it (see ``bricklane_runtime.zygote``). This package is its client.
"""

from bricklane_local.compute.workers.pool import Workers
from bricklane_local.compute.workers.zygote import Exit, Worker, WorkerError

__all__ = ["Exit", "Worker", "WorkerError", "Workers"]
