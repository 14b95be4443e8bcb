"""What a benchmark measures: pairs of samples, ours and the peer's, taken in turns."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# Fewer rounds are for trying a benchmark out; their medians are not kept.
KEPT_ROUNDS = 5


class UnavailableError(Exception):
    """A benchmark cannot be measured here; the message names what is missing."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the caller chose.

    Args:
        folder: empty folder for everything that the benchmarks write.
        rounds: how many samples of each kind.
        jobs: sizes of the deployed bundles.
        say: shows progress.
    """

    folder: Path
    rounds: int
    jobs: tuple[int, ...]
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same thing measured with ours and with the peer, if it has one.

    Args:
        what: was measured.
        unit: of the samples: ``s``, ``ms``, ``%``, ``MiB``, or what is counted.
        ours: samples of ours.
        peer: samples of the peer; empty without one.
        ratio_limit: the ratio of the medians to reach; None without a peer.
        limit: the median of ours to reach as well, or None.
    """

    what: str
    unit: str
    ours: list[float]
    peer: list[float]
    ratio_limit: float | None
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """The median of ours, over the median of the peer; None without a peer."""
        if not self.peer:
            return None
        return statistics.median(self.ours) / statistics.median(self.peer)

    @property
    def reached(self) -> bool:
        """Whether both limits are kept."""
        own, ratio = statistics.median(self.ours), self.ratio
        beside_peer = ratio is None or self.ratio_limit is None or ratio <= self.ratio_limit
        return beside_peer and (self.limit is None or own <= self.limit)


@dataclass(slots=True)
class Samples:
    """Samples of one quantity, collected round by round."""

    ours: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)

    def of(self, side: str) -> list[float]:
        """Return the samples of ``ours`` or ``peer``."""
        return self.ours if side == "ours" else self.peer


def turns(rounds: int) -> Iterator[str]:
    """Yield ``ours`` and ``peer`` as often as there are rounds, each going first in turn.

    What heats up or fills a cache then favours neither.
    """
    for number in range(rounds):
        yield from ("ours", "peer") if number % 2 == 0 else ("peer", "ours")


@contextmanager
def stopwatch(
    samples: list[float], clock: Callable[[], float] = time.perf_counter
) -> Iterator[None]:
    """Append the seconds that the block takes to ``samples``, by ``clock``."""
    began = clock()
    yield
    samples.append(round(clock() - began, 4))


def processor_seconds() -> float:
    """Return what this process, and programs it started that have ended, used of the processors."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)
