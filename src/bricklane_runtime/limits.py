"""What a task may take of the machine, so that one that takes too much ends alone."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

STATUS = Path("/proc/self/status")
SCORE = Path("/proc/self/oom_score_adj")
# Above anything that is not adjusted: the server and Spark serve all runs, a task only its own.
FIRST_TO_GO = "800"
MEGABYTE = 1 << 20


def limit_memory(megabytes: int) -> None:
    """Bound the memory of this process, and have the system end it first when memory runs out.

    Beyond the bound Python raises MemoryError, and programs that the task starts fail likewise;
    each of them has a bound of its own. Both are Linux's: elsewhere nothing is bounded.

    Args:
        megabytes: of writable memory of its own (``RLIMIT_DATA`` of
            https://man7.org/linux/man-pages/man2/getrlimit.2.html) that it may take beyond what it
            begins with, which is mostly reserved and not used; 0 for as much as there is.
    """
    if not STATUS.exists():
        return
    with contextlib.suppress(PermissionError):  # some containers keep it as it is
        SCORE.write_text(FIRST_TO_GO)
    if megabytes:
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = _taken() + megabytes * MEGABYTE
        bound = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def limit_cores(cores: list[int]) -> None:
    """Keep this process, and all programs that it starts, on some of the machine's cores.

    Args:
        cores: their numbers (https://docs.python.org/3/library/os.html#os.sched_setaffinity);
            empty for all. Nothing is bounded where the system has no such bound.
    """
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def _taken() -> int:
    """Return the bytes that count against the bound now."""
    lines = (line.split() for line in STATUS.read_text().splitlines())
    return next(int(words[1]) for words in lines if words[0] == "VmData:") << 10
