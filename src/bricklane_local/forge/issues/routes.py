"""Routes of issues, comments, labels and assignees."""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.access import check_role
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import malformed, missing
from bricklane_local.forge.issues.model import Comment, Issue, Label
from bricklane_local.forge.issues.service import REASONS
from bricklane_local.forge.issues.wire import (
    comment_wire,
    issue_wire,
    label_wire,
    labels_wire,
)
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply, created

STATES = ("open", "closed")
SORTS = {"created": "created_at", "updated": "updated_at", "comments": "number"}


def _issue(call: ForgeCall) -> Issue:
    return call.forge.issues.get(call.repository, call.number("number"))


def _wire(call: ForgeCall, issue: Issue) -> dict[str, Any]:
    return issue_wire(call.forge, call.repository, issue)


def _names(call: ForgeCall, field: str) -> list[str]:
    """Return strings, or the names of objects, from a list that may be the whole body."""
    values = call.json if isinstance(call.json, list) else call.body.get(field)
    if values is None:
        raise missing(field)
    if not isinstance(values, list):
        raise malformed(field, values, "is not an array")
    names = [item.get("name") if isinstance(item, dict) else item for item in values]
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) < len(names):
        raise malformed(field, values, "is not a list of names")
    return texts


def list_issues(call: ForgeCall) -> Listing:
    """List issues and pull requests."""
    query = call.query
    state = query.get("state", "open")
    labels = {name.lower() for name in query.get("labels", "").split(",") if name}
    found = [
        issue
        for issue in call.forge.issues.all(call.repository)
        if state in ("all", issue.state)
        and labels <= {name.lower() for name in issue.labels}
        and query.get("creator", issue.author) == issue.author
        and _assigned(issue, query.get("assignee", "*"))
    ]
    attribute = SORTS.get(query.get("sort", "created"), "created_at")
    newest_first = query.get("direction", "desc") != "asc"
    found.sort(key=lambda item: (getattr(item, attribute), item.number), reverse=newest_first)
    return Listing(found, lambda issue: _wire(call, issue))


def _assigned(issue: Issue, wanted: str) -> bool:
    if wanted == "none":
        return not issue.assignees
    return wanted == "*" or wanted in issue.assignees


def create_issue(call: ForgeCall) -> Reply:
    """Open an issue."""
    lists: dict[str, Any] = {"assignees": call.texts("assignees")}
    if call.body.get("labels") is not None:
        lists["labels"] = _names(call, "labels")
    issue = call.forge.issues.create(
        call.repository, call.caller, call.text("title"), call.optional_text("body"), **lists
    )
    return created(_wire(call, issue))


def get_issue(call: ForgeCall) -> dict[str, Any]:
    """Return an issue or the issue part of a pull request."""
    return _wire(call, _issue(call))


async def update_issue(call: ForgeCall) -> dict[str, Any]:
    """Change an issue or the issue part of a pull request."""
    issue, changes = _issue(call), issue_changes(call)
    if issue.author != call.caller.user.login:
        check_role(call.forge, call.caller, call.repository, "triage")
    if issue.pull is not None:
        pull = call.forge.pulls.get(call.repository, issue.number)
        changed = await call.forge.pulls.update(call.repository, call.caller, pull, changes)
        return _wire(call, changed.issue)
    return _wire(call, call.forge.issues.update(call.repository, call.caller, issue, changes))


def issue_changes(call: ForgeCall) -> dict[str, Any]:
    """Return which members of an issue a request changes."""
    values = {
        "title": call.optional_text("title"),
        "state": call.choice("state", STATES),
        "state_reason": call.choice("state_reason", REASONS),
        "assignees": call.texts("assignees"),
        "labels": None if call.body.get("labels") is None else _names(call, "labels"),
    }
    changes: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    if "body" in call.body:
        changes["body"] = call.optional_text("body") or ""
    return changes


def list_comments(call: ForgeCall) -> Listing:
    """List the comments on an issue."""
    found = call.forge.issues.comments.under(call.repository, _issue(call).number)
    return Listing(found, lambda item: comment_wire(call.forge, call.repository, item))


def list_all_comments(call: ForgeCall) -> Listing:
    """List the comments of a repository."""
    found = call.forge.issues.comments.all(call.repository)
    if call.query.get("direction") == "desc":
        found.reverse()
    return Listing(found, lambda item: comment_wire(call.forge, call.repository, item))


def create_comment(call: ForgeCall) -> Reply:
    """Comment on an issue or pull request."""
    number = _issue(call).number
    made = call.forge.issues.comments.create(
        call.repository, call.caller, number, call.text("body")
    )
    return created(comment_wire(call.forge, call.repository, made))


def _comment(call: ForgeCall) -> Comment:
    return call.forge.issues.comments.get(call.repository, call.number("comment"))


def get_comment(call: ForgeCall) -> dict[str, Any]:
    """Return one comment."""
    return comment_wire(call.forge, call.repository, _comment(call))


def update_comment(call: ForgeCall) -> dict[str, Any]:
    """Replace a comment's text."""
    changed = call.forge.issues.comments.update(
        call.repository, call.caller, _comment(call), call.text("body")
    )
    return comment_wire(call.forge, call.repository, changed)


def delete_comment(call: ForgeCall) -> None:
    """Remove a comment."""
    call.forge.issues.comments.delete(call.repository, call.caller, _comment(call))


