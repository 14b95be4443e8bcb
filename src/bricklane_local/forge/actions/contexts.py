"""What expressions of a run may refer to, and the variables that say the same to its steps.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/contexts and
https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.expressions import Contexts, Value
from bricklane_local.forge.actions.runs.model import (
    CANCELLED,
    FAILURE,
    SKIPPED,
    SUCCESS,
    JobRun,
    Run,
)
from bricklane_local.forge.actions.workflows.tables import named

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

# Properties of ``github`` that also are variables ``GITHUB_<NAME>`` of each step. Some act would
# work out from a checkout that is not there yet, others it does not know.
VARIABLES = named("""
    actor actor_id api_url base_ref event_name graphql_url head_ref job ref ref_name ref_protected
    ref_type repository repository_id repository_owner repository_owner_id retention_days
    run_attempt run_id run_number server_url sha triggering_actor workflow workflow_ref workflow_sha
""")


def github_context(
    forge: Forge, repository: Repository, run: Run, payload: dict[str, Any], job: str = ""
) -> dict[str, Any]:
    """Return the ``github`` context as far as it does not depend on the running step.

    Args:
        forge: where it runs.
        repository: of the run.
        run: the run.
        payload: of the event that started it.
        job: id of the job, when there is one.
    """
    pull = payload.get("pull_request", {}) if run.event.startswith("pull_request") else {}
    kind = "tag" if run.ref.startswith("refs/tags/") else "branch"
    name = run.ref.split("/", 2)[-1]
    owner = forge.users.known(repository.owner)
    return {
        "actor": run.actor,
        "actor_id": str(forge.users.known(run.actor).id),
        "api_url": forge.api,
        "base_ref": pull.get("base", {}).get("ref", ""),
        "event": payload,
        "event_name": run.event,
        "graphql_url": f"{forge.url}/api/graphql",
        "head_ref": pull.get("head", {}).get("ref", ""),
        "job": job,
        "ref": run.ref,
        "ref_name": name,
        "ref_protected": forge.rules.is_protected(repository, name) if kind == "branch" else False,
        "ref_type": kind,
        "repository": repository.full_name,
        "repository_id": str(repository.id),
        "repository_owner": repository.owner,
        "repository_owner_id": str(owner.id),
        "repositoryUrl": f"{forge.url.replace('http', 'git', 1)}/{repository.full_name}.git",
        "repository_visibility": "private" if repository.private else "public",
        "retention_days": "90",
        "run_attempt": str(run.attempt),
        "run_id": str(run.id),
        "run_number": str(run.number),
        "secret_source": "None" if run.fork else "Actions",
        "server_url": forge.url,
        "sha": run.sha,
        "triggering_actor": run.triggering_actor,
        "workflow": run.name,
        "workflow_ref": f"{repository.full_name}/{run.path}@{run.ref}",
        "workflow_sha": run.sha,
    }


def needs_context(jobs: Iterable[JobRun]) -> dict[str, Any]:
    """Return the ``needs`` context of a job that needs ``jobs``; a matrix counts as one."""
    found: dict[str, Any] = {}
    by_key: dict[str, list[JobRun]] = {}
    for job in jobs:
        by_key.setdefault(job.key, []).append(job)
    for key, group in by_key.items():
        outputs: dict[str, str] = {}
        for job in group:
            outputs |= {
                name: value for name, value in job.outputs.items() if value or name not in outputs
            }
        found[key] = {"result": combined_result(group), "outputs": outputs}
    return found


def combined_result(jobs: Iterable[JobRun]) -> str:
    """Return the one result of a job's combinations."""
    results = [SUCCESS if job.forgiven else job.result for job in jobs]
    for worst in (FAILURE, CANCELLED):
        if worst in results:
            return worst
    return SKIPPED if results and all(result == SKIPPED for result in results) else SUCCESS


def status_functions(run: Run, ancestors: Iterable[str]) -> dict[str, Any]:
    """Return ``success``, ``failure`` and ``cancelled`` for a job's condition.

    Args:
        run: of the job.
        ancestors: results of all jobs before it, the indirect ones included.
    """
    results = list(ancestors)
    return {
        "success": lambda _: not run.cancelled and all(row == SUCCESS for row in results),
        "failure": lambda _: not run.cancelled and FAILURE in results,
        "cancelled": lambda _: run.cancelled,
    }


def contexts(values: dict[str, Value], functions: dict[str, Any] | None = None) -> Contexts:
    """Return evaluation contexts."""
    return Contexts(values, functions or {})
