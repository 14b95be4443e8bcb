"""What a forge has, in words that GitHub, GitLab and Azure DevOps share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PullRequestState(StrEnum):
    """Where a pull request stands."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class MergeMethod(StrEnum):
    """How a pull request enters its base branch."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


class DeploymentState(StrEnum):
    """Where a deployment stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    INACTIVE = "inactive"


class CheckState(StrEnum):
    """What a check says of a commit."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository.

    Args:
        name: ``owner/name``.
        url: its page.
        clone_url: what git clones, without credentials.
        default_branch: the branch that a clone checks out.
        private: whether strangers are kept out.
        merge_commits: whether pull requests may be merged by a merge commit.
    """

    name: str
    url: str
    clone_url: str
    default_branch: str
    private: bool
    merge_commits: bool = True


@dataclass(frozen=True, slots=True)
class TokenSubject:
    """What stands for the repository in the subjects of the ID tokens that its jobs get.

    Source: https://docs.github.com/actions/reference/security/oidc

    Args:
        issuer: URL of who issues the tokens.
        repository_id: the forge's number for the repository.
        owner_id: the forge's number for its owner.
        immutable: whether the numbers stand in the subject beside the names.
        claims: what the subject is made of, where the repository has chosen that itself; empty
            for repository and environment.
    """

    issuer: str
    repository_id: int
    owner_id: int
    immutable: bool
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of the repository on the forge.

    Args:
        name: without ``refs/heads/``.
        commit: the SHA of its head.
        protected: whether rules restrict who may push to it.
    """

    name: str
    commit: str
    protected: bool


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request.

    Args:
        number: by which people name it.
        title: one line.
        body: Markdown.
        state: where it stands.
        author: the login of who opened it.
        head: the branch to merge.
        head_commit: the SHA of the head.
        head_repository: ``owner/name`` of the head's repository, another one for a fork; empty
            when that repository was deleted.
        base: the branch to merge into.
        base_commit: the SHA of the base when the forge last looked.
        merge_commit: the SHA that the merge made; none while it is not merged.
        mergeable: whether it merges without conflict; none while the forge does not know yet.
        labels: their names.
        url: its page.
        merged_at: when it was merged, with time zone.
    """

    number: int
    title: str
    body: str
    state: PullRequestState
    author: str
    head: str
    head_commit: str
    head_repository: str
    base: str
    base_commit: str
    merge_commit: str | None
    mergeable: bool | None
    labels: tuple[str, ...]
    url: str
    merged_at: datetime | None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as a pull request lists it.

    Args:
        sha: its name.
        message: whole.
        parents: the SHAs of its parents.
    """

    sha: str
    message: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """A release; a draft has no tag in git until it is published.

    Args:
        id: the forge's.
        tag: the tag it belongs to, or will create.
        name: its title.
        body: the notes, Markdown.
        draft: whether only maintainers see it.
        target: the commit or branch that publishing tags, when the tag does not exist.
        url: its page.
        assets: file name → id of what is attached.
    """

    id: int
    tag: str
    name: str
    body: str
    draft: bool
    target: str
    url: str
    assets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment of a commit to an environment, with its latest status.

    Args:
        id: the forge's.
        environment: such as ``staging``.
        commit: the SHA that was deployed.
        ref: the branch or tag it was deployed from.
        task: what kind of deployment it is; ours are ``bricklane``.
        payload: what the one who deployed wrote down.
        creator: login.
        created_at: with time zone.
        state: of the latest status; pending when there is none.
        description: of the latest status.
        log_url: of the latest status; empty when unknown.
        updated_at: when that status was set.
    """

    id: int
    environment: str
    commit: str
    ref: str
    task: str
    payload: Mapping[str, object]
    creator: str
    created_at: datetime
    state: DeploymentState
    description: str
    log_url: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a commit, whether a status or a check run.

    Args:
        name: its context.
        state: what it says.
        description: one line.
        url: where its log is.
    """

    name: str
    state: CheckState
    description: str
    url: str


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One run of a workflow.

    Args:
        id: the forge's.
        workflow: file name, such as ``deploy-staging.yml``.
        event: what started it.
        branch: on which.
        commit: the SHA.
        status: ``queued``, ``in_progress``, ``waiting`` or ``completed``.
        conclusion: ``success``, ``failure``, ``cancelled``, ``skipped``; empty until completed.
        url: its page.
        created_at: with time zone.
    """

    id: int
    workflow: str
    event: str
    branch: str
    commit: str
    status: str
    conclusion: str
    url: str
    created_at: datetime

    @property
    def unfinished(self) -> bool:
        """Whether it waits or goes on."""
        return self.status != "completed"


@dataclass(frozen=True, slots=True)
class PendingApproval:
    """An environment that a workflow run waits to enter.

    Args:
        environment: its name.
        reviewers: logins and team names that may approve.
        may_approve: whether the caller is one of them.
    """

    environment: str
    reviewers: tuple[str, ...]
    may_approve: bool


@dataclass(frozen=True, slots=True)
class EnvironmentRules:
    """What an environment demands before a job may use it.

    Args:
        reviewers: logins, one of whom has to approve; empty for none.
        prevent_self_review: whether who started the run may not approve it.
        branches: patterns of branches that may deploy; empty for any.
        wait_minutes: before the job starts.
        admins_bypass: whether administrators may let a job in that nobody has approved.
    """

    reviewers: tuple[str, ...] = ()
    prevent_self_review: bool = False
    branches: tuple[str, ...] = ()
    wait_minutes: int = 0
    admins_bypass: bool = True


@dataclass(frozen=True, slots=True)
class ReviewerSupport:
    """Whether the forge asks the reviewers that an environment has.

    Args:
        enforced: whether it does; None when the token's holder may not see what decides it.
        reason: what decides it, for people.
    """

    enforced: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules for branches, by name; everything not listed stays allowed.

    Args:
        name: of the ruleset.
        branches: patterns such as ``main`` and ``release/*``.
        pull_request: whether changes must come through one.
        approvals: how many a pull request needs.
        checks: contexts that must be green before a merge.
        merge_methods: allowed ones; empty for all.
        no_deletion: whether the branch may not be deleted.
        no_force_push: whether its history may not be rewritten.
        bypass: logins, teams or apps that are exempt.
    """

    name: str
    branches: tuple[str, ...]
    pull_request: bool = True
    approvals: int = 0
    checks: tuple[str, ...] = ()
    merge_methods: tuple[MergeMethod, ...] = ()
    no_deletion: bool = True
    no_force_push: bool = True
    bypass: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BranchRules:
    """What all rules in force together ask of changes to one branch, wherever they are written.

    Args:
        pull_request: whether changes must come through one.
        approvals: how many a pull request needs.
        checks: contexts that must be green before a merge.
        merge_methods: allowed ones; empty for all.
        no_deletion: whether the branch may not be deleted.
        no_force_push: whether its history may not be rewritten.
        bypass: who is exempt from some of it, as :class:`Ruleset` names them; those that the
            token's holder may see.
    """

    pull_request: bool = False
    approvals: int = 0
    checks: tuple[str, ...] = ()
    merge_methods: tuple[MergeMethod, ...] = ()
    no_deletion: bool = False
    no_force_push: bool = False
    bypass: tuple[str, ...] = ()
