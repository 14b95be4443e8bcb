"""Merges pull requests.

Source: https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bricklane_local.forge.actors import actor, person
from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.git import history, merging, refs
from bricklane_local.forge.git import pulls as pull_refs
from bricklane_local.forge.git.failures import GitFailure, MergeConflict, NothingToMerge, StaleRef
from bricklane_local.forge.git.history import Selection
from bricklane_local.forge.git.model import FORGE, HEADS, CommitData, RefChange
from bricklane_local.forge.pulls.model import PullRequest

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

INTENT = "forge_merge"
# Method → setting of the repository that allows it, and what is said when it is off.
ALLOWED = {
    "merge": ("allow_merge_commit", "Merge commits are not allowed on this repository."),
    "squash": ("allow_squash_merge", "Squash merges are not allowed on this repository."),
    "rebase": ("allow_rebase_merge", "Rebase merges are not allowed on this repository."),
}
NOT_MERGEABLE = "Pull Request is not mergeable"
HEAD_MOVED = "Head branch was modified. Review and try the merge again."
BASE_MOVED = "Base branch was modified. Review and try the merge again."


@dataclass(frozen=True, slots=True)
class MergeOrder:
    """How a pull request is to be merged.

    Args:
        method: ``merge``, ``squash`` or ``rebase``.
        sha: the head that the caller has seen; empty for any.
        title: first line of the commit; empty for the usual one.
        message: rest of the commit's message; None for the usual one.
    """

    method: str = "merge"
    sha: str = ""
    title: str = ""
    message: str | None = None


class Merging:
    """Merges the pull requests of all repositories.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    async def merge(
        self, repository: Repository, caller: Caller, number: int, order: MergeOrder
    ) -> str:
        """Merge a pull request and return the SHA that its base is at then.

        The commit is made first, then noted as this pull request's merge, then put on the branch;
        the record of the branch's change marks the pull request merged. So whatever moment the
        server dies at, the pull request is merged exactly when its base has the commit.

        Raises:
            ForgeApiError: 405 when it cannot or must not be merged, 409 when a branch moved.
        """
        async with self._forge.lock(repository.id):
            request = self._forge.pulls.get(repository, number)
            bare = self._forge.git.repository(repository.id)
            base = await refs.branch(bare, request.pull.base_ref) or ""
            self._check(repository, request, order)
            refusals = self._forge.rules.refuse_merge(repository, caller, request, order.method)
            if refusals:
                raise ForgeApiError(405, _listed(refusals))
            sha = await self._commit(repository, caller, request, order, base)
            commits = await history.shas(bare, Selection((sha,), (base,)))
            self._note(repository, request, base, sha, commits)
            change = RefChange(HEADS + request.pull.base_ref, base, sha)
            try:
                await self._forge.git.change_refs(
                    repository.id, actor(caller), [change], ruled=True
                )
            except StaleRef:
                raise ForgeApiError(409, BASE_MOVED) from None
            finally:
                self._forge.space.delete(INTENT, _key(repository, sha))
            await self._delete_head(repository, caller, number)
        return sha

    def _check(self, repository: Repository, request: PullRequest, order: MergeOrder) -> None:
        if not request.is_open:
            raise ForgeApiError(405, NOT_MERGEABLE)
        if request.pull.draft:
            raise ForgeApiError(405, "Pull Request is still a draft")
        if order.sha and order.sha != request.pull.head_sha:
            raise ForgeApiError(409, HEAD_MOVED)
        setting, refusal = ALLOWED[order.method]
        if not getattr(repository, setting):
            raise ForgeApiError(405, refusal)

    async def _commit(
        self,
        repository: Repository,
        caller: Caller,
        request: PullRequest,
        order: MergeOrder,
        base: str,
    ) -> str:
        bare, head = self._forge.git.repository(repository.id), request.pull.head_sha
        try:
            if order.method == "rebase":
                return await merging.rebase(bare, base, head, person(caller.user))
            if order.method == "squash":
                message = await self._squash_message(repository, request, order)
                author = person(self._forge.users.known(request.issue.author))
                return await merging.squash(bare, base, head, message, author, FORGE)
            message = self._merge_message(request, order)
            return await merging.merge(bare, base, head, message, person(caller.user), FORGE)
        except (MergeConflict, NothingToMerge):
            raise ForgeApiError(405, NOT_MERGEABLE) from None
        except GitFailure as failure:
            raise ForgeApiError(405, f"{NOT_MERGEABLE}: {failure.message}") from None

    def _merge_message(self, request: PullRequest, order: MergeOrder) -> str:
        source = self._forge.repositories.by_id(request.pull.head_repository)
        owner = source.owner if source is not None else "unknown"
        usual = f"Merge pull request #{request.number} from {owner}/{request.pull.head_ref}"
        return _joined(
            order.title or usual, request.issue.title if order.message is None else order.message
        )

    async def _squash_message(
        self, repository: Repository, request: PullRequest, order: MergeOrder
    ) -> str:
        commits = await self._forge.pulls.commits(repository, request)
        title = request.issue.title if len(commits) != 1 else _subject(commits[0])
        rest = order.message
        if rest is None:
            rest = (
                commits[0].message.partition("\n")[2].strip()
                if len(commits) == 1
                else "\n\n".join(f"* {item.message.strip()}" for item in commits)
            )
        return _joined(order.title or f"{title} (#{request.number})", rest)

    def _note(
        self,
        repository: Repository,
        request: PullRequest,
        base: str,
        sha: str,
        commits: list[str],
    ) -> None:
        body = {
            "number": request.number,
            "head": request.pull.head_sha,
            "base": base,
            "commits": commits,
        }
        self._forge.space.put(INTENT, _key(repository, sha), body, parent=repository.parent)

    def landed(self, repository: Repository, change: RefChange, caller: Caller) -> None:
        """Mark the pull request merged whose merge a change of its base is, if it is one.

        Called inside the transaction that records the change.
        """
        if change.after is None or change.branch is None:
            return
        body = self._forge.space.get(INTENT, _key(repository, change.after))
        if body is None or body["base"] != change.before:
            return
        request = self._forge.pulls.get(repository, body["number"])
        if request.is_open and request.pull.base_ref == change.branch:
            pull = replace(request.pull, head_sha=body["head"], base_sha=body["base"])
            merged = PullRequest(request.issue, pull)
            self.mark(repository, merged, caller, change.after, body["commits"])

    def mark(
        self,
        repository: Repository,
        request: PullRequest,
        caller: Caller,
        sha: str,
        commits: list[str],
    ) -> None:
        """Store that a pull request is merged, and tell; call it inside a transaction.

        Args:
            repository: of the base.
            request: as it is.
            caller: who merged.
            sha: what the base got.
            commits: that the base got, by which the pull request can be found.
        """
        now, login = self._forge.clock.now(), caller.user.login
        issue = replace(
            request.issue, state="closed", closed_at=now, closed_by=login, updated_at=now
        )
        pull = replace(
            request.pull, merged_at=now, merged_by=login, merge_commit=sha, mergeable=None
        )
        changed = self._forge.pulls.store(repository, PullRequest(issue, pull))
        self._forge.pulls.index(repository, request.number, commits)
        self._forge.pulls.publish(repository, caller, changed, "closed")

    def forget_notes(self) -> None:
        """Drop notes of merges that never reached their branch; called before serving."""
        for document in self._forge.space.select(INTENT):
            self._forge.space.delete(INTENT, document.key)

    async def _delete_head(self, repository: Repository, caller: Caller, number: int) -> None:
        request = self._forge.pulls.get(repository, number)
        pull = request.pull
        await pull_refs.close(self._forge.git.repository(repository.id), number)
        own = pull.head_repository == repository.id
        if not repository.delete_branch_on_merge or not own:
            return
        if pull.head_ref == repository.default_branch:
            return
        change = RefChange(HEADS + pull.head_ref, pull.head_sha, None)
        try:
            await self._forge.git.change_refs(repository.id, actor(caller), [change])
        except GitFailure:
            # A rule keeps the branch, or it moved on: GitHub leaves it too.
            return

    async def update_branch(
        self, repository: Repository, caller: Caller, number: int, expected: str
    ) -> None:
        """Merge the base into the head's branch.

        Raises:
            ForgeApiError: 422 when the head is another than ``expected``, or on a conflict.
        """
        async with self._forge.lock(repository.id):
            request = self._forge.pulls.get(repository, number)
            pull = request.pull
            if expected and expected != pull.head_sha:
                raise ForgeApiError(422, "expected head sha didn't match current head ref.")
            source = self._forge.repositories.by_id(pull.head_repository)
            if source is None or not request.is_open:
                raise ForgeApiError(422, "The head repository or branch is gone.")
            if source.id != repository.id:
                raise ForgeApiError(422, "The head branch of a fork is updated in the fork.")
            bare = self._forge.git.repository(source.id)
            message = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
            base = await refs.branch(bare, pull.base_ref) or pull.base_sha
            try:
                sha = await merging.merge(
                    bare, pull.head_sha, base, message, person(caller.user), FORGE
                )
                change = RefChange(HEADS + pull.head_ref, pull.head_sha, sha)
                await self._forge.git.change_refs(source.id, actor(caller), [change])
            except NothingToMerge:
                raise ForgeApiError(422, "There are no new commits on the base branch.") from None
            except GitFailure as failure:
                raise ForgeApiError(422, f"merge conflict: {failure.message}") from None


def _key(repository: Repository, sha: str) -> str:
    return f"{repository.id}/{sha}"


def _subject(commit: CommitData) -> str:
    return commit.message.partition("\n")[0]


def _joined(title: str, rest: str) -> str:
    return f"{title}\n\n{rest}".rstrip() + "\n"


def _listed(refusals: list[str]) -> str:
    return refusals[0] if len(refusals) == 1 else "\n".join(f"- {line}" for line in refusals)
