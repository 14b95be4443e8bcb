"""Walking flows in tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bricklane.flow import Outcome, Step, run_flow

Log = list[tuple[str, str, Outcome]]


def walk(steps: Sequence[Step[Any]], world: Any, *, plan: bool = False) -> Log:
    """Run a flow, and return what it reported but for the beginnings of steps."""
    told: Log = []

    def report(name: str, detail: str, outcome: Outcome) -> None:
        if outcome is not Outcome.DOING:
            told.append((name, detail, outcome))

    run_flow(steps, world, report, plan=plan)
    return told


def outcomes(log: Log) -> set[Outcome]:
    return {outcome for _, _, outcome in log}
