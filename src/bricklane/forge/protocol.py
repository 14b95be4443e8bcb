"""What bricklane asks of a forge; one adapter for each forge implements it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bricklane.forge.model import (
    Branch,
    BranchRules,
    Check,
    CheckState,
    Commit,
    Deployment,
    DeploymentState,
    EnvironmentRules,
    MergeMethod,
    PendingApproval,
    PullRequest,
    PullRequestState,
    Release,
    Repository,
    ReviewerSupport,
    Ruleset,
    TokenSubject,
    WorkflowRun,
)


class Forge(Protocol):
    """One repository on a forge, as the holder of one token sees it.

    Reading something that does not exist returns None where the return type allows it. Every method
    raises :class:`bricklane.forge.errors.ForgeError`: what was asked, what the forge answered, the
    permission that is missing if that is the cause, and the next move. Rate limits, 5xx answers and
    lost connections are retried with back-off where asking twice does no harm.
    """

    def repository(self) -> Repository:
        """Return the repository."""

    def login(self) -> str:
        """Return the login the token belongs to; of a workflow's own token, the bot's."""

    def token_expires(self) -> datetime | None:
        """Return when the token ends, with time zone; None when it does not, or does not tell."""

    def lacking(self) -> list[str]:
        """Return the permissions that delivery needs and the token lacks, as the forge calls them.

        Nothing is changed: the forge is asked for things that cannot be made, which it refuses for
        one reason to who may make them and for another to who may not.
        """

    # Branches, tags, commits

    def branch(self, name: str) -> Branch | None:
        """Return the branch, read from the forge and not from a clone."""

    def branches(self, prefix: str = "") -> list[Branch]:
        """Return the branches whose names begin with ``prefix``, sorted by name."""

    def delete_branch(self, name: str) -> None:
        """Delete the branch; one that is gone already is no error."""

    def tag(self, name: str) -> str | None:
        """Return the SHA of the commit that the tag points at, through an annotated tag."""

    def create_tag(self, name: str, commit: str, message: str) -> None:
        """Create an annotated tag.

        Raises:
            ForgeConflict: when a tag of that name points at another commit.
        """

    def tree(self, commit: str) -> str:
        """Return the SHA of the commit's tree."""

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Return whether ``descendant`` contains ``ancestor``; both are SHAs or branches."""

    # Pull requests

    def pull_request(self, number: int) -> PullRequest | None:
        """Return the pull request."""

    def pull_requests(
        self,
        *,
        head: str | None = None,
        base: str | None = None,
        state: PullRequestState | None = None,
    ) -> Iterator[PullRequest]:
        """Yield pull requests of this repository's own branches, newest first."""

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        """Return the pull requests that brought ``commit`` in."""

    def commits_of(self, number: int) -> list[Commit]:
        """Return the commits of a pull request, oldest first."""

    def create_pull_request(
        self, *, head: str, base: str, title: str, body: str, draft: bool = False
    ) -> PullRequest:
        """Open a pull request; returns the one that is already open for ``head`` and ``base``."""

    def update_pull_request(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> None:
        """Change a pull request's words."""

    def close_pull_request(self, number: int) -> None:
        """Close a pull request without merging it; a closed one is no error."""

    def merge_pull_request(
        self, number: int, *, method: MergeMethod, head_commit: str, title: str = ""
    ) -> str:
        """Merge a pull request and return the SHA of the result.

        Args:
            number: of the pull request.
            method: how.
            head_commit: what the caller has seen; another head is refused.
            title: the merge commit's first line; the forge's own by default.

        Raises:
            ForgeConflict: on a merge conflict, or when the head moved.
            ForgeForbidden: when a rule refuses; the message says which.
        """

    def comment(self, number: int, body: str, *, marker: str = "") -> None:
        """Comment on a pull request.

        Args:
            number: of the pull request.
            body: Markdown.
            marker: makes the comment sticky: a comment made with the same marker is replaced.
        """

    def request_reviewers(self, number: int, logins: Sequence[str]) -> None:
        """Ask people for a review."""

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Label a pull request."""

    # Releases

    def release(self, tag: str) -> Release | None:
        """Return the release of ``tag``, drafts included."""

    def save_release(
        self, tag: str, *, name: str, body: str, target: str, draft: bool, prerelease: bool = False
    ) -> Release:
        """Create the release of ``tag``, or bring the present one to these values."""

    def upload_asset(self, release: Release, path: Path) -> None:
        """Attach a file under its own name, replacing one of that name."""

    def download_asset(self, release: Release, name: str, path: Path) -> None:
        """Write an attached file to ``path``."""

    def delete_asset(self, release: Release, name: str) -> None:
        """Remove an attached file; one that is gone already is no error."""

    # Deployments and checks

    def create_deployment(
        self,
        *,
        environment: str,
        commit: str,
        ref: str,
        task: str,
        payload: Mapping[str, object],
        description: str = "",
    ) -> Deployment:
        """Record that ``commit`` is about to be deployed."""

    def set_deployment_status(
        self, deployment: int, state: DeploymentState, *, description: str = "", log_url: str = ""
    ) -> None:
        """Add a status to a deployment; descriptions are cut at 140 characters."""

    def deployments(
        self, *, environment: str | None = None, commit: str | None = None, task: str | None = None
    ) -> Iterator[Deployment]:
        """Yield deployments with their latest status, newest first."""

    def checks(self, commit: str) -> list[Check]:
        """Return what checks say of a commit, statuses and check runs, by name."""

    def set_check(
        self, commit: str, name: str, state: CheckState, *, description: str = "", url: str = ""
    ) -> None:
        """Say something of a commit, as a commit status."""

    # Environments, secrets, variables, rules, ID tokens

    def token_subject(self) -> TokenSubject:
        """Return what stands for the repository in the subjects of its jobs' ID tokens."""

    def environments(self) -> Mapping[str, EnvironmentRules]:
        """Return every environment with its rules, by name."""

    def reviewer_support(self) -> ReviewerSupport:
        """Return whether the forge asks the reviewers of environments in this repository."""

    def save_environment(self, name: str, rules: EnvironmentRules) -> None:
        """Create an environment, or bring its rules to these."""

    def secrets(self, environment: str | None = None) -> Mapping[str, datetime]:
        """Return when each secret was last stored, by name; values cannot be read back."""

    def save_secret(self, name: str, value: str, *, environment: str | None = None) -> None:
        """Store a secret, sealed with the forge's public key before it leaves this machine."""

    def delete_secret(self, name: str, *, environment: str | None = None) -> None:
        """Delete a secret; one that is gone already is no error."""

    def variables(self, environment: str | None = None) -> Mapping[str, str]:
        """Return the variables, name → value."""

    def save_variable(self, name: str, value: str, *, environment: str | None = None) -> None:
        """Store a variable."""

    def rulesets(self) -> list[Ruleset]:
        """Return the repository's own rulesets for branches, by name."""

    def save_ruleset(self, ruleset: Ruleset) -> None:
        """Create the ruleset of that name, or bring it to these rules."""

    def branch_rules(self, branch: str) -> BranchRules:
        """Return what all rules in force ask of changes to a branch, an organisation's included."""

    def jobs_may_open_pull_requests(self) -> bool:
        """Return whether a workflow's own token may open pull requests here."""

    def let_jobs_open_pull_requests(self) -> None:
        """Let a workflow's own token open pull requests here; what else it may stays as it is."""

    # Workflows

    def dispatch_workflow(self, file: str, *, ref: str, inputs: Mapping[str, str]) -> None:
        """Start the workflow in ``file`` (such as ``deploy-staging.yml``) on a branch or tag."""

    def workflow_runs(
        self, *, file: str | None = None, branch: str | None = None, commit: str | None = None
    ) -> Iterator[WorkflowRun]:
        """Yield workflow runs, newest first; none of a file that is no workflow."""

    def workflow_run(self, run: int) -> WorkflowRun | None:
        """Return one workflow run."""

    def workflow_log(self, run: int) -> str:
        """Return the log of a run, all jobs one after the other."""

    def cancel_run(self, run: int) -> None:
        """Ask that a run end, which takes a moment; one that has ended stays as it is."""

    def pending_approvals(self, run: int) -> list[PendingApproval]:
        """Return the environments that a run waits for."""

    def review_run(
        self, run: int, environments: Sequence[str], *, approve: bool, comment: str
    ) -> None:
        """Approve or reject a run's entry into environments.

        Raises:
            ForgeForbidden: when the token's owner is not one of the reviewers.
        """
