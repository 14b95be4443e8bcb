"""States of runs and tasks as a table, from which both forms of the API are read.

Source: https://docs.databricks.com/api/workspace/jobs/getrun (``state``, which is deprecated but
what clients wait on, and ``status`` with its termination details).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Every state that a run or a task of a run can be in."""

    QUEUED = "QUEUED"
    PENDING = "PENDING"
    BLOCKED = "BLOCKED"
    RUNNING = "RUNNING"
    WAITING_FOR_RETRY = "WAITING_FOR_RETRY"
    TERMINATING = "TERMINATING"
    SUCCESS = "SUCCESS"
    SUCCESS_WITH_FAILURES = "SUCCESS_WITH_FAILURES"
    FAILED = "FAILED"
    TASK_FAILED = "TASK_FAILED"
    TIMEDOUT = "TIMEDOUT"
    CANCELED = "CANCELED"
    EXCLUDED = "EXCLUDED"
    DISABLED = "DISABLED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    UPSTREAM_CANCELED = "UPSTREAM_CANCELED"
    SKIPPED = "SKIPPED"
    LIBRARY_FAILED = "LIBRARY_FAILED"
    INVALID = "INVALID"
    COMPUTE_FAILED = "COMPUTE_FAILED"
    CLUSTER_ENDED = "CLUSTER_ENDED"
    CHECKOUT_FAILED = "CHECKOUT_FAILED"
    INTERRUPTED = "INTERRUPTED"


@dataclass(frozen=True, slots=True)
class Shape:
    """How the API shows a state.

    Args:
        life_cycle: ``state.life_cycle_state``.
        result: ``state.result_state``, None while the run goes on.
        current: ``status.state``.
        code: ``status.termination_details.code``, None while the run goes on.
        type: ``status.termination_details.type``.
    """

    life_cycle: str
    result: str | None
    current: str
    code: str | None = None
    type: str | None = None


def _ended(result: str, code: str, kind: str, life_cycle: str = "TERMINATED") -> Shape:
    return Shape(life_cycle, result, "TERMINATED", code, kind)


SHAPES = {
    State.QUEUED: Shape("QUEUED", None, "QUEUED"),
    State.PENDING: Shape("PENDING", None, "PENDING"),
    State.BLOCKED: Shape("BLOCKED", None, "BLOCKED"),
    State.RUNNING: Shape("RUNNING", None, "RUNNING"),
    State.WAITING_FOR_RETRY: Shape("WAITING_FOR_RETRY", None, "WAITING"),
    State.TERMINATING: Shape("TERMINATING", None, "TERMINATING"),
    State.SUCCESS: _ended("SUCCESS", "SUCCESS", "SUCCESS"),
    State.SUCCESS_WITH_FAILURES: _ended(
        "SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES", "SUCCESS"
    ),
    State.FAILED: _ended("FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    # A job run some of whose last tasks failed ends so; clients wait for either life cycle state.
    State.TASK_FAILED: _ended("FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR", "INTERNAL_ERROR"),
    State.TIMEDOUT: _ended("TIMEDOUT", "CANCELED", "CLIENT_ERROR"),
    State.CANCELED: _ended("CANCELED", "USER_CANCELED", "CLIENT_ERROR"),
    State.EXCLUDED: _ended("EXCLUDED", "SKIPPED", "SUCCESS"),
    State.DISABLED: _ended("DISABLED", "DISABLED", "SUCCESS"),
    State.UPSTREAM_FAILED: _ended("UPSTREAM_FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    State.UPSTREAM_CANCELED: _ended("UPSTREAM_CANCELED", "USER_CANCELED", "CLIENT_ERROR"),
    State.SKIPPED: _ended(
        "MAXIMUM_CONCURRENT_RUNS_REACHED", "MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR", "SKIPPED"
    ),
    State.LIBRARY_FAILED: _ended(
        "FAILED", "LIBRARY_INSTALLATION_ERROR", "CLIENT_ERROR", "INTERNAL_ERROR"
    ),
    State.INVALID: _ended("FAILED", "INVALID_RUN_CONFIGURATION", "CLIENT_ERROR", "INTERNAL_ERROR"),
    State.COMPUTE_FAILED: _ended("FAILED", "DRIVER_ERROR", "INTERNAL_ERROR", "INTERNAL_ERROR"),
    State.CLUSTER_ENDED: _ended(
        "FAILED", "CLUSTER_TERMINATED_BY_USER", "CLIENT_ERROR", "INTERNAL_ERROR"
    ),
    State.CHECKOUT_FAILED: _ended(
        "FAILED", "REPOSITORY_CHECKOUT_FAILED", "CLIENT_ERROR", "INTERNAL_ERROR"
    ),
    State.INTERRUPTED: _ended("FAILED", "INTERNAL_ERROR", "INTERNAL_ERROR", "INTERNAL_ERROR"),
}

FINAL = frozenset(state for state, shape in SHAPES.items() if shape.result is not None)
SUCCEEDED = frozenset({State.SUCCESS, State.SUCCESS_WITH_FAILURES})
CANCELLED = frozenset({State.CANCELED, State.UPSTREAM_CANCELED})
# States of tasks that did not run, and that nobody calls a failure.
PASSED_OVER = frozenset({State.EXCLUDED, State.DISABLED})
FAILED = FINAL - SUCCEEDED - CANCELLED - PASSED_OVER


def state_body(state: State, message: str) -> dict[str, Any]:
    """Return the ``state`` object of the API."""
    shape = SHAPES[state]
    body: dict[str, Any] = {
        "life_cycle_state": shape.life_cycle,
        "state_message": message,
        "user_cancelled_or_timedout": state in (State.CANCELED, State.TIMEDOUT),
    }
    if shape.result is not None:
        body["result_state"] = shape.result
    if state is State.QUEUED:
        body["queue_reason"] = message
    return body


def status_body(state: State, message: str) -> dict[str, Any]:
    """Return the ``status`` object of the API."""
    shape = SHAPES[state]
    body: dict[str, Any] = {"state": shape.current}
    if shape.code is not None:
        body["termination_details"] = {"code": shape.code, "type": shape.type, "message": message}
    if state is State.QUEUED:
        body["queue_details"] = {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": message}
    return body
