"""The routes of git's objects, refs and files below a repository."""

from __future__ import annotations

from bricklane_local.forge.git import api_commits, api_contents, api_objects, api_refs
from bricklane_local.forge.routing import ForgeRoute

REPOSITORY = "/repos/{owner}/{repo}"
GIT = f"{REPOSITORY}/git"
OCTOKIT = "Octokit"
READ, WRITE = ("contents:read",), ("contents:write",)

ROUTES = [
    ForgeRoute("GET", f"{GIT}/ref/{{ref:path}}", api_refs.get_ref, READ),
    ForgeRoute("GET", f"{GIT}/matching-refs/{{ref:path}}", api_refs.matching_refs, READ),
    ForgeRoute("GET", f"{GIT}/matching-refs", api_refs.matching_refs, READ, proved_by=OCTOKIT),
    ForgeRoute("GET", f"{GIT}/refs", api_refs.matching_refs, READ),
    ForgeRoute("GET", f"{GIT}/refs/{{ref:path}}", api_refs.get_ref, READ),
    ForgeRoute("POST", f"{GIT}/refs", api_refs.create_ref, WRITE),
    ForgeRoute("PATCH", f"{GIT}/refs/{{ref:path}}", api_refs.update_ref, WRITE),
    ForgeRoute("DELETE", f"{GIT}/refs/{{ref:path}}", api_refs.delete_ref, WRITE),
    ForgeRoute("POST", f"{GIT}/blobs", api_objects.create_blob, WRITE),
    ForgeRoute("GET", f"{GIT}/blobs/{{sha}}", api_objects.get_blob, READ),
    ForgeRoute("POST", f"{GIT}/trees", api_objects.create_tree, WRITE),
    ForgeRoute("GET", f"{GIT}/trees/{{sha:path}}", api_objects.get_tree, READ),
    ForgeRoute("POST", f"{GIT}/commits", api_objects.create_git_commit, WRITE),
    ForgeRoute("GET", f"{GIT}/commits/{{sha}}", api_objects.get_git_commit, READ),
    ForgeRoute("POST", f"{GIT}/tags", api_objects.create_git_tag, WRITE),
    ForgeRoute("GET", f"{GIT}/tags/{{sha}}", api_objects.get_git_tag, READ),
    ForgeRoute("GET", f"{REPOSITORY}/branches", api_refs.list_branches, READ),
    ForgeRoute("GET", f"{REPOSITORY}/branches/{{branch:path}}", api_refs.get_branch, READ),
    ForgeRoute("GET", f"{REPOSITORY}/tags", api_refs.list_tags, READ),
    ForgeRoute("GET", f"{REPOSITORY}/commits", api_commits.list_commits, READ),
    ForgeRoute(
        "GET", f"{REPOSITORY}/commits/{{sha}}/branches-where-head", api_refs.branches_at, READ
    ),
    ForgeRoute("GET", f"{REPOSITORY}/commits/{{ref:path}}", api_commits.get_commit, READ),
    ForgeRoute(
        "GET",
        f"{REPOSITORY}/compare/{{basehead:path}}",
        api_commits.compare,
        READ,
        note="branches of forks are not compared",
    ),
    ForgeRoute("POST", f"{REPOSITORY}/merges", api_commits.merge_branch, WRITE),
    ForgeRoute("GET", f"{REPOSITORY}/contents", api_contents.get_contents, READ),
    ForgeRoute("GET", f"{REPOSITORY}/contents/{{path:path}}", api_contents.get_contents, READ),
    ForgeRoute("PUT", f"{REPOSITORY}/contents/{{path:path}}", api_contents.put_file, WRITE),
    ForgeRoute("DELETE", f"{REPOSITORY}/contents/{{path:path}}", api_contents.delete_file, WRITE),
    ForgeRoute("GET", f"{REPOSITORY}/readme", api_contents.get_readme, READ),
    ForgeRoute(
        "GET",
        f"{REPOSITORY}/readme/{{path:path}}",
        api_contents.get_readme,
        READ,
        proved_by=OCTOKIT,
    ),
    ForgeRoute("GET", f"{REPOSITORY}/tarball", api_commits.archive, READ, proved_by=OCTOKIT),
    ForgeRoute(
        "GET", f"{REPOSITORY}/tarball/{{ref:path}}", api_commits.archive, READ, proved_by=OCTOKIT
    ),
    ForgeRoute("GET", f"{REPOSITORY}/zipball", api_commits.archive, READ, proved_by=OCTOKIT),
    ForgeRoute(
        "GET", f"{REPOSITORY}/zipball/{{ref:path}}", api_commits.archive, READ, proved_by=OCTOKIT
    ),
]
