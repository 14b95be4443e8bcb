"""Dynamic value references: ``{{job.id}}``, ``{{tasks.bronze.values.rows}}`` and their like.

Source: https://docs.databricks.com/en/jobs/dynamic-value-references.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

REFERENCE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
# What begins a reference; other text in double braces is left alone (a template of the user's).
NAMESPACES = ("job", "task", "tasks", "workspace", "input", "backfill")

# Time parts that may follow ``start_time`` → how each is written.
TIME_PARTS: dict[str, Callable[[datetime], str]] = {
    "iso_date": lambda t: t.strftime("%Y-%m-%d"),
    "iso_datetime": lambda t: t.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    "year": lambda t: str(t.year),
    "month": lambda t: str(t.month),
    "day": lambda t: str(t.day),
    "hour": lambda t: str(t.hour),
    "minute": lambda t: str(t.minute),
    "second": lambda t: str(t.second),
    "is_weekday": lambda t: str(t.weekday() < 5).lower(),
    "iso_weekday": lambda t: str(t.isoweekday()),
    "timestamp_ms": lambda t: str(int(t.timestamp() * 1000)),
}
# Names from before 2023 that still work, with their present ones.
LEGACY = {
    "job_id": "job.id",
    "run_id": "task.run_id",
    "parent_run_id": "job.run_id",
    "task_key": "task.name",
    "start_date": "job.start_time.iso_date",
    "start_time": "job.start_time.timestamp_ms",
}


class UnknownReferenceError(Exception):
    """A reference names something that there is not."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What references of one task may name.

    Args:
        values: dotted names with their values, as text.
        start_time: of the job run, milliseconds since the epoch.
        parameters: job parameters.
        task_values: task key → key → JSON value that the task set.
        task_results: task key → its field (``result_state``, ``run_id`` …) → text.
        task_outputs: returns what ``tasks.KEY.output`` may be followed by, of a task's key.
        input: the current input of a for-each task, absent elsewhere.
    """

    values: Mapping[str, str]
    start_time: int
    parameters: Mapping[str, str]
    task_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    task_results: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    task_outputs: Callable[[str], Mapping[str, Any]] = lambda _key: {}
    input: Any = None
    has_input: bool = False


def as_text(value: Any) -> str:
    """Return a JSON value as a reference inserts it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def resolve(value: Any, scope: Scope) -> Any:
    """Return ``value`` with every reference in its texts replaced, at any depth.

    Raises:
        UnknownReferenceError: naming the reference that means nothing here.
    """
    if isinstance(value, str):
        return REFERENCE.sub(lambda match: _lookup(match, scope), value)
    if isinstance(value, list):
        return [resolve(item, scope) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, scope) for key, item in value.items()}
    return value


def _lookup(match: re.Match[str], scope: Scope) -> str:
    name = LEGACY.get(match[1], match[1])
    if name in scope.values:
        return scope.values[name]
    parts = [part.strip("`'\"") for part in re.findall(r"`[^`]+`|[^.\[\]]+", name)]
    if not parts or parts[0] not in NAMESPACES:
        return match[0]
    found = _find(parts, scope)
    if found is None:
        raise UnknownReferenceError(f"the reference {match[0]} names nothing that this run has")
    return found


def _find(parts: list[str], scope: Scope) -> str | None:
    head, rest = parts[0], parts[1:]
    if head == "input" and scope.has_input:
        return _dig(scope.input, rest)
    if parts[:2] == ["job", "parameters"] and len(parts) == 3:
        return scope.parameters.get(parts[2])
    if parts[:2] == ["job", "start_time"] and len(parts) == 3 and parts[2] in TIME_PARTS:
        return TIME_PARTS[parts[2]](datetime.fromtimestamp(scope.start_time / 1000, UTC))
    if head == "tasks" and len(rest) >= 2:
        return _of_task(rest, scope)
    return None


def _of_task(rest: list[str], scope: Scope) -> str | None:
    task, field_name, *path = rest
    if field_name not in ("output", "values"):
        return None if path else scope.task_results.get(task, {}).get(field_name)
    output = field_name == "output"
    values = scope.task_outputs(task) if output else scope.task_values.get(task, {})
    if not path or path[0] not in values:
        return None
    return _dig(values[path[0]], path[1:])


def _dig(value: Any, path: list[str]) -> str | None:
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return as_text(value)
