"""What an update says of itself while it runs: lines of JSON that the workspace reads as they come.

Source: https://docs.databricks.com/en/ldp/monitor-event-log-schema
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from bricklane_runtime.failures import message_of, plain_traceback
from bricklane_runtime.redaction import Redactor

EVENTS = "events.jsonl"
# Statuses of flows, with what a message says of each.
SAID = {"COMPLETED": "has COMPLETED", "FAILED": "has FAILED", "SKIPPED": "has been SKIPPED"}


class Events:
    """Writes the events of an update.

    Args:
        folder: of the update.
        update_id: its id.
        redactor: hides secrets in what is written.
    """

    def __init__(self, folder: Path, update_id: str, redactor: Redactor) -> None:
        self._file = (folder / EVENTS).open("a", encoding="utf-8")
        self._update_id = update_id
        self._redactor = redactor
        self._lock = threading.Lock()

    def write(
        self,
        event_type: str,
        message: str,
        details: dict[str, Any],
        *,
        level: str = "INFO",
        error: BaseException | None = None,
        **others: Any,
    ) -> None:
        """Write an event.

        Args:
            event_type: what it is about.
            message: for people.
            details: for programs, under the event's type.
            level: INFO, METRICS, WARN or ERROR.
            error: what went wrong.
            **others: further fields: ``origin`` and, for the workspace alone, ``table``.
        """
        event = {
            "timestamp": time.time_ns() // 1_000_000,
            "event_type": event_type,
            "level": level,
            "message": message,
            "details": {event_type: details},
            **others,
        }
        if error is not None:
            event["error"] = described(error)
        line = json.dumps(self._redactor.data(event))
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def state(self, state: str) -> None:
        """Say which state the update is in."""
        message = f"Update {self._update_id[:6]} is {state}."
        self.write("update_progress", message, {"state": state})

    def flow(
        self,
        name: str,
        dataset: str,
        status: str,
        *,
        reason: str = "",
        error: BaseException | None = None,
        **details: Any,
    ) -> None:
        """Say what a flow does.

        Args:
            name: of the flow.
            dataset: that it fills.
            status: see https://docs.databricks.com/en/ldp/monitor-event-log-schema.
            reason: why, where that is not plain.
            error: what it failed with.
            **details: metrics and data quality.
        """
        level = {"FAILED": "ERROR", "SKIPPED": "WARN"}.get(status, "INFO")
        message = (
            f"Flow '{name}' {SAID.get(status, f'is {status}')}.{f' {reason}' if reason else ''}"
        )
        self.write(
            "flow_progress",
            message,
            {"status": status, **details},
            level=level,
            error=error,
            origin={"flow_name": name, "dataset_name": dataset},
        )


def described(error: BaseException) -> dict[str, Any]:
    """Return an exception as an event has it, with those that caused it."""
    exceptions: list[dict[str, Any]] = []
    found: BaseException | None = error
    while found is not None:
        exceptions.append(
            {
                "class_name": type(found).__name__,
                "message": message_of(found) or type(found).__name__,
                "stack": [{"declaring_class": plain_traceback(found)}] if not exceptions else [],
            }
        )
        found = found.__cause__
    return {"fatal": True, "exceptions": exceptions}
