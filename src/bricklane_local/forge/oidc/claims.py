"""What an ID token says of the job that asked for it.

Source: https://docs.github.com/en/actions/reference/security/oidc
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.expressions import text_of

if TYPE_CHECKING:
    from bricklane_local.forge.actions.runs.model import JobRun

# From here on new repositories, and those that are renamed, have ids in the subject.
IMMUTABLE_SINCE = int(datetime(2026, 7, 15, tzinfo=UTC).timestamp() * 1000)
# Claims that are properties of the ``github`` context.
CONTEXT_CLAIMS = (
    *("actor", "actor_id", "base_ref", "event_name", "head_ref", "ref", "ref_protected"),
    *("ref_type", "repository", "repository_id", "repository_owner", "repository_owner_id"),
    *("repository_visibility", "run_attempt", "run_id", "run_number", "sha", "workflow"),
    *("workflow_ref", "workflow_sha"),
)
JOB_CLAIMS = (
    *("check_run_id", "environment", "job_workflow_ref", "job_workflow_sha", "runner_environment"),
)
STANDARD_CLAIMS = ("aud", "exp", "iat", "iss", "jti", "nbf", "sub")
CLAIMS = tuple(sorted((*CONTEXT_CLAIMS, *JOB_CLAIMS, *STANDARD_CLAIMS)))
# What a subject may be made of, and what it is made of when nobody says otherwise.
REPOSITORY, CONTEXT = "repo", "context"
SUBJECT_KEYS = (REPOSITORY, CONTEXT, *sorted((*CONTEXT_CLAIMS, *JOB_CLAIMS)))
DEFAULT_SUBJECT = (REPOSITORY, CONTEXT)
RUNNER = "self-hosted"  # as the variable RUNNER_ENVIRONMENT says


class MissingEnvironmentError(Exception):
    """A subject has to name an environment, and the job has none."""


def job_claims(github: Mapping[str, Any], job: JobRun) -> dict[str, str]:
    """Return the claims about a job: all but the standard ones.

    Args:
        github: the ``github`` context of its run.
        job: the job, in its environment if it has one.
    """
    found = {name: text_of(github[name]) for name in CONTEXT_CLAIMS}
    found |= {
        # Reusable workflows would give another one than the run's.
        "job_workflow_ref": found["workflow_ref"],
        "job_workflow_sha": found["workflow_sha"],
        "check_run_id": str(job.check),
        "runner_environment": RUNNER,
    }
    return found | ({"environment": job.environment} if job.environment else {})


def repository_part(claims: Mapping[str, str], *, immutable: bool) -> str:
    """Return how a subject names the repository.

    Args:
        claims: about the job.
        immutable: whether the ids of owner and repository stand behind their names.
    """
    owner, _, name = claims["repository"].partition("/")
    if immutable:
        owner = f"{owner}@{claims['repository_owner_id']}"
        name = f"{name}@{claims['repository_id']}"
    return f"{REPOSITORY}:{owner}/{name}"


def _context_part(claims: Mapping[str, str]) -> str:
    if "environment" in claims:
        return f"environment:{_escaped(claims['environment'])}"
    if claims["event_name"].startswith("pull_request"):
        return "pull_request"
    return f"ref:{_escaped(claims['ref'])}"


def subject(claims: Mapping[str, str], keys: Sequence[str], *, immutable: bool) -> str:
    """Return the subject of a job's ID token.

    Args:
        claims: about the job.
        keys: what it is made of, in order; of :data:`SUBJECT_KEYS`.
        immutable: see :func:`repository_part`.

    Raises:
        MissingEnvironmentError: when it has to name an environment and the job has none.
    """
    parts = {
        REPOSITORY: repository_part(claims, immutable=immutable),
        CONTEXT: _context_part(claims),
    }
    if "environment" in keys and "environment" not in claims:
        raise MissingEnvironmentError
    return ":".join(
        parts[key] if key in parts else f"{key}:{_escaped(claims.get(key, ''))}" for key in keys
    )


def _escaped(value: str) -> str:
    return value.replace(":", "%3A")
