"""What a flow leaves behind, in a form in which two runs can be compared.

SHAs, ids and times differ from run to run; trees, subjects, numbers and words do not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.flows.harness import World

SHA = re.compile(r"\b[0-9a-f]{40}\b|\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,12}\b")
# Two commits of the same tree and parents, made in different seconds, are the same to a reader.
LOCAL = "%(refname:short) %(subject) %(upstream:short)"
HISTORY = "--format=%T %an %s%n%b"


def snapshot(world: World) -> dict[str, Any]:
    """Return what is on the forge and in the clone of ``world``."""
    world.clone.git("fetch", "--quiet", "--prune", "--tags", "--force", "origin")
    return {
        "branches": _branches(world),
        "tags": _tags(world),
        "pull requests": [_pull(world, row) for row in reversed(world.ask("pulls?state=all"))],
        "releases": [_release(row) for row in world.ask("releases")],
        "deployments": _deployments(world),
        "workflow runs": sorted(
            (run.workflow, run.event, run.branch) for run in world.forge.workflow_runs()
        ),
        "clone": _clone(world),
    }


def _plain(world: World, text: str | None) -> str:
    text = (text or "").replace(world.name, "OWNER/NAME")
    return SHA.sub("SHA", text.replace(str(world.clone.folder.parent), "FOLDER"))


def _history(world: World, name: str) -> list[str]:
    text = world.clone.git("log", "--topo-order", HISTORY, name)
    return text.splitlines()


def _branches(world: World) -> dict[str, Any]:
    refs = world.clone.git("for-each-ref", "--format=%(refname)", "refs/remotes/origin")
    names = [name for name in refs.splitlines() if not name.endswith("/HEAD")]
    return {name.removeprefix("refs/remotes/origin/"): _history(world, name) for name in names}


def _tags(world: World) -> dict[str, Any]:
    git = world.clone.git
    return {
        name: {
            "kind": git("cat-file", "-t", f"refs/tags/{name}"),
            "message": git("tag", "--list", "--format=%(contents)", name),
            "tree": git("rev-parse", f"refs/tags/{name}^{{tree}}"),
            "subject": git("log", "-1", "--format=%s", f"refs/tags/{name}"),
        }
        for name in git("tag", "--list").splitlines()
    }


def _pull(world: World, row: dict[str, Any]) -> dict[str, Any]:
    number = row["number"]
    comments = world.ask(f"issues/{number}/comments")
    return {
        "number": number,
        "way": f"{row['head']['ref']} → {row['base']['ref']}",
        "state": "merged" if row["merged_at"] else row["state"],
        "title": _plain(world, row["title"]),
        "body": _plain(world, row["body"]),
        "labels": sorted(label["name"] for label in row["labels"]),
        "comments": [_plain(world, comment["body"]) for comment in comments],
    }


def _release(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "tag": row["tag_name"],
        "name": row["name"],
        "draft": row["draft"],
        "prerelease": row["prerelease"],
        "body": SHA.sub("SHA", row["body"] or ""),
        "assets": sorted(asset["name"] for asset in row["assets"]),
    }


def _deployments(world: World) -> list[Any]:
    found = []
    for row in reversed(world.ask("deployments")):
        statuses = world.ask(f"deployments/{row['id']}/statuses")
        tree = world.forge.tree(row["sha"])
        checks = {check.name: check.state for check in world.forge.checks(row["sha"])}
        last = statuses[0]["state"] if statuses else None
        found.append((row["environment"], row["task"], tree, last, checks))
    return found


def _clone(world: World) -> dict[str, Any]:
    git = world.clone.git
    return {
        "branch": git("branch", "--show-current"),
        "branches": git("for-each-ref", "--format", LOCAL, "refs/heads").splitlines(),
        "status": git("status", "--porcelain"),
        "worktrees": len(git("worktree", "list").splitlines()),
        "stashes": git("stash", "list"),
        "unfinished": git("rev-parse", "--verify", "--quiet", "MERGE_HEAD", check=False),
    }
