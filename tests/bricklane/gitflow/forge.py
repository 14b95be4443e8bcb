"""A forge in memory on top of a real bare repository: what the flows ask of one.

It behaves as GitHub does: pull requests are merged by real git, ``main`` and ``develop`` take no
pushes, a merge that conflicts is refused, and a merged pull request keeps its numbers and commits.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bricklane.forge.errors import ForgeConflict, ForgeError
from bricklane.forge.model import (
    Branch,
    Commit,
    MergeMethod,
    PullRequest,
    PullRequestState,
    Release,
    Repository,
    WorkflowRun,
)

NAME = "acme/flights"
# Pushes come through receive-pack, which runs this; the forge itself moves references without it.
PROTECTION = """#!/bin/sh
while read old new ref; do
  case "$ref" in
    refs/heads/main|refs/heads/develop)
      if [ "$old" != 0000000000000000000000000000000000000000 ]; then
        echo "GH006: Protected branch update failed for $ref." >&2; exit 1
      fi;;
  esac
done
"""
COMMITTER = {
    "GIT_AUTHOR_NAME": "The Forge",
    "GIT_AUTHOR_EMAIL": "forge@example.com",
    "GIT_COMMITTER_NAME": "The Forge",
    "GIT_COMMITTER_EMAIL": "forge@example.com",
}


@dataclass
class MemoryForge:
    """One repository; ``bare`` is where its git repository is."""

    bare: Path
    user: str = "developer"
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    comments: dict[tuple[int, str], str] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)
    runs: list[WorkflowRun] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def protect(self) -> None:
        hook = self.bare / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(PROTECTION)
        hook.chmod(0o755)

    def git(self, *arguments: str, ok: tuple[int, ...] = (0,), input: str | None = None) -> str:  # noqa: A002
        done = subprocess.run(
            ["git", "-C", str(self.bare), *arguments],
            capture_output=True,
            text=True,
            check=False,
            input=input,
            env={**os.environ, **COMMITTER},
        )
        if done.returncode not in ok:
            raise ForgeError(f"git {arguments}: {done.stderr}")
        return done.stdout.strip()

    def repository(self) -> Repository:
        return Repository(NAME, "https://forge/acme/flights", str(self.bare), "main", private=True)

    def login(self) -> str:
        return self.user

    # Branches, tags, commits

    def branch(self, name: str) -> Branch | None:
        commit = self.git("rev-parse", "--verify", "-q", f"refs/heads/{name}", ok=(0, 1))
        return Branch(name, commit, name in {"main", "develop"}) if commit else None

    def branches(self, prefix: str = "") -> list[Branch]:
        listed = self.git("for-each-ref", "--format=%(refname:strip=2)", "refs/heads").splitlines()
        found = [self.branch(name) for name in sorted(listed) if name.startswith(prefix)]
        return [branch for branch in found if branch]

    def delete_branch(self, name: str) -> None:
        self.git("update-ref", "-d", f"refs/heads/{name}")

    def tag(self, name: str) -> str | None:
        found = self.git("rev-parse", "--verify", "-q", f"refs/tags/{name}^{{commit}}", ok=(0, 1))
        return found or None

    def create_tag(self, name: str, commit: str, message: str) -> None:
        if self.tag(name) is not None and self.tag(name) != commit:
            raise ForgeConflict(f"tag {name} exists at another commit")
        self.git("tag", "-a", name, commit, "-m", message)

    def tree(self, commit: str) -> str:
        return self.git("rev-parse", f"{commit}^{{tree}}")

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        base = self.git("merge-base", ancestor, descendant, ok=(0, 1))
        return base == self.git("rev-parse", ancestor)

    # Pull requests

    def _now(self, number: int) -> PullRequest:
        found = self.pulls[number]
        head = self.branch(found.head)
        if found.state is PullRequestState.OPEN and head is not None:
            found = self.pulls[number] = replace(found, head_commit=head.commit)
        return found

    def pull_request(self, number: int) -> PullRequest | None:
        return self._now(number) if number in self.pulls else None

    def pull_requests(
        self,
        *,
        head: str | None = None,
        base: str | None = None,
        state: PullRequestState | None = None,
    ) -> Iterator[PullRequest]:
        for number in sorted(self.pulls, reverse=True):
            found = self._now(number)
            wanted = ((head, found.head), (base, found.base), (state, found.state))
            if all(want is None or want == has for want, has in wanted):
                yield found

    def commits_of(self, number: int) -> list[Commit]:
        found = self._now(number)
        listed = self.git(
            "rev-list", "--reverse", "--topo-order", f"{found.base_commit}..{found.head_commit}"
        ).split()
        return [self._commit(sha) for sha in listed]

    def _commit(self, sha: str) -> Commit:
        parents = self.git("show", "-s", "--format=%P", sha).split()
        return Commit(sha, self.git("show", "-s", "--format=%B", sha), tuple(parents))

    def create_pull_request(
        self,
        *,
        head: str,
        base: str,
        title: str,
        body: str,
        draft: bool = False,  # noqa: ARG002
    ) -> PullRequest:
        for found in self.pull_requests(head=head, base=base, state=PullRequestState.OPEN):
            return found
        there, into = self.branch(head), self.branch(base)
        if there is None or into is None:
            raise ForgeError(f"no branch {head} or {base}")
        if self.is_ancestor(there.commit, into.commit):
            raise ForgeError(f"no commits between {base} and {head}")
        number = next(self.numbers)
        self.pulls[number] = PullRequest(
            number=number,
            title=title,
            body=body,
            state=PullRequestState.OPEN,
            author=self.user,
            head=head,
            head_commit=there.commit,
            head_repository=NAME,
            base=base,
            base_commit=into.commit,
            merge_commit=None,
            mergeable=None,
            labels=(),
            url=f"https://forge/acme/flights/pull/{number}",
            merged_at=None,
        )
        return self.pulls[number]

    def close_pull_request(self, number: int) -> None:
        if self.pulls[number].state is PullRequestState.OPEN:
            self.pulls[number] = replace(self._now(number), state=PullRequestState.CLOSED)

    def merge_pull_request(
        self,
        number: int,
        *,
        method: MergeMethod,
        head_commit: str,
        title: str = "",  # noqa: ARG002
    ) -> str:
        found = self._now(number)
        if found.head_commit != head_commit:
            raise ForgeConflict(f"the head of #{number} moved")
        into = self.branch(found.base)
        assert into is not None
        tree = self.git("merge-tree", "--write-tree", into.commit, head_commit, ok=(0, 1))
        if "\n" in tree:
            raise ForgeConflict(f"pull request #{number} has conflicts")
        parents = ["-p", into.commit]
        message = f"{found.title} (#{number})\n"
        if method is MergeMethod.MERGE:
            parents += ["-p", head_commit]
            message = f"Merge pull request #{number} from acme/{found.head}\n\n{found.title}\n"
        commit = self.git("commit-tree", tree, *parents, "-m", message)
        self.git("update-ref", f"refs/heads/{found.base}", commit)
        self.pulls[number] = replace(
            found,
            state=PullRequestState.MERGED,
            merge_commit=commit,
            merged_at=datetime.now(UTC),
        )
        return commit

    def comment(self, number: int, body: str, *, marker: str = "") -> None:
        self.comments[number, marker or str(len(self.comments))] = body

    # Releases, workflows

    def release(self, tag: str) -> Release | None:
        return self.releases.get(tag)

    def save_release(
        self,
        tag: str,
        *,
        name: str,
        body: str,
        target: str,
        draft: bool,
        prerelease: bool = False,  # noqa: ARG002
    ) -> Release:
        old = self.releases.get(tag)
        assets = old.assets if old else {}
        self.releases[tag] = Release(1, tag, name, body, draft, target, "", assets)
        return self.releases[tag]

    def dispatch_workflow(self, file: str, *, ref: str, inputs: Mapping[str, str]) -> None:  # noqa: ARG002
        found = self.branch(ref)
        assert found is not None
        self.runs.insert(
            0,
            WorkflowRun(
                len(self.runs) + 1, file, "workflow_dispatch", ref, found.commit,
                "queued", "", "", datetime.now(UTC),
            ),
        )  # fmt: skip

    def cancel_run(self, run: int) -> None:
        self.runs = [
            replace(each, status="completed", conclusion="cancelled") if each.id == run else each
            for each in self.runs
        ]

    def workflow_runs(
        self, *, file: str | None = None, branch: str | None = None, commit: str | None = None
    ) -> Iterator[WorkflowRun]:
        for run in self.runs:
            wanted = ((file, run.workflow), (branch, run.branch), (commit, run.commit))
            if all(want is None or want == has for want, has in wanted):
                yield run
