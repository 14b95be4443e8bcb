"""What a kind of trigger says of itself: what is valid, and when a job shall run.

Source: https://docs.databricks.com/en/jobs/triggers.html and the ``schedule``, ``trigger`` and
``continuous`` fields of https://docs.databricks.com/api/workspace/jobs/create.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

Body = dict[str, Any]
SECOND = 1000  # milliseconds


@dataclass(frozen=True, slots=True)
class Look:
    """What a trigger is asked with.

    Args:
        workspace: of the job.
        job: as stored.
        body: the trigger's settings.
        memory: what its last look has left, None for the first.
        due: for when this look was asked, milliseconds since the epoch.
        now: milliseconds since the epoch.
        fired: when it last started a run, 0 for never.
        watching: how many triggers of the workspace look for changes as this one does.
    """

    workspace: Workspace
    job: Body
    body: Body
    memory: Body | None
    due: int
    now: int
    fired: int
    watching: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look found.

    Args:
        due: when to look again, milliseconds since the epoch; None for not before something
            happens.
        fires: whether a run of the job starts now.
        memory: what the next look shall know.
        details: dynamic values of the run below ``job.trigger``, by name.
        problem: why the trigger cannot be evaluated, "" when it can.
    """

    due: int | None
    fires: bool = False
    memory: Body = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TriggerKind:
    """One kind of trigger.

    Args:
        path: of its field in a job's settings.
        shown: the ``trigger`` of the runs that it starts.
        check: gets a job's settings and the field; raises an ApiError for what is wrong.
        begin: gets the field and the time, returns when to look first, None for never.
        look: decides whether a run starts.
        watches: whether it looks for changes again and again.
        ended: gets memory, whether a run of the job failed, and the time; returns memory and when
            to look again. None for kinds that do not care.
    """

    path: tuple[str, ...]
    shown: str
    check: Callable[[Body, Body], None]
    begin: Callable[[Body, int], int | None]
    look: Callable[[Look], Awaitable[Verdict]]
    watches: bool = False
    ended: Callable[[Body, bool, int], tuple[Body, int]] | None = None

    @property
    def name(self) -> str:
        """The name of its field."""
        return self.path[-1]

    def of(self, settings: Body) -> Body | None:
        """Return its field in a job's settings, None when there is none."""
        found: Any = settings
        for name in self.path:
            found = (found or {}).get(name)
        return found or None

    def paused(self, settings: Body) -> bool:
        """Say whether it is paused: as a whole, when it stands below ``trigger``."""
        holder = settings.get(self.path[0]) or {}
        return bool(holder.get("pause_status") == "PAUSED")
