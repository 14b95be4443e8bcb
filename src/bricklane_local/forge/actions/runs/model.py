"""Workflow runs and jobs, as they are stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

# Of runs and jobs, in the words of the API. A job that is BLOCKED waits for others of its run; the
# API does not show it yet.
BLOCKED, WAITING, PENDING, QUEUED = "blocked", "waiting", "pending", "queued"
RUNNING, COMPLETED = "in_progress", "completed"
SUCCESS, FAILURE, CANCELLED, SKIPPED = "success", "failure", "cancelled", "skipped"
TIMED_OUT, ACTION_REQUIRED, STARTUP_FAILURE = "timed_out", "action_required", "startup_failure"


class _Stored:
    def body(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)  # type: ignore[call-overload,no-any-return]  # subclasses are dataclasses

    @classmethod
    def load(cls, body: dict[str, Any]) -> Self:
        """Return what ``body`` describes; fields of other versions are passed over."""
        known = {row.name for row in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: value for name, value in body.items() if name in known})


@dataclass(slots=True)
class WorkflowRecord(_Stored):
    """A workflow file that the forge has seen.

    Args:
        id: number, never given twice.
        repository: its repository's id.
        path: of the file.
        name: that the file gives itself.
        state: ``active`` or ``disabled_manually``.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
        runs: how many there have been.
    """

    id: int
    repository: int
    path: str
    name: str
    state: str = "active"
    created_at: int = 0
    updated_at: int = 0
    runs: int = 0


@dataclass(slots=True)
class Run(_Stored):
    """One run of a workflow.

    Args:
        id: number, never given twice.
        repository: its repository's id.
        workflow: id of the workflow.
        path: of the workflow file.
        name: of the workflow.
        number: counted by workflow.
        attempt: counted from 1.
        event: that started it.
        title: for people.
        ref: full name of ``github.ref``.
        sha: commit of ``github.sha``.
        head_branch: shown with it; may be a tag's name.
        head_sha: the commit that its checks are about.
        head_repository: id of the repository of the head; another one for forks.
        actor: login of who made the event.
        triggering_actor: login of who started this attempt.
        fork: whether it runs code of a fork: it gets no secrets and a token that only reads.
        pull_requests: numbers.
        inputs: of a manual run.
        status: see above.
        conclusion: when it is completed.
        problem: why it could not be planned.
        commit: of the head, as far as the API shows it.
        group: of its concurrency; empty for none.
        admitted: whether its concurrency let it in.
        cancelled: whether somebody cancelled it.
        reason: why it was cancelled.
        created_at: milliseconds since the epoch.
        started_at: of this attempt.
        updated_at: likewise.
    """

    id: int
    repository: int
    workflow: int
    path: str
    name: str
    number: int
    attempt: int
    event: str
    title: str
    ref: str
    sha: str
    head_branch: str
    head_sha: str
    head_repository: int
    actor: str
    triggering_actor: str
    fork: bool = False
    pull_requests: list[int] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    status: str = QUEUED
    conclusion: str | None = None
    problem: str = ""
    commit: dict[str, Any] = field(default_factory=dict)
    group: str = ""
    admitted: bool = False
    cancelled: bool = False
    reason: str = ""
    created_at: int = 0
    started_at: int = 0
    updated_at: int = 0

    @property
    def key(self) -> str:
        """The key it is stored by."""
        return f"{self.repository}/{self.id}"


@dataclass(slots=True)
class JobRun(_Stored):
    """One job of a run.

    Args:
        id: number, never given twice.
        run: id of its run.
        repository: id of its repository.
        attempt: of the run that it belongs to.
        key: its id in the workflow.
        name: for people.
        status: see above.
        conclusion: when it is completed.
        forgiven: whether the run goes on as if it had succeeded (``continue-on-error``).
        matrix: its combination, or None.
        index: of the combination.
        total: of combinations.
        environment: name, or empty.
        environment_url: that it gave its deployment.
        deployment: id, or 0.
        approvals: who let it in: ``user``, ``state``, ``comment``, ``at``.
        waits_until: when its environment's wait is over, in milliseconds since the epoch.
        group: of its concurrency; empty for none.
        check: id of its check run, or 0.
        steps: ``name``, ``number``, ``status``, ``conclusion``, ``started_at``, ``completed_at``.
        outputs: by name.
        message: why it ended without running, or how it ended.
        annotations: what its steps said with ``::error::`` and the like.
        cancelling: whether it was told to end.
        origin: id of the job of an earlier attempt that this one stands for, with its log; or 0.
        created_at: milliseconds since the epoch.
        started_at: likewise; 0 until it starts.
        completed_at: likewise; 0 until it ends.
    """

    id: int
    run: int
    repository: int
    attempt: int
    key: str
    name: str
    status: str = BLOCKED
    conclusion: str | None = None
    forgiven: bool = False
    matrix: dict[str, Any] | None = None
    index: int = 0
    total: int = 1
    environment: str = ""
    environment_url: str = ""
    deployment: int = 0
    approvals: list[dict[str, Any]] = field(default_factory=list)
    waits_until: int = 0
    group: str = ""
    check: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    message: str = ""
    annotations: list[dict[str, Any]] = field(default_factory=list)
    cancelling: bool = False
    origin: int = 0
    created_at: int = 0
    started_at: int = 0
    completed_at: int = 0

    @property
    def result(self) -> str:
        """What ``needs.<id>.result`` says."""
        if self.conclusion == TIMED_OUT:
            return FAILURE
        return self.conclusion or ""

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.status == COMPLETED
