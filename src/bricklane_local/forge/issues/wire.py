"""Issues, comments and labels as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bricklane_local.forge.times import moment

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.issues.model import Comment, Issue, Label
    from bricklane_local.forge.repositories.model import Repository


def label_wire(forge: Forge, repository: Repository, label: Label) -> dict[str, Any]:
    """Return a label."""
    return {
        "id": label.id,
        "node_id": f"LA_{label.id}",
        "url": f"{forge.api}/repos/{repository.full_name}/labels/{quote(label.name, safe='')}",
        "name": label.name,
        "color": label.color,
        "default": label.default,
        "description": label.description or None,
    }


def labels_wire(forge: Forge, repository: Repository, names: list[str]) -> list[dict[str, Any]]:
    """Return the labels called ``names``."""
    labels = (forge.issues.labels.shown(repository, name) for name in names)
    return [label_wire(forge, repository, label) for label in labels]


def association(forge: Forge, repository: Repository, login: str) -> str:
    """Return what an author is to the repository, in the API's words."""
    if login.lower() == repository.owner.lower():
        return "OWNER"
    user = forge.users.find(login)
    if user is None or user.type == "Bot":
        return "NONE"
    if forge.repositories.is_member(repository.owner, user):
        return "MEMBER"
    return "COLLABORATOR" if forge.repositories.at_least(repository, user, "triage") else "NONE"


def issue_wire(forge: Forge, repository: Repository, issue: Issue) -> dict[str, Any]:
    """Return an issue; of a pull request, its issue part."""
    url = f"{forge.api}/repos/{repository.full_name}"
    path = "issues" if issue.pull is None else "pull"
    page = f"{forge.url}/{repository.full_name}/{path}/{issue.number}"
    body = common_wire(forge, repository, issue) | {
        "url": f"{url}/issues/{issue.number}",
        "repository_url": url,
        "labels_url": f"{url}/issues/{issue.number}/labels{{/name}}",
        "comments_url": f"{url}/issues/{issue.number}/comments",
        "events_url": f"{url}/issues/{issue.number}/events",
        "html_url": page,
        "comments": forge.issues.comments.count(repository, issue.number),
        "closed_by": forge.user(issue.closed_by) if issue.closed_by else None,
        "state_reason": issue.state_reason or None,
    }
    if issue.pull is not None:
        body["draft"] = issue.pull["draft"]
        body["pull_request"] = {
            "url": f"{url}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": moment(issue.pull["merged_at"]),
        }
    return body


def common_wire(forge: Forge, repository: Repository, issue: Issue) -> dict[str, Any]:
    """Return what issues and pull requests show alike."""
    assignees = [forge.user(login) for login in issue.assignees]
    return {
        "id": issue.id,
        "node_id": f"{'I' if issue.pull is None else 'PR'}_{issue.id}",
        "number": issue.number,
        "state": issue.state,
        "locked": False,
        "active_lock_reason": None,
        "title": issue.title,
        "body": issue.body or None,
        "user": forge.user(issue.author),
        "author_association": association(forge, repository, issue.author),
        "labels": labels_wire(forge, repository, issue.labels),
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": None,
        "created_at": moment(issue.created_at),
        "updated_at": moment(issue.updated_at),
        "closed_at": moment(issue.closed_at),
    }


def comment_wire(forge: Forge, repository: Repository, comment: Comment) -> dict[str, Any]:
    """Return a comment."""
    url = f"{forge.api}/repos/{repository.full_name}"
    page = f"{forge.url}/{repository.full_name}"
    issue = forge.issues.find(repository, comment.issue)
    path = "issues" if issue is None or issue.pull is None else "pull"
    return {
        "id": comment.id,
        "node_id": f"IC_{comment.id}",
        "url": f"{url}/issues/comments/{comment.id}",
        "html_url": f"{page}/{path}/{comment.issue}#issuecomment-{comment.id}",
        "issue_url": f"{url}/issues/{comment.issue}",
        "body": comment.body,
        "user": forge.user(comment.author),
        "author_association": association(forge, repository, comment.author),
        "created_at": moment(comment.created_at),
        "updated_at": moment(comment.updated_at),
    }
