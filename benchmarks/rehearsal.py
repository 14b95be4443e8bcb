"""Row 7: a whole rehearsal, from an empty cloud to a hotfix in production."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measurement import Comparison, Settings, stopwatch
from benchmarks.programs import BRICKLANE, run

LIMIT_SECONDS = 240
# Each kind of job once, so that packages are not fetched, and pyspark not built, while it counts.
WARM_UP = """\
title: fills the caches
acts:
  - project
  - feature:
      name: warm
      message: "docs: warm"
      edit:
        - file: README.md
          append: "Warm.\\n"
"""


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure ``bricklane rehearse`` with its tools installed; it has no peer.

    Raises:
        ProgramError: when a rehearsal fails.
    """
    scenario = settings.folder / "warm-up.yml"
    scenario.write_text(WARM_UP, "utf-8")
    settings.say("filling the caches of packages")
    _rehearse(settings.folder / "warm-up", "--scenario", scenario)
    seconds: list[float] = []
    for number in range(settings.rounds):
        with stopwatch(seconds):
            _rehearse(settings.folder / str(number))
        settings.say(f"rehearsal: {seconds[-1]:.0f} s")
    yield Comparison("release, fix, hotfix", "s", seconds, [], None, LIMIT_SECONDS)


def _rehearse(state: Path, *options: str | Path) -> None:
    environment = os.environ | {"BRICKLANE_STATE_DIR": str(state)}
    run(BRICKLANE, "rehearse", "--stop", *options, environment=environment)
