"""Makes the pages of runs: gathers what they show and fills the templates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bricklane_local.forge.actions.api.common import jobs_of
from bricklane_local.forge.actions.artifacts import artifacts_of
from bricklane_local.forge.actions.runs.gates import may_review
from bricklane_local.forge.actions.runs.model import COMPLETED, WAITING, JobRun, Run
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.pages.views import templates

SHOWN_RUNS = 50
# A browser chokes on more; the whole log is a link away.
SHOWN_LINES = 5000
MARK = re.compile(r"##\[(\w+)\](.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log: its kind (``error``, ``warning``, … or empty), time and text."""

    kind: str
    time: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step with its lines of the log."""

    step: dict[str, Any]
    lines: list[LogLine]


class RunPages:
    """Makes the pages that one request asks for.

    Args:
        call: the request.
    """

    def __init__(self, call: ForgeCall) -> None:
        self._call = call
        self._forge = call.forge
        self._repository = call.repository

    def _render(self, name: str, **values: Any) -> str:
        page = templates().get_template(name)
        return page.render(url=self._forge.url, repository=self._repository, **values)

    def runs(self) -> str:
        """Return the list of runs."""
        found = self._forge.actions.store.runs(self._repository)[:SHOWN_RUNS]
        return self._render("runs.html", runs=found, live=any(_open(run) for run in found))

    def run(self, run: Run) -> str:
        """Return the page of a run."""
        files = self._forge.actions.files(run)
        jobs = jobs_of(self._call, run)
        summaries = []
        for job in jobs:
            path = files.summary(job.origin or job.id)
            if path.exists():
                summaries.append((job, path.read_text("utf-8", "replace")))
        return self._render(
            "run.html",
            run=run,
            jobs=jobs,
            summaries=summaries,
            artifacts=artifacts_of(run.id, files.artifacts),
            waiting=self._waiting(run, jobs),
            live=_open(run),
        )

    def _waiting(self, run: Run, jobs: list[JobRun]) -> list[tuple[JobRun, bool]]:
        login = self._call.caller.user.login
        by_name = {job.environment: job for job in jobs if job.status == WAITING}
        return [
            (job, may_review(self._forge, self._repository, run, job, login))
            for job in by_name.values()
        ]

    def job(self, run: Run, job: JobRun) -> str:
        """Return the page of a job."""
        path = self._forge.actions.files(run).log(job.origin or job.id)
        lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
        return self._render(
            "job.html",
            run=run,
            job=job,
            steps=list(_by_step(job, lines[-SHOWN_LINES:], max(0, len(lines) - SHOWN_LINES))),
            left_out=max(0, len(lines) - SHOWN_LINES),
            live=job.status != COMPLETED,
        )


def _open(run: Run) -> bool:
    return run.status != COMPLETED


def _by_step(job: JobRun, lines: list[str], first: int) -> list[ShownStep]:
    """Divide the lines of a log, of which ``first`` came before, among the steps."""
    started = sorted(
        (step for step in job.steps if step["started_at"] and step["conclusion"] != "skipped"),
        key=lambda step: (step["line"], step["number"]),
    )
    ends = [step["line"] for step in started[1:]] + [first + len(lines)]
    found = {
        step["number"]: [_line(row) for row in lines[max(0, step["line"] - first) : end - first]]
        for step, end in zip(started, ends, strict=True)
        if end > first
    }
    return [ShownStep(step, found.get(step["number"], [])) for step in job.steps]


def _line(text: str) -> LogLine:
    stamp, _, rest = text.partition(" ")
    marked = MARK.fullmatch(rest)
    kind, rest = (marked[1], marked[2]) if marked else ("", rest)
    return LogLine(kind, stamp[11:19], rest)
