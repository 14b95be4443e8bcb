"""Pull requests and reviews as they are stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace

from bricklane_local.forge.issues.model import Issue

METHODS = ("merge", "squash", "rebase")
APPROVED, CHANGES_REQUESTED = "APPROVED", "CHANGES_REQUESTED"
COMMENTED, DISMISSED, PENDING = "COMMENTED", "DISMISSED", "PENDING"


@dataclass(frozen=True, slots=True)
class Pull:
    """What a pull request has beside its issue part.

    Args:
        head_repository: id of the repository of the branch to merge.
        head_ref: name of that branch.
        head_sha: its commit.
        base_ref: name of the branch to merge into.
        base_sha: its commit when the forge last looked; once merged, as it was before.
        draft: whether it is not ready to be merged.
        mergeable: whether it merges without conflict; None while that is not known.
        test_merge: commit of the merge that was tried, which workflows check out.
        commits: how many it has.
        behind: how many commits of the base it lacks.
        additions: lines.
        deletions: lines.
        changed_files: how many.
        requested_reviewers: logins who were asked and have not answered.
        maintainer_can_modify: whether who may write to the base may push to a fork's head.
        merged_at: milliseconds since the epoch; 0 while it is not merged.
        merged_by: login.
        merge_commit: what merging made.
    """

    head_repository: int
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    mergeable: bool | None = None
    test_merge: str = ""
    commits: int = 0
    behind: int = 0
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
    requested_reviewers: list[str] = field(default_factory=list)
    maintainer_can_modify: bool = False
    merged_at: int = 0
    merged_by: str = ""
    merge_commit: str = ""


NAMES = frozenset(item.name for item in fields(Pull))


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request: its issue part, and the rest.

    Args:
        issue: title, body, state and what else issues have.
        pull: branches and merging.
    """

    issue: Issue
    pull: Pull

    @classmethod
    def of(cls, issue: Issue) -> PullRequest:
        """Return the pull request that is stored as ``issue``."""
        stored = issue.pull or {}
        return cls(issue, Pull(**{name: stored[name] for name in NAMES & stored.keys()}))

    def record(self) -> Issue:
        """Return it as it is stored."""
        return replace(self.issue, pull=asdict(self.pull))

    @property
    def number(self) -> int:
        """Its number within the repository."""
        return self.issue.number

    @property
    def is_open(self) -> bool:
        """Whether it may still be merged."""
        return self.issue.state == "open"


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody said of a pull request as a whole.

    Args:
        id: number on the whole forge.
        pull: number of the pull request.
        author: login.
        state: one of the constants of this module.
        body: Markdown.
        commit: the head that was reviewed.
        submitted_at: milliseconds since the epoch; 0 while it is pending.
    """

    id: int
    pull: int
    author: str
    state: str
    body: str
    commit: str
    submitted_at: int
