"""Commit statuses and check runs as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

STATES = ("error", "failure", "pending", "success")
STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "stale",
    "timed_out",
)
PASSING = ("success", "neutral", "skipped")


@dataclass(frozen=True, slots=True)
class Status:
    """What somebody said of a commit under one context.

    Args:
        id: number on the whole forge.
        sha: the commit.
        context: name of the check.
        state: one of ``STATES``.
        description: one line.
        target_url: where the log is.
        creator: login.
        created_at: milliseconds since the epoch.
    """

    id: int
    sha: str
    context: str
    state: str
    description: str
    target_url: str
    creator: str
    created_at: int


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One run of a check on a commit.

    Args:
        id: number on the whole forge.
        sha: the commit.
        name: of the check.
        status: one of ``STATUSES``.
        conclusion: one of ``CONCLUSIONS`` once completed; empty before.
        details_url: where the log is.
        external_id: the reporter's own name for it.
        output: title, summary and text.
        suite: number that the runs of one origin on one commit share.
        started_at: milliseconds since the epoch.
        completed_at: likewise; 0 before.
    """

    id: int
    sha: str
    name: str
    status: str
    conclusion: str = ""
    details_url: str = ""
    external_id: str = ""
    output: dict[str, Any] = field(default_factory=dict)
    suite: int = 0
    started_at: int = 0
    completed_at: int = 0
