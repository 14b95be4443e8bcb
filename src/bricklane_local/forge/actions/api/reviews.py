"""Deployments that wait for somebody's yes, and what they said.

Source: https://docs.github.com/en/rest/actions/workflow-runs#review-pending-deployments-for-a-workflow-run
"""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.actions.api.common import READ, run_at
from bricklane_local.forge.actions.runs.gates import may_review
from bricklane_local.forge.actions.runs.model import WAITING, JobRun, Run
from bricklane_local.forge.actions.wire import environment_wire, waiting_wire
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.deployments.wire import deployment_wire
from bricklane_local.forge.errors import ForgeApiError, missing
from bricklane_local.forge.routing import ForgeRoute

RUN = "/repos/{owner}/{repo}/actions/runs/{run}"


def _waiting(call: ForgeCall, run: Run) -> list[JobRun]:
    jobs = call.forge.actions.store.jobs(run)
    return [job for job in jobs if job.status == WAITING]


def list_pending(call: ForgeCall) -> list[Any]:
    """List the environments that a run waits for."""
    run = run_at(call)
    login = call.caller.user.login
    by_name = {job.environment: job for job in _waiting(call, run)}
    return [
        waiting_wire(
            call.forge,
            call.repository,
            job,
            may_approve=may_review(call.forge, call.repository, run, job, login),
        )
        for job in by_name.values()
    ]


def review(call: ForgeCall) -> list[Any]:
    """Approve or reject the deployments of a run that wait."""
    run = run_at(call)
    state = call.choice("state", ("approved", "rejected"))
    wanted = call.body.get("environment_ids")
    if state is None:
        raise missing("state")
    if not isinstance(wanted, list) or not wanted:
        raise missing("environment_ids")
    comment = call.optional_text("comment") or ""
    jobs = [
        job
        for job in _waiting(call, run)
        if call.forge.environments.gate(call.repository, job.environment).id in wanted
    ]
    if not jobs:
        raise ForgeApiError(422, f"No pending deployment of run {run.id} is to one of {wanted}")
    login = call.caller.user.login
    reviewed = submit(call, run, jobs, login, state, comment)
    deployments = [call.forge.deployments.get(call.repository, job.deployment) for job in reviewed]
    return [deployment_wire(call.forge, call.repository, row) for row in deployments]


def submit(
    call: ForgeCall, run: Run, jobs: list[JobRun], login: str, state: str, comment: str
) -> list[JobRun]:
    """Record what a reviewer says of waiting jobs.

    Raises:
        ForgeApiError: 403 when the user may not review one of them.
    """
    for job in jobs:
        if not may_review(call.forge, call.repository, run, job, login):
            own = login.lower() == run.triggering_actor.lower()
            why = "who started the run must not review it" if own else "only its reviewers may"
            raise ForgeApiError(
                403, f"{login} cannot review deployments to {job.environment}: {why}"
            )
    said = {"user": login, "state": state, "comment": comment, "at": call.forge.clock.now()}
    return call.forge.actions.review(run, [job.environment for job in jobs], said)


def list_approvals(call: ForgeCall) -> list[Any]:
    """List what reviewers said of a run's deployments."""
    run = run_at(call)
    found = []
    for job in call.forge.actions.store.jobs(run):
        for row in job.approvals:
            gate = call.forge.environments.gate(call.repository, job.environment)
            about = environment_wire(call.forge, call.repository, gate.id, gate.name)
            found.append(
                {
                    "environments": [about],
                    "state": row["state"],
                    "user": call.forge.user(row["user"]),
                    "comment": row["comment"],
                }
            )
    return found


ROUTES = [
    ForgeRoute("GET", f"{RUN}/pending_deployments", list_pending, READ),
    ForgeRoute("POST", f"{RUN}/pending_deployments", review, ("deployments:write",), role="read"),
    ForgeRoute("GET", f"{RUN}/approvals", list_approvals, READ),
]
