"""Workflows, runs, jobs and artifacts as the API shows them.

Source: https://docs.github.com/en/rest/actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.artifacts import Artifact
from bricklane_local.forge.actions.runs.model import JobRun, Run, WorkflowRecord
from bricklane_local.forge.repositories.wire import repository_wire
from bricklane_local.forge.times import moment

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

RUNNER = "local"


def workflow_wire(forge: Forge, repository: Repository, workflow: WorkflowRecord) -> dict[str, Any]:
    """Return a workflow."""
    url = f"{forge.api}/repos/{repository.full_name}/actions/workflows/{workflow.id}"
    page = f"{forge.url}/{repository.full_name}"
    return {
        "id": workflow.id,
        "node_id": f"W_{workflow.id}",
        "name": workflow.name,
        "path": workflow.path,
        "state": workflow.state,
        "created_at": moment(workflow.created_at),
        "updated_at": moment(workflow.updated_at),
        "url": url,
        "html_url": f"{page}/blob/{repository.default_branch}/{workflow.path}",
        "badge_url": f"{page}/actions/workflows/{workflow.path.rpartition('/')[2]}/badge.svg",
    }


def run_wire(forge: Forge, repository: Repository, run: Run) -> dict[str, Any]:
    """Return a run."""
    api = f"{forge.api}/repos/{repository.full_name}"
    url = f"{api}/actions/runs/{run.id}"
    head = forge.repositories.by_id(run.head_repository)
    earlier = f"{url}/attempts/{run.attempt - 1}" if run.attempt > 1 else None
    return {
        "id": run.id,
        "name": run.name,
        "node_id": f"WFR_{run.id}",
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "display_title": run.title,
        "run_number": run.number,
        "event": run.event,
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow,
        "check_suite_id": run.id,
        "check_suite_node_id": f"CS_{run.id}",
        "url": url,
        "html_url": f"{forge.url}/{repository.full_name}/actions/runs/{run.id}",
        "pull_requests": [_pull(forge, repository, run, number) for number in run.pull_requests],
        "created_at": moment(run.created_at),
        "updated_at": moment(run.updated_at),
        "actor": forge.user(run.actor),
        "run_attempt": run.attempt,
        "referenced_workflows": [],
        "run_started_at": moment(run.started_at),
        "triggering_actor": forge.user(run.triggering_actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api}/check-suites/{run.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": earlier,
        "workflow_url": f"{api}/actions/workflows/{run.workflow}",
        "head_commit": run.commit or None,
        "repository": repository_wire(forge, repository),
        "head_repository": None if head is None else repository_wire(forge, head),
    }


def _pull(forge: Forge, repository: Repository, run: Run, number: int) -> dict[str, Any]:
    request = forge.pulls.get(repository, number)
    url = f"{forge.api}/repos/{repository.full_name}"

    def side(ref: str, sha: str, owner: int) -> dict[str, Any]:
        found = forge.repositories.by_id(owner)
        name = found.full_name if found else ""
        about = {"id": owner, "url": f"{forge.api}/repos/{name}", "name": name.rpartition("/")[2]}
        return {"ref": ref, "sha": sha, "repo": about}

    pull = request.pull
    return {
        "id": request.issue.id,
        "number": number,
        "url": f"{url}/pulls/{number}",
        "head": side(pull.head_ref, run.head_sha, pull.head_repository),
        "base": side(pull.base_ref, pull.base_sha, repository.id),
    }


def job_wire(forge: Forge, repository: Repository, run: Run, job: JobRun) -> dict[str, Any]:
    """Return a job."""
    api = f"{forge.api}/repos/{repository.full_name}"
    started = bool(job.steps)
    return {
        "id": job.id,
        "run_id": run.id,
        "workflow_name": run.name,
        "head_branch": run.head_branch,
        "run_url": f"{api}/actions/runs/{run.id}",
        "run_attempt": job.attempt,
        "node_id": f"JOB_{job.id}",
        "head_sha": run.head_sha,
        "url": f"{api}/actions/jobs/{job.id}",
        "html_url": f"{forge.url}/{repository.full_name}/actions/runs/{run.id}/job/{job.id}",
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at or job.created_at),
        "completed_at": moment(job.completed_at),
        "name": job.name,
        "steps": [step_wire(step) for step in job.steps],
        "check_run_url": f"{api}/check-runs/{job.check}",
        "labels": ["ubuntu-latest"],
        "runner_id": 1 if started else None,
        "runner_name": RUNNER if started else None,
        "runner_group_id": 1 if started else None,
        "runner_group_name": "Default" if started else None,
    }


def step_wire(step: dict[str, Any]) -> dict[str, Any]:
    """Return a step of a job."""
    return {
        "name": step["name"],
        "status": step["status"],
        "conclusion": step["conclusion"],
        "number": step["number"],
        "started_at": moment(step["started_at"]),
        "completed_at": moment(step["completed_at"]),
    }


def artifact_wire(
    forge: Forge, repository: Repository, run: Run, artifact: Artifact
) -> dict[str, Any]:
    """Return an artifact."""
    url = f"{forge.api}/repos/{repository.full_name}/actions/artifacts/{artifact.id}"
    return {
        "id": artifact.id,
        "node_id": f"ART_{artifact.id}",
        "name": artifact.name,
        "size_in_bytes": artifact.size,
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": False,
        "digest": artifact.digest,
        "created_at": moment(artifact.created_at),
        "updated_at": moment(artifact.created_at),
        "expires_at": moment(artifact.created_at + 90 * 86_400_000),
        "workflow_run": {
            "id": run.id,
            "repository_id": repository.id,
            "head_repository_id": run.head_repository,
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
        },
    }


def waiting_wire(
    forge: Forge, repository: Repository, job: JobRun, *, may_approve: bool
) -> dict[str, Any]:
    """Return an environment that a job waits for."""
    gate = forge.environments.gate(repository, job.environment)
    return {
        "environment": environment_wire(forge, repository, gate.id, gate.name),
        "wait_timer": gate.wait_minutes,
        "wait_timer_started_at": moment(job.created_at) if gate.wait_minutes else None,
        "current_user_can_approve": may_approve,
        "reviewers": [{"type": "User", "reviewer": forge.user(name)} for name in gate.reviewers],
    }


def environment_wire(
    forge: Forge, repository: Repository, number: int, name: str
) -> dict[str, Any]:
    """Return an environment as runs mention it."""
    page = f"{forge.url}/{repository.full_name}/deployments/activity_log"
    return {
        "id": number,
        "node_id": f"EN_{number}",
        "name": name,
        "url": f"{forge.api}/repos/{repository.full_name}/environments/{name}",
        "html_url": f"{page}?environments_filter={name}",
    }
