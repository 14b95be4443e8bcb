"""Flows: visible lists of named steps, each of which can tell whether it is done.

A flow keeps no journal. It observes git, the forge and the workspace, and does what is not yet
done; so a flow that was killed anywhere resumes by being run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

# Contravariant: a step for a world works on any world that is more than it.
World = TypeVar("World", contravariant=True)  # noqa: PLC0105  (the plain word reads better)


class Outcome(Enum):
    """What became of a step."""

    DONE_BEFORE = "already done"
    WOULD_DO = "would do"
    DOING = "doing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Step(Generic[World]):
    """One step of a flow.

    Args:
        name: what it does, verb first, as the user reads it ("open the pull request into main").
        done: observes the world and says whether the step's effect is already there.
        do: brings the effect about; raises :class:`bricklane.errors.BricklaneError`.
        detail: says of the world what the step is about in this run, such as a branch's name.
        looks: whether it changes nothing, and only raises what is in the way; a plan does it too.
    """

    name: str
    done: Callable[[World], bool]
    do: Callable[[World], None]
    detail: Callable[[World], str] = lambda _: ""
    looks: bool = False


Report = Callable[[str, str, Outcome], None]


def run_flow(
    steps: Sequence[Step[World]], world: World, report: Report, *, plan: bool = False
) -> None:
    """Walk ``steps`` in order and do what is not yet done.

    Args:
        steps: of the flow.
        world: what the steps observe and act on.
        report: called with a step's name, its detail and its outcome, before and after it acts.
        plan: only say what would be done, or what is in the way. A step may then be asked about a
            world in which the steps before it have not acted.

    Raises:
        BricklaneError: from the step that failed; the steps before it stay done.
    """
    for step in steps:
        if step.done(world):
            report(step.name, step.detail(world), Outcome.DONE_BEFORE)
        elif plan and not step.looks:
            report(step.name, step.detail(world), Outcome.WOULD_DO)
        else:
            report(step.name, step.detail(world), Outcome.DOING)
            step.do(world)
            report(step.name, step.detail(world), Outcome.DONE)
