from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.measurement import Comparison, processor_seconds, stopwatch, turns


def test_each_side_goes_first_in_turn() -> None:
    assert list(turns(3)) == ["ours", "peer", "peer", "ours", "ours", "peer"]


def test_ratio_is_of_the_medians() -> None:
    comparison = Comparison("x", "s", [9.0, 1.0, 2.0], [4.0, 4.0, 100.0], ratio_limit=0.5)
    assert comparison.ratio == 0.5
    assert comparison.reached


@pytest.mark.parametrize(
    ("ratio_limit", "limit", "reached"),
    [(1.0, None, True), (0.9, None, False), (1.0, 2.0, True), (1.0, 1.9, False)],
)
def test_both_limits_must_be_kept(ratio_limit: float, limit: float | None, reached: bool) -> None:
    assert Comparison("x", "s", [2.0], [2.0], ratio_limit, limit).reached is reached


def test_stopwatch_keeps_no_sample_of_what_failed() -> None:
    seconds: list[float] = []
    with pytest.raises(OSError, match="gone"), stopwatch(seconds):
        raise OSError("gone")
    assert seconds == []
    with stopwatch(seconds):
        pass
    assert len(seconds) == 1


def test_processor_time_counts_own_work_and_that_of_programs_which_ended() -> None:
    own: list[float] = []
    with stopwatch(own, processor_seconds):
        sum(range(2_000_000))
    theirs: list[float] = []
    with stopwatch(theirs, processor_seconds):
        subprocess.run([sys.executable, "-c", "sum(range(2_000_000))"], check=True)
    assert min(own + theirs) > 0.005


@pytest.mark.parametrize(("seconds", "reached"), [(3.0, True), (5.0, False)])
def test_what_has_no_peer_has_its_own_limit(*, seconds: float, reached: bool) -> None:
    comparison = Comparison("x", "s", [seconds], [], None, 4.0)
    assert comparison.ratio is None
    assert comparison.reached is reached
