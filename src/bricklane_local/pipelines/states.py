"""States of updates, and what they say of their pipeline.

Source: https://docs.databricks.com/api/workspace/pipelines/getupdate
"""

from __future__ import annotations

from enum import StrEnum


class UpdateState(StrEnum):
    """States of an update, as the API names them."""

    QUEUED = "QUEUED"
    CREATED = "CREATED"
    WAITING_FOR_RESOURCES = "WAITING_FOR_RESOURCES"
    INITIALIZING = "INITIALIZING"
    RESETTING = "RESETTING"
    SETTING_UP_TABLES = "SETTING_UP_TABLES"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


FINAL = (UpdateState.COMPLETED, UpdateState.FAILED, UpdateState.CANCELED)
# State of the newest update → state of the pipeline.
PIPELINE_STATES = {
    UpdateState.QUEUED: "STARTING",
    UpdateState.CREATED: "STARTING",
    UpdateState.WAITING_FOR_RESOURCES: "STARTING",
    UpdateState.INITIALIZING: "RUNNING",
    UpdateState.RESETTING: "RESETTING",
    UpdateState.SETTING_UP_TABLES: "RUNNING",
    UpdateState.RUNNING: "RUNNING",
    UpdateState.STOPPING: "STOPPING",
    UpdateState.COMPLETED: "IDLE",
    UpdateState.FAILED: "IDLE",
    UpdateState.CANCELED: "IDLE",
}
