"""Row 4: how long the command line takes to say what it can do."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measurement import Comparison, Samples, Settings, stopwatch, turns
from benchmarks.programs import BRICKLANE, run, tool

# Cheap enough for many samples, short enough to need them.
SAMPLES_A_ROUND = 4


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure ``--help`` of both programs.

    Raises:
        UnavailableError: when the Databricks CLI is not installed.
    """
    programs = {"ours": BRICKLANE, "peer": tool("databricks")}
    for program in programs.values():  # Reads both programs from disk.
        run(program, "--help")
    samples = Samples()
    for side in turns(settings.rounds * SAMPLES_A_ROUND):
        with stopwatch(samples.of(side)):
            run(programs[side], "--help")
    yield Comparison("--help", "s", samples.ours, samples.peer, ratio_limit=2, limit=0.15)
