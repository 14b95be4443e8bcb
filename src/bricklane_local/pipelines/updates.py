"""The updates of pipelines and their event logs, as documents."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.pipelines.states import FINAL, UpdateState
from bricklane_local.resources.kind import Body, iso

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

UPDATE, EVENT = "pipeline_update", "pipeline_event"
CHUNK = 500
# The field of an update that names who has started it; not shown.
STARTED_BY = "_started_by"


class Updates:
    """The updates of the pipelines of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._space = workspace.space

    def add(self, body: Body) -> None:
        """Store a new update."""
        number = self._space.database.next_number(f"{self._space.name}/{UPDATE}")
        self._space.insert(
            UPDATE, body["update_id"], body, parent=body["pipeline_id"], position=number
        )

    def save(self, body: Body) -> None:
        """Store what changed of an update."""
        self._space.update(UPDATE, body["update_id"], body)

    def get(self, pipeline_id: str, update_id: str) -> Body:
        """Return an update of a pipeline.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST.
        """
        found = self._space.find(UPDATE, update_id)
        if found is None or found.parent != pipeline_id:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST",
                f"The specified update {update_id} of pipeline {pipeline_id} was not found.",
            )
        return found.body

    def page(
        self, pipeline_id: str, *, limit: int, after: int | None = None
    ) -> tuple[list[Body], int | None]:
        """Return updates of a pipeline, newest first, and where the next page begins if any."""
        found = self._space.select(
            UPDATE, parent=pipeline_id, descending=True, limit=limit + 1, after=after
        )
        more = found[limit - 1].position if len(found) > limit else None
        return [document.body for document in found[:limit]], more

    def position(self, pipeline_id: str, update_id: str) -> int:
        """Return the place of an update in the list of its pipeline.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST.
        """
        self.get(pipeline_id, update_id)
        found = self._space.find(UPDATE, update_id)
        return 0 if found is None else found.position

    def active(self, pipeline_id: str | None = None) -> list[Body]:
        """Return the updates of one pipeline, or of all, that have not ended."""
        documents = self._space.select(UPDATE, parent=pipeline_id)
        return [each.body for each in documents if each.body["state"] not in FINAL]

    def forget(self, pipeline_id: str) -> None:
        """Drop the updates of a pipeline that is deleted."""
        self._space.delete_children(UPDATE, pipeline_id)


class EventLog:
    """The event logs of the pipelines of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._space = workspace.space

    def add(self, pipeline: Body, update_id: str, event: Body) -> Body:
        """Store an event and return it as the API shows it.

        Args:
            pipeline: whose.
            update_id: of the update that it is about, "" for none.
            event: ``event_type``, ``level``, ``message``, ``details`` and, if they are particular
                to it, ``timestamp`` in milliseconds since the epoch, ``origin`` and ``error``.
        """
        number = self._space.database.next_number(f"{self._space.name}/{EVENT}")
        time = int(event.get("timestamp") or self._workspace.cloud.clock.now())
        origin = {
            "cloud": "local",
            "org_id": self._workspace.id,
            "pipeline_id": pipeline["pipeline_id"],
            "pipeline_name": pipeline.get("name", ""),
            "pipeline_type": "WORKSPACE",
            **({"update_id": update_id} if update_id else {}),
            **(event.get("origin") or {}),
        }
        stored = {
            "id": str(uuid.uuid4()),
            "sequence": {"control_plane_seq_no": number},
            "origin": origin,
            "timestamp": iso(time),
            "message": event["message"],
            "level": event.get("level") or "INFO",
            "maturity_level": "STABLE",
            "event_type": event["event_type"],
            "details": event.get("details") or {},
            **({"error": event["error"]} if event.get("error") else {}),
        }
        self._space.insert(
            EVENT, stored["id"], stored, parent=pipeline["pipeline_id"], position=number
        )
        return stored

    def page(
        self,
        pipeline_id: str,
        where: Callable[[Body], bool],
        *,
        limit: int,
        ascending: bool,
        after: int | None,
    ) -> tuple[list[Body], int | None]:
        """Return events of a pipeline, and where the next page begins if there is one."""
        found: list[tuple[int, Body]] = []
        while True:
            documents = self._space.select(
                EVENT, parent=pipeline_id, descending=not ascending, limit=CHUNK, after=after
            )
            for document in documents:
                after = document.position
                if where(document.body):
                    if len(found) == limit:
                        return [body for _, body in found], found[-1][0]
                    found.append((document.position, document.body))
            if len(documents) < CHUNK:
                return [body for _, body in found], None

    def forget(self, pipeline_id: str) -> None:
        """Drop the log of a pipeline that is deleted."""
        self._space.delete_children(EVENT, pipeline_id)


# Field of a filter → what it compares.
FIELDS: dict[str, Callable[[Body], Any]] = {
    "level": lambda event: event["level"],
    "id": lambda event: event["id"],
    "timestamp": lambda event: event["timestamp"],
    "event_type": lambda event: event["event_type"],
    "update_id": lambda event: event["origin"].get("update_id", ""),
    "origin.update_id": lambda event: event["origin"].get("update_id", ""),
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}
CONDITION = re.compile(
    r"\s*(?P<field>[a-z_.]+)\s*(?:(?P<sign>>=|<=|=|>|<)\s*'(?P<value>[^']*)'"
    r"|\s+in\s*\(\s*(?P<values>'[^']*'(?:\s*,\s*'[^']*')*)\s*\))\s*",
    re.IGNORECASE,
)


def event_filter(text: str) -> Callable[[Body], bool]:
    """Return what says whether an event fits a filter.

    Args:
        text: conditions on ``level``, ``id``, ``timestamp``, ``event_type`` and ``update_id``,
            joined by AND; "" for all events.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a filter of another form.
    """
    tests = [
        _condition(part, text) for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE) if text
    ]
    return lambda event: all(test(event) for test in tests)


def _condition(part: str, text: str) -> Callable[[Body], bool]:
    match = CONDITION.fullmatch(part)
    value_of = FIELDS.get(match["field"].lower()) if match else None
    if match is None or value_of is None:
        raise invalid(
            f"filter {text!r} cannot be read at {part.strip()!r}: conditions are such as "
            f"level='ERROR' or level in ('ERROR', 'WARN'), on {', '.join(FIELDS)}, joined by AND"
        )
    if match["values"]:
        values = re.findall(r"'([^']*)'", match["values"])
        return lambda event: value_of(event) in values
    compare, value = COMPARISONS[match["sign"]], match["value"]
    return lambda event: compare(value_of(event), value)


def new_update(pipeline: Body, sent: Body, cause: str, time: int) -> Body:
    """Return a new update of a pipeline.

    Args:
        pipeline: as it is stored.
        sent: what the request says of it.
        cause: why it is made.
        time: milliseconds since the epoch.
    """
    from bricklane_local.pipelines.pipelines import spec

    fields = ("full_refresh", "validate_only")
    lists = ("refresh_selection", "full_refresh_selection", "reset_checkpoint_selection")
    return {
        "pipeline_id": pipeline["pipeline_id"],
        "update_id": str(uuid.uuid4()),
        "config": spec(pipeline),
        "cause": cause,
        "state": UpdateState.CREATED.value,
        "creation_time": time,
        "mode": "CONTINUOUS" if pipeline.get("continuous") else "DEFAULT",
        **{name: bool(sent.get(name)) for name in fields},
        **{name: list(sent[name]) for name in lists if sent.get(name)},
        **({"parameters": sent["parameters"]} if sent.get("parameters") else {}),
    }
