"""Deployments and their statuses as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.forge.times import moment

if TYPE_CHECKING:
    from bricklane_local.forge.deployments.service import Deployment, DeploymentStatus
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository


def deployment_wire(forge: Forge, repository: Repository, deployment: Deployment) -> dict[str, Any]:
    """Return a deployment."""
    url = f"{forge.api}/repos/{repository.full_name}"
    return {
        "id": deployment.id,
        "node_id": f"DE_{deployment.id}",
        "url": f"{url}/deployments/{deployment.id}",
        "statuses_url": f"{url}/deployments/{deployment.id}/statuses",
        "repository_url": url,
        "sha": deployment.sha,
        "ref": deployment.ref,
        "task": deployment.task,
        "payload": deployment.payload,
        "original_environment": deployment.environment,
        "environment": deployment.environment,
        "description": deployment.description or None,
        "creator": forge.user(deployment.creator),
        "created_at": moment(deployment.created_at),
        "updated_at": moment(deployment.updated_at),
        "transient_environment": deployment.transient,
        "production_environment": deployment.production,
        "performed_via_github_app": None,
    }


def status_wire(forge: Forge, repository: Repository, status: DeploymentStatus) -> dict[str, Any]:
    """Return a status of a deployment."""
    url = f"{forge.api}/repos/{repository.full_name}"
    deployment = f"{url}/deployments/{status.deployment}"
    return {
        "id": status.id,
        "node_id": f"DS_{status.id}",
        "url": f"{deployment}/statuses/{status.id}",
        "deployment_url": deployment,
        "repository_url": url,
        "state": status.state,
        "description": status.description,
        "environment": status.environment,
        "target_url": status.log_url,
        "log_url": status.log_url,
        "environment_url": status.environment_url,
        "creator": forge.user(status.creator),
        "created_at": moment(status.created_at),
        "updated_at": moment(status.created_at),
        "performed_via_github_app": None,
    }
