"""Routes of pull requests and their reviews."""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.access import check_role
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, missing, not_found
from bricklane_local.forge.git import refs
from bricklane_local.forge.git.wire import Wire
from bricklane_local.forge.issues.routes import issue_changes
from bricklane_local.forge.pulls.merging import MergeOrder
from bricklane_local.forge.pulls.model import METHODS, PullRequest, Review
from bricklane_local.forge.pulls.reviews import EVENTS
from bricklane_local.forge.pulls.service import Proposal
from bricklane_local.forge.pulls.wire import pull_wire, review_wire
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply, created

SORTS = {"created": "created_at", "updated": "updated_at", "popularity": "number"}


def _pull(call: ForgeCall) -> PullRequest:
    return call.forge.pulls.get(call.repository, call.number("number"))


def _wire(call: ForgeCall, request: PullRequest, *, whole: bool = True) -> dict[str, Any]:
    return pull_wire(call.forge, call.repository, request, whole=whole)


def list_pulls(call: ForgeCall) -> Listing:
    """List pull requests, by state, head and base if asked."""
    query, state = call.query, call.query.get("state", "open")
    owner, _, branch = query.get("head", "").partition(":")
    found = [
        request
        for request in call.forge.pulls.all(call.repository)
        if state in ("all", request.issue.state)
        and query.get("base", request.pull.base_ref) == request.pull.base_ref
        and (not branch or _is_head(call, request, owner, branch))
    ]
    attribute = SORTS.get(query.get("sort", "created"), "created_at")
    usual = "desc" if query.get("sort", "created") == "created" else "asc"
    found.sort(
        key=lambda item: (getattr(item.issue, attribute), item.number),
        reverse=query.get("direction", usual) == "desc",
    )
    return Listing(found, lambda request: _wire(call, request, whole=False))


def _is_head(call: ForgeCall, request: PullRequest, owner: str, branch: str) -> bool:
    if request.pull.head_ref != branch:
        return False
    source = call.forge.repositories.by_id(request.pull.head_repository)
    return source is not None and source.owner.lower() == owner.lower()


async def create_pull(call: ForgeCall) -> Reply:
    """Open a pull request."""
    if call.body.get("title") is None and call.integer("issue") is not None:
        raise ForgeApiError(422, "Issues cannot be turned into pull requests on this forge")
    proposal = Proposal(
        head=call.text("head"),
        base=call.text("base"),
        title=call.text("title"),
        body=call.optional_text("body"),
        draft=call.flag("draft") or False,
        maintainer_can_modify=call.flag("maintainer_can_modify") or False,
        head_repository=call.optional_text("head_repo") or "",
    )
    return created(
        _wire(call, await call.forge.pulls.create(call.repository, call.caller, proposal))
    )


def get_pull(call: ForgeCall) -> dict[str, Any]:
    """Return one pull request."""
    return _wire(call, _pull(call))


async def update_pull(call: ForgeCall) -> dict[str, Any]:
    """Change a pull request: words, state, base."""
    request = _pull(call)
    if call.caller.user.login != request.issue.author:
        check_role(call.forge, call.caller, call.repository, "triage")
    changes = issue_changes(call)
    base, modify = call.optional_text("base"), call.flag("maintainer_can_modify")
    changes |= {} if base is None else {"base": base}
    changes |= {} if modify is None else {"maintainer_can_modify": modify}
    return _wire(
        call, await call.forge.pulls.update(call.repository, call.caller, request, changes)
    )


async def list_commits(call: ForgeCall) -> Listing:
    """List the commits of a pull request, oldest first."""
    commits = await call.forge.pulls.commits(call.repository, _pull(call))
    return Listing(commits, Wire(call.forge, call.repository).commit)


async def list_files(call: ForgeCall) -> Listing:
    """List what a pull request changes."""
    request = _pull(call)
    files = await call.forge.pulls.files(call.repository, request)
    wire = Wire(call.forge, call.repository)
    return Listing(files, lambda item: wire.file(request.pull.head_sha, item))


def is_merged(call: ForgeCall) -> None:
    """Answer 204 when a pull request was merged, and 404 when not."""
    if not _pull(call).pull.merged_at:
        raise not_found()


async def merge(call: ForgeCall) -> dict[str, Any]:
    """Merge a pull request."""
    order = MergeOrder(
        call.choice("merge_method", METHODS) or "merge",
        call.optional_text("sha") or "",
        call.optional_text("commit_title") or "",
        call.optional_text("commit_message"),
    )
    sha = await call.forge.pulls.merging.merge(
        call.repository, call.caller, call.number("number"), order
    )
    return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}


async def update_branch(call: ForgeCall) -> Reply:
    """Merge the base into the head."""
    number = call.number("number")
    await call.forge.pulls.merging.update_branch(
        call.repository, call.caller, number, call.optional_text("expected_head_sha") or ""
    )
    url = f"{call.forge.api}/repos/{call.repository.full_name}/pulls/{number}"
    return Reply(202, {"message": "Updating pull request branch.", "url": url})


async def pulls_of_commit(call: ForgeCall) -> Listing:
    """List the pull requests that brought a commit in."""
    bare = call.forge.git.repository(call.repository.id)
    sha = await refs.find(bare, call.path["sha"])
    if sha is None:
        raise ForgeApiError(422, f"No commit found for SHA: {call.path['sha']}")
    found = call.forge.pulls.of_commit(call.repository, sha)
    return Listing(found, lambda request: _wire(call, request, whole=False))


