"""Pull requests and reviews as the API shows them.

Source: https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.forge.issues.wire import association, common_wire
from bricklane_local.forge.repositories.wire import repository_wire
from bricklane_local.forge.times import moment

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.pulls.model import PullRequest, Review
    from bricklane_local.forge.repositories.model import Repository

LINKS = {
    "self": "/pulls/{number}",
    "issue": "/issues/{number}",
    "comments": "/issues/{number}/comments",
    "review_comments": "/pulls/{number}/comments",
    "review_comment": "/pulls/comments{{/number}}",
    "commits": "/pulls/{number}/commits",
    "statuses": "/statuses/{sha}",
}


def pull_wire(
    forge: Forge, repository: Repository, request: PullRequest, *, whole: bool = False
) -> dict[str, Any]:
    """Return a pull request.

    Args:
        forge: the state.
        repository: of the base.
        request: the pull request.
        whole: with what only the answer for a single one has.
    """
    pull, issue = request.pull, request.issue
    url = f"{forge.api}/repos/{repository.full_name}"
    page = f"{forge.url}/{repository.full_name}/pull/{issue.number}"
    links = {
        name: url + path.format(number=issue.number, sha=pull.head_sha)
        for name, path in LINKS.items()
    }
    body = common_wire(forge, repository, issue) | {
        "url": links["self"],
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": links["issue"],
        "commits_url": links["commits"],
        "comments_url": links["comments"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "statuses_url": links["statuses"],
        "_links": {name: {"href": link} for name, link in (links | {"html": page}).items()},
        "head": _side(forge, pull.head_repository, pull.head_ref, pull.head_sha),
        "base": _side(forge, repository.id, pull.base_ref, pull.base_sha),
        "draft": pull.draft,
        "auto_merge": None,
        "merged_at": moment(pull.merged_at),
        "merge_commit_sha": pull.merge_commit or pull.test_merge or None,
        "requested_reviewers": [forge.user(login) for login in pull.requested_reviewers],
        "requested_teams": [],
    }
    return body | _details(forge, repository, request) if whole else body


def _details(forge: Forge, repository: Repository, request: PullRequest) -> dict[str, Any]:
    pull = request.pull
    return {
        "merged": bool(pull.merged_at),
        "mergeable": pull.mergeable if request.is_open else None,
        "rebaseable": pull.mergeable if request.is_open else None,
        "mergeable_state": mergeable_state(forge, repository, request),
        "merged_by": forge.user(pull.merged_by) if pull.merged_by else None,
        "comments": forge.issues.comments.count(repository, request.number),
        "review_comments": 0,
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": pull.commits,
        "additions": pull.additions,
        "deletions": pull.deletions,
        "changed_files": pull.changed_files,
    }


def mergeable_state(forge: Forge, repository: Repository, request: PullRequest) -> str:
    """Return what stands between a pull request and its merge, in GitHub's words."""
    if not request.is_open or request.pull.mergeable is None:
        return "unknown"
    if not request.pull.mergeable:
        return "dirty"
    if request.pull.draft:
        return "draft"
    if forge.rules.missing(repository, request):
        return "blocked"
    state = forge.statuses.rollup(repository, request.pull.head_sha)
    return "unstable" if state in ("failure", "pending") else "clean"


def _side(forge: Forge, number: int, ref: str, sha: str) -> dict[str, Any]:
    repository = forge.repositories.by_id(number)
    if repository is None:
        return {
            "label": f"unknown repository:{ref}",
            "ref": ref,
            "sha": sha,
            "user": None,
            "repo": None,
        }
    return {
        "label": f"{repository.owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": forge.user(repository.owner),
        "repo": repository_wire(forge, repository),
    }


def review_wire(forge: Forge, repository: Repository, review: Review) -> dict[str, Any]:
    """Return a review."""
    page = f"{forge.url}/{repository.full_name}/pull/{review.pull}#pullrequestreview-{review.id}"
    url = f"{forge.api}/repos/{repository.full_name}/pulls/{review.pull}"
    body = {
        "id": review.id,
        "node_id": f"PRR_{review.id}",
        "user": forge.user(review.author),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(forge, repository, review.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": review.commit,
    }
    if review.submitted_at:
        body["submitted_at"] = moment(review.submitted_at)
    return body
