"""Lists of runs: filters, and pages that stay right while runs come and go.

Source: https://docs.databricks.com/api/workspace/jobs/listruns. A page token says behind which run
the page begins, and in which direction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import inf, isinf

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.jobs.guarding import sees_summary
from bricklane_local.jobs.runs import Run, Runs, Summary, position_at

DEFAULT_SIZE, MAXIMUM_SIZE = 20, 25
RUN_TYPES = ("JOB_RUN", "SUBMIT_RUN", "WORKFLOW_RUN")
# Directions of page tokens.
OLDER, NEWER = "older-", "newer-"


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are listed.

    Args:
        job_id: only those of this job; None for all.
        active: only those that have not ended.
        completed: only those that have.
        run_type: only those of this type; "" for all.
        start_time_from: only those that started then or later, milliseconds since the epoch.
        start_time_to: only those that started then or earlier; 0 for no bound.
        visible: says whether the caller sees a run; None when they see all.
    """

    job_id: int | None
    active: bool
    completed: bool
    run_type: str
    start_time_from: int
    start_time_to: int
    visible: Callable[[Summary], bool] | None

    @classmethod
    def of(cls, call: Call) -> RunFilter:
        """Return what a request asks for.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE for a filter that is none.
        """
        active, completed = call.flag("active_only"), call.flag("completed_only")
        if active and completed:
            raise invalid("active_only and completed_only cannot both be true")
        run_type = call.query.get("run_type", "")
        if run_type and run_type not in RUN_TYPES:
            raise invalid(f"run_type must be one of {', '.join(RUN_TYPES)}; got {run_type!r}")
        return cls(
            call.integer("job_id", 0) or None,
            active,
            completed,
            run_type,
            call.integer("start_time_from", 0),
            call.integer("start_time_to", 0),
            sees_summary(call),
        )

    def admits(self, summary: Summary) -> bool:
        """Say whether a run is of the type that is wanted, and one that the caller sees."""
        seen = self.visible is None or self.visible(summary)
        return seen and self.run_type in ("", summary.run_type)

    def admits_all(self, active: set[int]) -> bool:
        """Say whether every stored summary that is read for this filter is wanted.

        Args:
            active: runs that have not ended, of those that the filter is about.
        """
        one_kind = self.job_id is None or not self.run_type
        unended = self.active or (self.completed and active)
        return self.visible is None and one_kind and not unended

    def bounds(self) -> tuple[float, float]:
        """Return the positions between which the runs stand, neither included."""
        end = position_at(self.start_time_to + 1) if self.start_time_to else inf
        return position_at(self.start_time_from) - 1, end


@dataclass(frozen=True, slots=True)
class RunPage:
    """One page of runs, newest first, with the tokens of its neighbours, "" for none."""

    runs: list[Run]
    newer: str
    older: str


def page_of_runs(call: Call, runs: Runs) -> RunPage:
    """Return the page of runs that a request asks for.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a filter or token that is none.
    """
    wanted = RunFilter.of(call)
    size = call.integer("limit", DEFAULT_SIZE, low=0, high=MAXIMUM_SIZE) or DEFAULT_SIZE
    token, offset = call.query.get("page_token", ""), call.integer("offset", 0, low=0)
    backwards = token.startswith(NEWER)
    active = runs.active_ids(wanted.job_id) if wanted.active or wanted.completed else set()
    # Where all that is read is wanted, the database passes over the first ones, which is quicker.
    skipped = offset if wanted.admits_all(active) else 0
    found = _matching(runs, wanted, active, _position(token), skipped, backwards=backwards)
    begin = offset - skipped
    taken = list(islice(found, begin, begin + size + 1))
    more, shown = len(taken) > size, taken[:size]
    if not shown:
        return RunPage([], "", "")
    if backwards:
        shown.reverse()
    newer = more if backwards else bool(token or offset)
    return RunPage(
        [run for run in (runs.find(summary.run_id) for summary in shown) if run is not None],
        f"{NEWER}{shown[0].position}" if newer else "",
        f"{OLDER}{shown[-1].position}" if backwards or more else "",
    )


def _position(token: str) -> int | None:
    if not token:
        return None
    number = token.removeprefix(OLDER).removeprefix(NEWER)
    if number == token or not number.isdigit():
        raise invalid(f"page_token {token!r} was not given by this server")
    return int(number)


def _matching(
    runs: Runs,
    wanted: RunFilter,
    active: set[int],
    position: int | None,
    skipped: int,
    *,
    backwards: bool,
) -> Iterator[Summary]:
    low, high = wanted.bounds()
    if position is not None:
        low, high = (max(low, position), high) if backwards else (low, min(high, position))
    if wanted.active:
        found = (runs.summary(run_id) for run_id in active)
        summaries = iter(sorted(filter(None, found), key=_position_of, reverse=not backwards))
    else:
        begin = low if backwards else high
        start = None if isinf(begin) else int(begin)
        summaries = runs.summaries(
            wanted.job_id, wanted.run_type, start, skipped, backwards=backwards
        )
    for summary in summaries:
        if not low < summary.position < high:
            if (summary.position >= high) == backwards:
                return
            continue
        if wanted.completed and summary.run_id in active:
            continue
        if wanted.admits(summary):
            yield summary
        elif wanted.job_id and wanted.run_type not in ("", summary.run_type):
            return  # of a job all runs have one type


def _position_of(summary: Summary) -> int:
    return summary.position