def get_reviewers(call: ForgeCall) -> dict[str, Any]:
    """Return who was asked for a review and has not answered."""
    logins = _pull(call).pull.requested_reviewers
    return {"users": [call.forge.user(login) for login in logins], "teams": []}


def request_reviewers(call: ForgeCall) -> Reply:
    """Ask people for a review."""
    if call.texts("team_reviewers"):
        raise ForgeApiError(422, "Could not resolve to a node: this forge has no teams.")
    logins = call.texts("reviewers") or []
    changed = call.forge.pulls.request_reviewers(call.repository, call.caller, _pull(call), logins)
    return created(_wire(call, changed, whole=False))


def remove_reviewers(call: ForgeCall) -> dict[str, Any]:
    """Ask people no longer for a review."""
    logins = call.texts("reviewers") or []
    return _wire(
        call,
        call.forge.pulls.unrequest_reviewers(call.repository, _pull(call), logins),
        whole=False,
    )


def _review(call: ForgeCall) -> Review:
    return call.forge.pulls.reviews.get(
        call.repository, call.number("number"), call.number("review")
    )


def _review_wire(call: ForgeCall, review: Review) -> dict[str, Any]:
    return review_wire(call.forge, call.repository, review)


def list_reviews(call: ForgeCall) -> Listing:
    """List the reviews of a pull request, oldest first."""
    found = call.forge.pulls.reviews.under(call.repository, _pull(call).number)
    return Listing(found, lambda review: _review_wire(call, review))


def create_review(call: ForgeCall) -> dict[str, Any]:
    """Review a pull request."""
    if call.objects("comments"):
        raise ForgeApiError(422, "This forge keeps no comments on lines, only on the whole")
    review = call.forge.pulls.reviews.create(
        call.repository,
        call.caller,
        _pull(call),
        call.choice("event", tuple(EVENTS)),
        call.optional_text("body"),
        call.optional_text("commit_id"),
    )
    return _review_wire(call, review)


def get_review(call: ForgeCall) -> dict[str, Any]:
    """Return one review."""
    return _review_wire(call, _review(call))


def edit_review(call: ForgeCall) -> dict[str, Any]:
    """Change the words of a review."""
    changed = call.forge.pulls.reviews.edit(
        call.repository, call.caller, _review(call), call.text("body")
    )
    return _review_wire(call, changed)


def delete_review(call: ForgeCall) -> dict[str, Any]:
    """Drop a pending review."""
    review = _review(call)
    call.forge.pulls.reviews.delete_pending(call.repository, call.caller, review)
    return _review_wire(call, review)


def submit_review(call: ForgeCall) -> dict[str, Any]:
    """Submit a pending review."""
    event = call.choice("event", tuple(EVENTS))
    if event is None:
        raise missing("event")
    changed = call.forge.pulls.reviews.submit(
        call.repository, call.caller, _pull(call), _review(call), event, call.optional_text("body")
    )
    return _review_wire(call, changed)


def dismiss_review(call: ForgeCall) -> dict[str, Any]:
    """Make a verdict count no more."""
    changed = call.forge.pulls.reviews.dismiss(
        call.repository, call.caller, _pull(call), _review(call), call.text("message")
    )
    return _review_wire(call, changed)


PULLS = "/repos/{owner}/{repo}/pulls"
ONE = PULLS + "/{number}"
READ, WRITE = ("pull_requests:read",), ("pull_requests:write",)
ROUTES = [
    ForgeRoute("GET", PULLS, list_pulls, READ),
    ForgeRoute("POST", PULLS, create_pull, WRITE, "read"),
    ForgeRoute("GET", ONE, get_pull, READ),
    ForgeRoute("PATCH", ONE, update_pull, WRITE, "read"),
    ForgeRoute("GET", f"{ONE}/commits", list_commits, READ),
    ForgeRoute("GET", f"{ONE}/files", list_files, READ),
    ForgeRoute("GET", f"{ONE}/merge", is_merged, ("contents:read", "pull_requests:read")),
    ForgeRoute("PUT", f"{ONE}/merge", merge, ("contents:write",)),
    ForgeRoute("PUT", f"{ONE}/update-branch", update_branch, WRITE),
    ForgeRoute("GET", f"{ONE}/requested_reviewers", get_reviewers, READ),
    ForgeRoute("POST", f"{ONE}/requested_reviewers", request_reviewers, WRITE, "triage"),
    ForgeRoute("DELETE", f"{ONE}/requested_reviewers", remove_reviewers, WRITE, "triage"),
    ForgeRoute("GET", f"{ONE}/reviews", list_reviews, READ),
    ForgeRoute("POST", f"{ONE}/reviews", create_review, WRITE, "read"),
    ForgeRoute("GET", ONE + "/reviews/{review}", get_review, READ),
    ForgeRoute("PUT", ONE + "/reviews/{review}", edit_review, WRITE, "read"),
    ForgeRoute("DELETE", ONE + "/reviews/{review}", delete_review, WRITE, "read"),
    ForgeRoute(
        "POST",
        ONE + "/reviews/{review}/events",
        submit_review,
        WRITE,
        "read",
        proved_by="requests",
    ),
    ForgeRoute("PUT", ONE + "/reviews/{review}/dismissals", dismiss_review, WRITE),
    ForgeRoute("GET", "/repos/{owner}/{repo}/commits/{sha}/pulls", pulls_of_commit, READ),
]
