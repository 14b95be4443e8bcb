"""Keeps pull requests.

Source: https://docs.github.com/en/rest/pulls/pulls
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.errors import ForgeApiError, custom, invalid, not_found
from bricklane_local.forge.git import diff, history, refs
from bricklane_local.forge.git import pulls as pull_refs
from bricklane_local.forge.git.history import Selection
from bricklane_local.forge.git.model import HEADS
from bricklane_local.forge.issues.model import Issue, checked_body, checked_title
from bricklane_local.forge.pulls.merging import Merging
from bricklane_local.forge.pulls.model import Pull, PullRequest
from bricklane_local.forge.pulls.reviews import Reviews, check_actions
from bricklane_local.forge.pulls.syncing import Syncing
from bricklane_local.forge.pulls.wire import pull_wire

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.git.model import CommitData, FileChange
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

COMMIT = "forge_pull_commit"  # which pull requests brought a commit in
COMMITS_LIMIT = 5000  # of one pull request that can be found by commit
SHOWN_COMMITS = 250  # as on GitHub
SCRATCH = 0  # number of no pull request: where a fork's commits land before theirs has one


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a pull request is to be.

    Args:
        head: ``branch`` or ``owner:branch``.
        base: branch.
        title: one line.
        body: Markdown.
        draft: whether it is not ready to be merged.
        maintainer_can_modify: whether who may write to the base may push to a fork's head.
        head_repository: name of the head's repository, when its owner has several forks.
    """

    head: str
    base: str
    title: str
    body: str | None
    draft: bool = False
    maintainer_can_modify: bool = False
    head_repository: str = ""


