"""Repositories as the API shows them.

Source: https://docs.github.com/en/rest/repos/repos#get-a-repository
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.forge.times import moment

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

# Members of the answer that are URLs below the repository's own.
LINKS = {
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "deployments_url": "/deployments",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issues_url": "/issues{/number}",
    "labels_url": "/labels{/name}",
    "merges_url": "/merges",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "statuses_url": "/statuses/{sha}",
    "tags_url": "/tags",
    "trees_url": "/git/trees{/sha}",
}
# What GitHub also answers and this forge has no use for.
CONSTANTS = {
    "has_discussions": False,
    "has_downloads": True,
    "has_pages": False,
    "has_projects": False,
    "has_wiki": False,
    "disabled": False,
    "language": None,
    "license": None,
    "mirror_url": None,
    "stargazers_count": 0,
    "watchers_count": 0,
    "watchers": 0,
    "web_commit_signoff_required": False,
}


def repository_wire(forge: Forge, repository: Repository) -> dict[str, Any]:
    """Return a repository as it appears in lists and inside other objects."""
    name = repository.full_name
    url, page = f"{forge.api}/repos/{name}", f"{forge.url}/{name}"
    return {
        "id": repository.id,
        "node_id": f"R_{repository.id}",
        "name": repository.name,
        "full_name": name,
        "private": repository.private,
        "visibility": "private" if repository.private else "public",
        "owner": forge.user(repository.owner),
        "html_url": page,
        "url": url,
        "clone_url": f"{page}.git",
        "git_url": f"{page}.git",
        "ssh_url": f"{page}.git",
        "svn_url": page,
        "description": repository.description or None,
        "homepage": repository.homepage or None,
        "fork": bool(repository.fork_of),
        "topics": list(repository.topics),
        "archived": repository.archived,
        "default_branch": repository.default_branch,
        "has_issues": repository.has_issues,
        "is_template": False,
        "allow_forking": True,
        "size": 0,
        "created_at": moment(repository.created_at),
        "updated_at": moment(repository.updated_at),
        "pushed_at": moment(repository.pushed_at),
        **{key: url + suffix for key, suffix in LINKS.items()},
        **CONSTANTS,
    }
