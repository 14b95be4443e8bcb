"""Statuses and check runs as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.forge.rules.model import ACTIONS_APP
from bricklane_local.forge.times import moment

if TYPE_CHECKING:
    from bricklane_local.forge.checks.model import CheckRun, Status
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository


def status_wire(forge: Forge, repository: Repository, status: Status) -> dict[str, Any]:
    """Return a commit status."""
    creator = forge.user(status.creator)
    return {
        "id": status.id,
        "node_id": f"SC_{status.id}",
        "url": f"{forge.api}/repos/{repository.full_name}/statuses/{status.sha}",
        "avatar_url": creator["avatar_url"],
        "state": status.state,
        "description": status.description or None,
        "target_url": status.target_url or None,
        "context": status.context,
        "creator": creator,
        "created_at": moment(status.created_at),
        "updated_at": moment(status.created_at),
    }


def actions_app(forge: Forge) -> dict[str, Any]:
    """Return the app that runs workflows."""
    return {
        "id": ACTIONS_APP,
        "slug": "github-actions",
        "node_id": f"A_{ACTIONS_APP}",
        "name": "GitHub Actions",
        "description": "Automate your workflow from idea to production",
        "owner": forge.user("github-actions[bot]"),
        "external_url": forge.url,
        "html_url": f"{forge.url}/apps/github-actions",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2018-07-30T09:30:17Z",
        "permissions": {},
        "events": [],
    }


def check_wire(forge: Forge, repository: Repository, run: CheckRun) -> dict[str, Any]:
    """Return a check run."""
    url = f"{forge.api}/repos/{repository.full_name}/check-runs/{run.id}"
    page = f"{forge.url}/{repository.full_name}/runs/{run.id}"
    return {
        "id": run.id,
        "node_id": f"CR_{run.id}",
        "head_sha": run.sha,
        "external_id": run.external_id,
        "url": url,
        "html_url": run.details_url or page,
        "details_url": run.details_url or page,
        "status": run.status,
        "conclusion": run.conclusion or None,
        "started_at": moment(run.started_at),
        "completed_at": moment(run.completed_at),
        "output": {
            "title": run.output.get("title"),
            "summary": run.output.get("summary"),
            "text": run.output.get("text"),
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "name": run.name,
        "check_suite": {"id": run.suite},
        "app": actions_app(forge),
        "pull_requests": [],
    }
