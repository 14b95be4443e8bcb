"""Event logs as SQL reads them: the table function ``event_log``, and tables that publish them.

Source: https://docs.databricks.com/en/sql/language-manual/functions/event_log and
https://docs.databricks.com/en/ldp/monitor-event-logs (queries such as ``origin.update_id`` and
``details:flow_progress.metrics``: the details are text with JSON, what identifies an event is not).
"""

from __future__ import annotations

from typing import Any

import orjson

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Route
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.kinds import TABLE
from bricklane_local.catalog.names import full_name_of
from bricklane_local.pipelines.pipelines import DOCUMENT, PIPELINE, owner, run_as
from bricklane_local.resources.kind import Body
from bricklane_local.resources.records import Records

PAGE = 2000
TEXTS = (
    "cloud", "region", "user_id", "pipeline_id", "pipeline_type", "pipeline_name", "cluster_id",
    "update_id", "maintenance_id", "dataset_name", "flow_id", "flow_name", "request_id",
)  # fmt: skip
ORIGIN = ", ".join(["org_id: BIGINT", "batch_id: BIGINT", *(f"{name}: STRING" for name in TEXTS)])
FRAME = "declaring_class: STRING, method_name: STRING, file_name: STRING, line_number: BIGINT"
EXCEPTION = f"class_name: STRING, message: STRING, stack: ARRAY<STRUCT<{FRAME}>>"
# Columns of an event log, in their order.
COLUMNS = {
    "id": "STRING",
    "sequence": (
        "STRUCT<data_plane_id: STRUCT<instance: STRING, seq_no: BIGINT>, "
        "control_plane_seq_no: BIGINT>"
    ),
    "origin": f"STRUCT<{ORIGIN}>",
    "timestamp": "TIMESTAMP",
    "message": "STRING",
    "level": "STRING",
    "maturity_level": "STRING",
    "error": f"STRUCT<fatal: BOOLEAN, exceptions: ARRAY<STRUCT<{EXCEPTION}>>>",
    "details": "STRING",
    "event_type": "STRING",
}


def rows(call: Call) -> dict[str, Any]:
    """Return a page of the events of a pipeline, oldest first, each as a text with JSON.

    The query has the ``pipeline_id``, or the full name of one of its tables as ``table``, and
    ``after``, the number behind which the events begin.

    Raises:
        ApiError: RESOURCE_DOES_NOT_EXIST; INVALID_PARAMETER_VALUE for a table of no pipeline;
            PERMISSION_DENIED to whom the pipeline does not belong.
    """
    pipeline = _pipeline(call)
    allowed = (owner(pipeline), run_as(pipeline))
    if call.caller.user_name not in allowed:
        raise ApiError(
            "PERMISSION_DENIED",
            f"Only the owner of the pipeline {pipeline['pipeline_id']}, {allowed[0]}, can read its "
            "event log with event_log(). To share it, set event_log of the pipeline, which "
            "publishes it as a table.",
        )
    after = call.query.get("page_token") or call.query.get("after")
    found, more = call.workspace.pipelines.events.page(
        pipeline["pipeline_id"],
        lambda _event: True,
        limit=PAGE,
        ascending=True,
        after=int(after) if after else None,
    )
    answer: dict[str, Any] = {
        "schema": ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items()),
        "events": [_row(event) for event in found],
    }
    return answer | ({"next_page_token": str(more)} if more is not None else {})


def _pipeline(call: Call) -> Body:
    if number := call.query.get("pipeline_id"):
        return Records(call.workspace, PIPELINE).get(number)
    name = full_name_of(call.text("table"), TABLE)
    metastore = call.cloud.metastore
    metastore.standing(caller_of(call), TABLE, name).require_seen()
    number = metastore.body(TABLE, name).get("pipeline_id")
    if not number:
        raise invalid(
            f"'{name}' is no materialized view or streaming table, so it has no event log"
        )
    found = call.workspace.space.get(DOCUMENT, str(number))
    if found is None:
        raise invalid(f"The pipeline {number} of '{name}' is not in this workspace")
    return found


def _row(event: Body) -> str:
    return orjson.dumps({**event, "details": orjson.dumps(event["details"]).decode()}).decode()


ROUTES = [
    Route(
        "GET",
        f"{UNITY}/event-logs",
        rows,
        proved_by="Spark",
        note="of the local cloud alone: the table function event_log",
    )
]
