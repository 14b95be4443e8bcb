"""Keeps pull requests in step with their branches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bricklane_local.forge.git import history, refs
from bricklane_local.forge.git import pulls as pull_refs
from bricklane_local.forge.git.history import Selection
from bricklane_local.forge.git.model import RefChange
from bricklane_local.forge.pulls.model import Pull, PullRequest

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.git.bare import Bare
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

COUNTS = re.compile(r"(\d+) (file|insertion|deletion)")


@dataclass(frozen=True, slots=True)
class Observed:
    """What git says of a pull request.

    Args:
        pull: with the commits, mergeability and counts of the moment.
        commits: SHAs of its commits, newest first.
    """

    pull: Pull
    commits: list[str]


class Syncing:
    """Observes branches and brings pull requests to what they are.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    async def observe(self, repository: Repository, request: PullRequest) -> Observed:
        """Return what git says of a pull request whose head and base commits are there."""
        bare, pull = self._forge.git.repository(repository.id), request.pull
        base, head = pull.base_sha, pull.head_sha
        state = await pull_refs.refresh(bare, request.number, base, head)
        commits = await history.shas(bare, Selection((head,), (base,)))
        counts = await _counts(bare, base, head)
        _, behind = await history.ahead_behind(bare, base, head)
        observed = replace(
            pull,
            mergeable=state.mergeable,
            test_merge=state.merge_commit or "",
            commits=len(commits),
            behind=behind,
            additions=counts.get("insertion", 0),
            deletions=counts.get("deletion", 0),
            changed_files=counts.get("file", 0),
        )
        return Observed(observed, commits)

    async def refresh(self, repository: Repository, number: int, caller: Caller) -> None:
        """Bring an open pull request to the present commits of its branches.

        Args:
            repository: of the base.
            number: of the pull request.
            caller: who moved a branch.
        """
        request = self._forge.pulls.get(repository, number)
        if not request.is_open:
            return
        moved = await self._moved(repository, request)
        if moved is None or (moved == request.pull and moved.mergeable is not None):
            return
        observed = await self.observe(repository, PullRequest(request.issue, moved))
        with self._forge.transaction():
            current = self._forge.pulls.get(repository, number)
            if current.is_open:
                self._adopt(repository, current, observed, caller)

    async def _moved(self, repository: Repository, request: PullRequest) -> Pull | None:
        """Return the pull at its branches' present commits; None when one is gone."""
        pull, bare = request.pull, self._forge.git.repository(repository.id)
        source = self._forge.repositories.by_id(pull.head_repository)
        if source is None:
            return None
        base = await refs.branch(bare, pull.base_ref)
        origin = self._forge.git.repository(source.id)
        head = await refs.branch(origin, pull.head_ref)
        if base is None or head is None:
            return None
        if source.id != repository.id:
            head = await pull_refs.fetch_head(bare, request.number, origin, pull.head_ref)
        return replace(pull, base_sha=base, head_sha=head)

    def _adopt(
        self, repository: Repository, current: PullRequest, observed: Observed, caller: Caller
    ) -> None:
        seen, old = observed.pull, current.pull
        pull = replace(
            old,
            base_sha=seen.base_sha,
            head_sha=seen.head_sha,
            mergeable=seen.mergeable,
            test_merge=seen.test_merge,
            commits=seen.commits,
            behind=seen.behind,
            additions=seen.additions,
            deletions=seen.deletions,
            changed_files=seen.changed_files,
        )
        if pull == old:
            return
        issue = current.issue
        pushed = old.head_sha != pull.head_sha
        if pushed:
            issue = replace(issue, updated_at=self._forge.clock.now())
        changed = self._forge.pulls.store(repository, PullRequest(issue, pull))
        self._forge.pulls.index(repository, changed.number, observed.commits)
        if pushed:
            self._forge.pulls.reviews.head_moved(repository, changed)
            self._forge.pulls.publish(
                repository,
                caller,
                changed,
                "synchronize",
                before=old.head_sha,
                after=pull.head_sha,
            )

    async def branch_changed(
        self, repository: Repository, change: RefChange, caller: Caller
    ) -> None:
        """Bring the pull requests from and into a branch to what a push made of it."""
        branch = change.branch
        if branch is None:
            return
        for target in self._related(repository):
            for request in self._forge.pulls.all(target, only_open=True):
                pull = request.pull
                from_it = (pull.head_repository, pull.head_ref) == (repository.id, branch)
                into_it = (target.id, pull.base_ref) == (repository.id, branch)
                if not (from_it or into_it):
                    continue
                if change.after is None:
                    self._close(target, request.number, caller)
                elif not into_it or not await self._landed(target, request, change, caller):
                    await self.refresh(target, request.number, caller)

    def _related(self, repository: Repository) -> Iterator[Repository]:
        yield repository
        if repository.fork_of:
            parent = self._forge.repositories.by_id(repository.fork_of)
            if parent is not None:
                yield parent

    def _close(self, repository: Repository, number: int, caller: Caller) -> None:
        with self._forge.transaction():
            request = self._forge.pulls.get(repository, number)
            if request.is_open:
                now = self._forge.clock.now()
                issue = replace(
                    request.issue,
                    state="closed",
                    closed_at=now,
                    closed_by=caller.user.login,
                    updated_at=now,
                )
                changed = self._forge.pulls.store(repository, PullRequest(issue, request.pull))
                self._forge.pulls.publish(repository, caller, changed, "closed")

    async def _landed(
        self, repository: Repository, request: PullRequest, change: RefChange, caller: Caller
    ) -> bool:
        """Mark a pull request merged when a push brought its head into its base."""
        bare, head, after = self._forge.git.repository(repository.id), request.pull.head_sha, ""
        if not change.after or not await history.is_ancestor(bare, head, change.after):
            return False
        after = change.after
        if change.before is not None and await history.is_ancestor(bare, head, change.before):
            return False
        exclude = () if change.before is None else (change.before,)
        commits = await history.commits(bare, Selection((after,), exclude, limit=1000))
        merge = next((item.sha for item in commits if head in item.parents), head)
        with self._forge.transaction():
            current = self._forge.pulls.get(repository, request.number)
            if current.is_open:
                self._forge.pulls.merging.mark(repository, current, caller, merge, [merge])
        return True


async def _counts(bare: Bare, base: str, head: str) -> dict[str, int]:
    if await history.merge_base(bare, base, head) is None:
        return {}
    result = await bare.git("diff", "--shortstat", "-M", f"{base}...{head}", "--")
    return {what: int(number) for number, what in COUNTS.findall(result.text)}
