"""From the text of a workflow file to a :class:`Workflow`, or all its problems at once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bricklane_local.forge.actions.workflows import tables
from bricklane_local.forge.actions.workflows.document import Mapped, WorkflowError, read_document
from bricklane_local.forge.actions.workflows.jobs import JobReader
from bricklane_local.forge.actions.workflows.model import Job, Workflow
from bricklane_local.forge.actions.workflows.problems import Problems
from bricklane_local.forge.actions.workflows.settings import (
    read_concurrency,
    read_defaults,
    read_permissions,
)
from bricklane_local.forge.actions.workflows.triggers import read_triggers

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def read_workflow(path: str, text: str) -> Workflow:
    """Return the workflow that a file describes.

    Args:
        path: of the file in its repository.
        text: its content.

    Raises:
        WorkflowError: with all problems.
    """
    document = read_document(text)
    problems = Problems()
    problems.keys("", document, tables.WORKFLOW_KEYS)
    triggers = read_triggers(document.get("on"), problems)
    if "on" not in document:
        problems.add("required property is missing: on")
    jobs = _jobs(document, problems)
    name = problems.template("name", document.get("name"), document.lines.get("name", 0))
    workflow = Workflow(
        path,
        name or path,
        problems.template("run-name", document.get("run-name")),
        triggers,
        problems.mapping("env", document.get("env"), document.lines.get("env", 0)),
        read_defaults("", document.get("defaults"), problems),
        read_permissions("permissions", document.get("permissions"), problems),
        read_concurrency("concurrency", document.get("concurrency"), problems),
        jobs,
    )
    if problems.found:
        raise WorkflowError(problems.found)
    return workflow


def _jobs(document: Mapped, problems: Problems) -> Mapping[str, Job]:
    if "jobs" not in document:
        problems.add("required property is missing: jobs")
        return {}
    described = problems.mapping("jobs", document["jobs"], document.lines["jobs"])
    if not described and not problems.found:
        problems.add("jobs: at least one job is required", document.lines["jobs"])
    jobs: dict[str, Job] = {}
    for key, body in described.items():
        line = described.lines[key]
        if not IDENTIFIER.fullmatch(key):
            problems.add(
                f"jobs: '{key}' is no id: letters, digits, - and _, beginning with a letter or _",
                line,
            )
        elif not isinstance(body, Mapped):
            problems.add(f"jobs.{key} must be a mapping", line)
        else:
            jobs[key] = JobReader(key, body, line, problems).job()
    _check_needs(jobs, described, problems)
    return jobs


def _check_needs(jobs: Mapping[str, Job], described: Mapped, problems: Problems) -> None:
    for job in jobs.values():
        for need in job.needs:
            if need not in described:
                problems.add(
                    f"job '{job.id}' depends on unknown job '{need}'", described.lines[job.id]
                )
    settled: set[str] = set()
    while ready := [
        job.id
        for job in jobs.values()
        if job.id not in settled and all(n in settled or n not in jobs for n in job.needs)
    ]:
        settled.update(ready)
    for key in jobs:
        if key not in settled:
            problems.add(f"job '{key}' depends on itself, by its needs", described.lines[key])
