"""From GitHub's JSON to the model: pure functions, one per thing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from bricklane.forge.model import (
    Branch,
    Check,
    CheckState,
    Commit,
    Deployment,
    DeploymentState,
    PullRequest,
    PullRequestState,
    Release,
    Repository,
    WorkflowRun,
)

Json = dict[str, Any]

# What bricklane adds to the payload of a deployment, and takes off again.
OWN = "_bricklane"
GOOD = frozenset({"success", "neutral", "skipped"})
DEPLOYMENT_STATES = {
    **{state.value: state for state in DeploymentState},
    "queued": DeploymentState.PENDING,
    "waiting": DeploymentState.PENDING,
}
STATUS_STATES = {
    "pending": CheckState.PENDING,
    "success": CheckState.SUCCESS,
    "failure": CheckState.FAILURE,
    "error": CheckState.FAILURE,
}


def moment(text: str) -> datetime:
    """Return a time of GitHub's, which is in UTC."""
    return datetime.fromisoformat(text)


def login_of(user: Mapping[str, Any] | None) -> str:
    """Return the login; GitHub shows a deleted account as none, and on its pages as ``ghost``."""
    return str(user["login"]) if user else "ghost"


def repository(data: Json) -> Repository:
    """Return the repository in ``data``."""
    return Repository(
        name=data["full_name"],
        url=data["html_url"],
        clone_url=data["clone_url"],
        default_branch=data["default_branch"],
        private=data["private"],
        # Who may not write is not told.
        merge_commits=data.get("allow_merge_commit") is not False,
    )


def branch(data: Json) -> Branch:
    """Return the branch in ``data``."""
    return Branch(data["name"], data["commit"]["sha"], bool(data.get("protected")))


def pull_request(data: Json) -> PullRequest:
    """Return the pull request in ``data``, be it whole or an item of a list."""
    merged_at = data.get("merged_at")
    state = PullRequestState.MERGED if merged_at else PullRequestState(data["state"])
    home = data["head"].get("repo")
    return PullRequest(
        number=data["number"],
        title=data["title"],
        body=data.get("body") or "",
        state=state,
        author=login_of(data.get("user")),
        head=data["head"]["ref"],
        head_commit=data["head"]["sha"],
        head_repository=home["full_name"] if home else "",
        base=data["base"]["ref"],
        base_commit=data["base"]["sha"],
        # Until it is merged, GitHub puts the SHA of a merge made on trial there.
        merge_commit=data.get("merge_commit_sha") if merged_at else None,
        mergeable=data.get("mergeable"),
        labels=tuple(label["name"] for label in data.get("labels", ())),
        url=data["html_url"],
        merged_at=moment(merged_at) if merged_at else None,
    )


def commit(data: Json) -> Commit:
    """Return the commit in ``data``."""
    parents = tuple(parent["sha"] for parent in data["parents"])
    return Commit(data["sha"], data["commit"]["message"], parents)


def release(data: Json) -> Release:
    """Return the release in ``data``; an upload that broke off is not among its assets."""
    return Release(
        id=data["id"],
        tag=data["tag_name"],
        name=data.get("name") or "",
        body=data.get("body") or "",
        draft=data["draft"],
        target=data.get("target_commitish") or "",
        url=data["html_url"],
        assets={
            asset["name"]: asset["id"]
            for asset in data.get("assets", ())
            if asset.get("state", "uploaded") == "uploaded"
        },
    )


def payload(data: Json) -> dict[str, Any]:
    """Return a deployment's payload, which GitHub hands out as it was given or as text."""
    given = data.get("payload") or {}
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return {"text": given}
    return given if isinstance(given, dict) else {"value": given}


def deployment(data: Json, status: Json | None) -> Deployment:
    """Return the deployment in ``data`` with its latest ``status``."""
    written = payload(data)
    own = written.pop(OWN, {})
    last = status or {}
    return Deployment(
        id=data["id"],
        environment=data["environment"],
        commit=data["sha"],
        ref=own.get("ref") or data["ref"],
        task=data["task"],
        payload=written,
        creator=login_of(data.get("creator")),
        created_at=moment(data["created_at"]),
        state=DEPLOYMENT_STATES.get(last.get("state", "pending"), DeploymentState.PENDING),
        description=last.get("description") or "",
        log_url=last.get("log_url") or last.get("target_url") or "",
        updated_at=moment(last.get("created_at") or data["created_at"]),
    )


def status(data: Json) -> Check:
    """Return the commit status in ``data``."""
    return Check(
        data["context"],
        STATUS_STATES[data["state"]],
        data.get("description") or "",
        data.get("target_url") or "",
    )


def check_run(data: Json) -> Check:
    """Return the check run in ``data``."""
    state = CheckState.PENDING
    if data["status"] == "completed":
        state = CheckState.SUCCESS if data["conclusion"] in GOOD else CheckState.FAILURE
    title = (data.get("output") or {}).get("title")
    url = data.get("details_url") or data.get("html_url")
    return Check(data["name"], state, title or data.get("conclusion") or "", url or "")


def workflow_run(data: Json) -> WorkflowRun:
    """Return the workflow run in ``data``."""
    return WorkflowRun(
        id=data["id"],
        workflow=PurePosixPath(data["path"].partition("@")[0]).name,
        event=data["event"],
        branch=data.get("head_branch") or "",
        commit=data["head_sha"],
        status=data["status"],
        conclusion=data.get("conclusion") or "",
        url=data["html_url"],
        created_at=moment(data["created_at"]),
    )