class Pulls:
    """The pull requests of all repositories.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self.reviews = Reviews(forge)
        self.syncing = Syncing(forge)
        self.merging = Merging(forge)

    def get(self, repository: Repository, number: int) -> PullRequest:
        """Return a pull request.

        Raises:
            ForgeApiError: 404, for the number of an issue too.
        """
        issue = self._forge.issues.get(repository, number)
        if issue.pull is None:
            raise not_found()
        return PullRequest.of(issue)

    def all(self, repository: Repository, *, only_open: bool = False) -> list[PullRequest]:
        """Return pull requests, newest first."""
        return [
            PullRequest.of(issue)
            for issue in self._forge.issues.all(repository)
            if issue.pull is not None and (issue.state == "open" or not only_open)
        ]

    def store(self, repository: Repository, request: PullRequest) -> PullRequest:
        """Store a pull request, new or changed, and return it."""
        self._forge.issues.store(repository, request.record())
        return request

    def publish(
        self,
        repository: Repository,
        caller: Caller,
        request: PullRequest,
        action: str,
        *,
        kind: str = "pull_request",
        **more: Any,
    ) -> None:
        """Tell what happened to a pull request; call it inside the change's transaction.

        Args:
            repository: of the base.
            caller: who did it.
            request: as it is now.
            action: what was done.
            kind: of the event.
            more: further members of the payload.
        """
        pull = request.pull
        payload = {
            "action": action,
            "number": request.number,
            "pull_request": pull_wire(self._forge, repository, request, whole=True),
        } | more
        merged = bool(pull.merged_at)
        ref = f"{HEADS}{pull.base_ref}" if merged else f"refs/pull/{request.number}/merge"
        sha = pull.merge_commit if merged else pull.test_merge
        self._forge.publish(kind, repository, caller, payload, ref=ref, sha=sha)

    async def create(
        self, repository: Repository, caller: Caller, proposal: Proposal
    ) -> PullRequest:
        """Open a pull request.

        Raises:
            ForgeApiError: 422 when a branch is missing, nothing is to merge, or one is open, 403
                for the token of a job where the repository does not let these open any.
        """
        check_actions(repository, caller)
        title = checked_title("PullRequest", proposal.title)
        body = checked_body("PullRequest", proposal.body)
        head_repository, head_ref = self._head(repository, caller, proposal)
        async with self._forge.lock(repository.id):
            pull = await self._branches(repository, head_repository, head_ref, proposal)
            self._check_duplicate(repository, head_repository, pull)
            now = self._forge.clock.now()
            number = self._forge.issues.next_number(repository)
            issue = Issue(
                self._forge.next_id(),
                number,
                title,
                body,
                caller.user.login,
                created_at=now,
                updated_at=now,
            )
            state = await self.syncing.observe(repository, PullRequest(issue, pull))
            with self._forge.transaction():
                request = self.store(repository, PullRequest(issue, state.pull))
                self.index(repository, number, state.commits)
                self.publish(repository, caller, request, "opened")
        await self.syncing.refresh(repository, number, caller)
        return self.get(repository, number)

    def _head(
        self, repository: Repository, caller: Caller, proposal: Proposal
    ) -> tuple[Repository, str]:
        owner, separator, branch = proposal.head.partition(":")
        if not separator:
            owner, branch = repository.owner, proposal.head
        name = proposal.head_repository.rpartition("/")[2].lower()
        source = self._source(repository, owner, name)
        if not branch or source is None:
            raise invalid("PullRequest", "head")
        role = self._forge.repositories.role(source, caller)
        if role == "none":
            raise invalid("PullRequest", "head")
        if role in ("read", "triage"):
            raise custom("PullRequest", "must be a collaborator")
        return source, branch

    def _source(self, repository: Repository, owner: str, name: str) -> Repository | None:
        """Return the repository of a head: the base's own, or one of the same network."""
        if owner.lower() == repository.owner.lower() and not name:
            return repository
        for found in self._forge.repositories.all(owner):
            related = found.id in (repository.id, repository.fork_of)
            if (related or found.fork_of == repository.id) and name in ("", found.name.lower()):
                return found
        return None

    async def _branches(
        self, repository: Repository, source: Repository, head_ref: str, proposal: Proposal
    ) -> Pull:
        bare = self._forge.git.repository(repository.id)
        base_sha = await refs.branch(bare, proposal.base)
        if base_sha is None:
            raise invalid("PullRequest", "base")
        origin = self._forge.git.repository(source.id)
        head_sha = await refs.branch(origin, head_ref)
        if head_sha is None:
            raise invalid("PullRequest", "head")
        if source.id != repository.id:
            await pull_refs.fetch_head(bare, SCRATCH, origin, head_ref)
        if await history.is_ancestor(bare, head_sha, base_sha):
            message = f"No commits between {proposal.base} and {head_ref}"
            raise custom("PullRequest", message)
        if await history.merge_base(bare, base_sha, head_sha) is None:
            message = f"The {head_ref} branch has no history in common with {proposal.base}"
            raise custom("PullRequest", message)
        return Pull(
            source.id,
            head_ref,
            head_sha,
            proposal.base,
            base_sha,
            draft=proposal.draft,
            maintainer_can_modify=proposal.maintainer_can_modify,
        )

    def _check_duplicate(
        self, repository: Repository, source: Repository, pull: Pull, number: int = 0
    ) -> None:
        for other in self.all(repository, only_open=True):
            same = (other.pull.head_repository, other.pull.head_ref, other.pull.base_ref)
            if other.number != number and same == (source.id, pull.head_ref, pull.base_ref):
                message = f"A pull request already exists for {source.owner}:{pull.head_ref}."
                raise custom("PullRequest", message)

    async def update(
        self,
        repository: Repository,
        caller: Caller,
        request: PullRequest,
        changes: dict[str, Any],
    ) -> PullRequest:
        """Change a pull request.

        Args:
            repository: where.
            caller: who.
            request: as it is.
            changes: what :meth:`Issues.update` takes, and ``base`` and ``maintainer_can_modify``.

        Raises:
            ForgeApiError: 422 when a merged one is to be opened, or a branch is gone.
        """
        values = dict(changes)
        base = values.pop("base", request.pull.base_ref)
        modify = values.pop("maintainer_can_modify", request.pull.maintainer_can_modify)
        reopened = values.get("state", request.issue.state) != request.issue.state == "closed"
        if reopened or base != request.pull.base_ref:
            await self._check_open_again(repository, request, base)
        pull = replace(request.pull, base_ref=base, maintainer_can_modify=modify)
        with self._forge.transaction():
            current = self.get(repository, request.number)
            pull = replace(current.pull, base_ref=base, maintainer_can_modify=modify)
            self.store(repository, PullRequest(current.issue, pull))
            issue = self._forge.issues.get(repository, request.number)
            changed = PullRequest.of(self._forge.issues.update(repository, caller, issue, values))
            self._publish_update(repository, caller, current, changed)
        if reopened or base != request.pull.base_ref:
            await self.syncing.refresh(repository, request.number, caller)
        return self.get(repository, request.number)

    async def _check_open_again(
        self, repository: Repository, request: PullRequest, base: str
    ) -> None:
        source = self._forge.repositories.by_id(request.pull.head_repository)
        if request.pull.merged_at or source is None:
            raise invalid("PullRequest", "state")
        if await refs.branch(self._forge.git.repository(repository.id), base) is None:
            raise invalid("PullRequest", "base")
        origin = self._forge.git.repository(source.id)
        if await refs.branch(origin, request.pull.head_ref) is None:
            message = f"state cannot be changed. The {request.pull.head_ref} branch was deleted."
            raise custom("PullRequest", message)
        wanted = replace(request.pull, base_ref=base)
        self._check_duplicate(repository, source, wanted, request.number)

    def _publish_update(
        self, repository: Repository, caller: Caller, before: PullRequest, after: PullRequest
    ) -> None:
        old, new = before.issue, after.issue
        if old.state != new.state:
            self.publish(
                repository, caller, after, "closed" if new.state == "closed" else "reopened"
            )
        edited = {
            name: {"from": getattr(old, name)}
            for name in ("title", "body")
            if getattr(old, name) != getattr(new, name)
        }
        if before.pull.base_ref != after.pull.base_ref:
            edited["base"] = {"ref": {"from": before.pull.base_ref}}
        if edited:
            self.publish(repository, caller, after, "edited", changes=edited)
        for label in set(new.labels) - set(old.labels):
            self.publish(repository, caller, after, "labeled", label={"name": label})
        for label in set(old.labels) - set(new.labels):
            self.publish(repository, caller, after, "unlabeled", label={"name": label})

    def set_draft(
        self, repository: Repository, caller: Caller, request: PullRequest, *, draft: bool
    ) -> PullRequest:
        """Mark a pull request as a draft, or as ready to be merged."""
        if request.pull.draft == draft:
            return request
        with self._forge.transaction():
            pull = replace(request.pull, draft=draft)
            changed = self.store(repository, PullRequest(request.issue, pull))
            action = "converted_to_draft" if draft else "ready_for_review"
            self.publish(repository, caller, changed, action)
        return changed

    def request_reviewers(
        self, repository: Repository, caller: Caller, request: PullRequest, logins: list[str]
    ) -> PullRequest:
        """Ask people for a review.

        Raises:
            ForgeApiError: 422 for the author, and for who does not take part in the repository.
        """
        found = []
        for login in logins:
            user = self._forge.users.find(login)
            if user is None or not self._forge.repositories.takes_part(repository, user):
                raise ForgeApiError(
                    422,
                    "Reviews may only be requested from collaborators. One or more of the users "
                    "or teams you specified is not a collaborator of the "
                    f"{repository.full_name} repository.",
                )
            if user.login == request.issue.author:
                raise ForgeApiError(422, "Review cannot be requested from pull request author.")
            found.append(user.login)
        asked = list(dict.fromkeys([*request.pull.requested_reviewers, *found]))
        with self._forge.transaction():
            changed = self._with_reviewers(repository, request, asked)
            for login in asked[len(request.pull.requested_reviewers) :]:
                reviewer = self._forge.user(login)
                self.publish(
                    repository, caller, changed, "review_requested", requested_reviewer=reviewer
                )
        return changed

    def unrequest_reviewers(
        self, repository: Repository, request: PullRequest, logins: Iterable[str]
    ) -> PullRequest:
        """Ask no longer for these people's reviews."""
        dropped = {login.lower() for login in logins}
        kept = [login for login in request.pull.requested_reviewers if login.lower() not in dropped]
        return self._with_reviewers(repository, request, kept)

    def _with_reviewers(
        self, repository: Repository, request: PullRequest, logins: list[str]
    ) -> PullRequest:
        pull = replace(request.pull, requested_reviewers=logins)
        return self.store(repository, PullRequest(request.issue, pull))

    def index(self, repository: Repository, number: int, commits: Iterable[str]) -> None:
        """Remember that a pull request brings these commits."""
        for sha in list(commits)[:COMMITS_LIMIT]:
            key, parent = f"{repository.id}/{sha}/{number}", f"{repository.id}/{sha}"
            self._forge.space.put(COMMIT, key, {"number": number}, parent=parent, position=number)

    def of_commit(self, repository: Repository, sha: str) -> list[PullRequest]:
        """Return the pull requests that brought, or would bring, a commit in; merged ones first."""
        rows = self._forge.space.select(COMMIT, parent=f"{repository.id}/{sha}")
        found = [self.get(repository, row.body["number"]) for row in rows]
        return sorted(found, key=lambda item: (not item.pull.merged_at, item.number))

    async def commits(self, repository: Repository, request: PullRequest) -> list[CommitData]:
        """Return the commits of a pull request, oldest first, at most ``SHOWN_COMMITS``."""
        bare = self._forge.git.repository(repository.id)
        pull = request.pull
        selection = Selection((pull.head_sha,), (pull.base_sha,), oldest_first=True)
        names = await history.shas(bare, selection)
        return await history.load(bare, names[:SHOWN_COMMITS])

    async def files(self, repository: Repository, request: PullRequest) -> list[FileChange]:
        """Return what a pull request changes, file by file."""
        bare, pull = self._forge.git.repository(repository.id), request.pull
        base = await history.merge_base(bare, pull.base_sha, pull.head_sha)
        return await diff.files(bare, base or diff.EMPTY_TREE, pull.head_sha)
