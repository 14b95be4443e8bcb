"""Row 7: a whole rehearsal, from an empty cloud to a hotfix in production."""

from __future__ import annotations

import os
from collections.abc import Iterator

from benchmarks.measurement import Comparison, Settings, stopwatch
from benchmarks.programs import BRICKLANE, run

LIMIT_SECONDS = 240


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure ``bricklane rehearse`` with its tools installed; it has no peer.

    Raises:
        ProgramError: when a rehearsal fails.
    """
    seconds: list[float] = []
    for number in range(settings.rounds):
        environment = os.environ | {"BRICKLANE_STATE_DIR": str(settings.folder / str(number))}
        with stopwatch(seconds):
            run(BRICKLANE, "rehearse", "--stop", environment=environment)
        settings.say(f"rehearsal: {seconds[-1]:.0f} s")
    yield Comparison("release, fix, hotfix", "s", seconds, [], None, LIMIT_SECONDS)
