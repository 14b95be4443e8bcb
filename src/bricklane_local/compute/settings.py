"""What is needed to run jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bricklane_local.compute.choices import Choices

IDLE_MINUTES = 60.0


@dataclass(frozen=True, slots=True)
class ComputeSettings:
    """Where Spark and Java are, and what they may use.

    Args:
        spark: folder with ``venv`` (Python and Spark) and ``jars`` (Delta), or None: then jobs
            are stored, but a run ends with an error that says how to install it.
        java: a Java home, 17 or newer; None with ``spark``.
        memory_megabytes: heap of the Spark driver.
        run_memory_megabytes: bound of the memory of each run's own process; 0 for none.
        run_cores: how many cores each run's own process may use; 0 for all.
        act: the program that runs the jobs of workflows, or None: then workflows are planned, but
            a job ends with an error that says how to install it.
        idle_minutes: after which Spark is stopped when nobody uses it; 0 for never, None when
            nothing was said, which means an hour.
        choices: of a remote Spark and of storage, which hold over restarts.
    """

    spark: Path | None = None
    java: Path | None = None
    memory_megabytes: int = 2048
    run_memory_megabytes: int = 0
    run_cores: int = 0
    act: Path | None = None
    idle_minutes: float | None = None
    choices: Choices = field(default_factory=Choices)