def _label(call: ForgeCall) -> Label:
    return call.forge.issues.labels.get(call.repository, call.path["name"])


def list_labels(call: ForgeCall) -> Listing:
    """List the labels of a repository."""
    found = call.forge.issues.labels.all(call.repository)
    return Listing(found, lambda label: label_wire(call.forge, call.repository, label))


def create_label(call: ForgeCall) -> Reply:
    """Make a label."""
    label = call.forge.issues.labels.create(
        call.repository,
        call.text("name"),
        call.optional_text("color"),
        call.optional_text("description"),
    )
    return created(label_wire(call.forge, call.repository, label))


def get_label(call: ForgeCall) -> dict[str, Any]:
    """Return one label."""
    return label_wire(call.forge, call.repository, _label(call))


def update_label(call: ForgeCall) -> dict[str, Any]:
    """Change a label."""
    names = {"new_name": "name", "name": "name", "color": "color", "description": "description"}
    changes = {names[key]: value for key in names if (value := call.optional_text(key)) is not None}
    if (new := call.optional_text("new_name")) is not None:
        changes["name"] = new
    changed = call.forge.issues.labels.update(call.repository, _label(call), changes)
    return label_wire(call.forge, call.repository, changed)


def delete_label(call: ForgeCall) -> None:
    """Remove a label."""
    call.forge.issues.labels.delete(call.repository, _label(call))


def issue_labels(call: ForgeCall) -> Listing:
    """List the labels of an issue."""
    return Listing(labels_wire(call.forge, call.repository, _issue(call).labels))


def add_labels(call: ForgeCall) -> list[dict[str, Any]]:
    """Add labels to an issue."""
    return _set_labels(call, [*_issue(call).labels, *_names(call, "labels")])


def set_labels(call: ForgeCall) -> list[dict[str, Any]]:
    """Give an issue these labels and no others."""
    return _set_labels(call, _names(call, "labels"))


def clear_labels(call: ForgeCall) -> None:
    """Take all labels from an issue."""
    _set_labels(call, [])


def remove_label(call: ForgeCall) -> list[dict[str, Any]]:
    """Take one label from an issue."""
    name = _label(call).name
    return _set_labels(call, [label for label in _issue(call).labels if label != name])


def _set_labels(call: ForgeCall, names: list[str]) -> list[dict[str, Any]]:
    issue = _issue(call)
    changed = call.forge.issues.update(call.repository, call.caller, issue, {"labels": names})
    return labels_wire(call.forge, call.repository, changed.labels)


def add_assignees(call: ForgeCall) -> Reply:
    """Assign people to an issue."""
    logins = call.texts("assignees") or []
    issue = call.forge.issues.assign(call.repository, call.caller, _issue(call), logins)
    return created(_wire(call, issue))


def remove_assignees(call: ForgeCall) -> dict[str, Any]:
    """Take people off an issue."""
    logins = call.texts("assignees") or []
    return _wire(
        call, call.forge.issues.unassign(call.repository, call.caller, _issue(call), logins)
    )


REPO = "/repos/{owner}/{repo}"
READ = ("issues:read", "pull_requests:read")
WRITE = ("issues:write", "pull_requests:write")
# Method, path, handler, permissions, and what a person must be where it is not what they imply.
TABLE: list[tuple[str, str, Any, tuple[str, ...], str]] = [
    ("GET", "/issues", list_issues, READ, ""),
    ("POST", "/issues", create_issue, ("issues:write",), "read"),
    ("GET", "/issues/comments", list_all_comments, READ, ""),
    ("GET", "/issues/comments/{comment}", get_comment, READ, ""),
    ("PATCH", "/issues/comments/{comment}", update_comment, WRITE, "read"),
    ("DELETE", "/issues/comments/{comment}", delete_comment, WRITE, "read"),
    ("GET", "/issues/{number}", get_issue, READ, ""),
    ("PATCH", "/issues/{number}", update_issue, WRITE, "read"),
    ("GET", "/issues/{number}/comments", list_comments, READ, ""),
    ("POST", "/issues/{number}/comments", create_comment, WRITE, "read"),
    ("GET", "/issues/{number}/labels", issue_labels, READ, ""),
    ("POST", "/issues/{number}/labels", add_labels, WRITE, "triage"),
    ("PUT", "/issues/{number}/labels", set_labels, WRITE, "triage"),
    ("DELETE", "/issues/{number}/labels", clear_labels, WRITE, "triage"),
    ("DELETE", "/issues/{number}/labels/{name:path}", remove_label, WRITE, "triage"),
    ("POST", "/issues/{number}/assignees", add_assignees, WRITE, "triage"),
    ("DELETE", "/issues/{number}/assignees", remove_assignees, WRITE, "triage"),
    ("GET", "/labels", list_labels, READ, ""),
    ("POST", "/labels", create_label, WRITE, "triage"),
    ("GET", "/labels/{name:path}", get_label, READ, ""),
    ("PATCH", "/labels/{name:path}", update_label, WRITE, "triage"),
    ("DELETE", "/labels/{name:path}", delete_label, WRITE, "triage"),
]
ROUTES = [
    ForgeRoute(method, REPO + path, handler, needs, role)
    for method, path, handler, needs, role in TABLE
]
