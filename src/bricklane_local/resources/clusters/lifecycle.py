"""States of clusters as tables, and the events that tell of them.

Source: https://docs.databricks.com/api/workspace/clusters (states and what each call needs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.resources.states import Body, Machine, Move

if TYPE_CHECKING:
    from bricklane_local.store.database import Space

PENDING, RUNNING, RESTARTING = "PENDING", "RUNNING", "RESTARTING"
RESIZING, TERMINATING, TERMINATED = "RESIZING", "TERMINATING", "TERMINATED"
ACTIVE = (PENDING, RUNNING, RESTARTING, RESIZING)
EVENT = "cluster_event"
EVENTS_KEPT = 500


def _idle(body: Body) -> int | None:
    minutes = int(body.get("autotermination_minutes") or 0)
    return minutes * 60_000 or None


CLUSTERS = Machine(
    "cluster",
    actions={
        "start": {TERMINATED: PENDING},
        # A run that comes while its cluster terminates waits for that, and starts it again.
        "use": {TERMINATING: PENDING, TERMINATED: PENDING},
        "restart": {RUNNING: RESTARTING},
        "resize": {RUNNING: RESIZING},
        "edit": {RUNNING: RESTARTING, TERMINATED: TERMINATED},
        "terminate": {
            **dict.fromkeys(ACTIVE, TERMINATING),
            TERMINATING: TERMINATING,
            TERMINATED: TERMINATED,
        },
    },
    moves={
        PENDING: Move(RUNNING),
        RESTARTING: Move(RUNNING),
        RESIZING: Move(RUNNING),
        TERMINATING: Move(TERMINATED),
    },
    idle=_idle,
    idles=(RUNNING, TERMINATING),
)
# State that an action leads to → the event that tells of it; RESIZING ends in one of its own.
TYPES = {
    PENDING: "STARTING",
    RUNNING: "RUNNING",
    RESTARTING: "RESTARTING",
    RESIZING: "RESIZING",
    TERMINATING: "TERMINATING",
}
INACTIVITY = {"code": "INACTIVITY", "type": "SUCCESS", "parameters": {}}
MESSAGES = {
    PENDING: "Starting",
    RUNNING: "",
    RESTARTING: "Restarting",
    RESIZING: "Resizing",
    TERMINATING: "Terminating",
    TERMINATED: "",
}


class Events:
    """The events of the clusters of one workspace.

    Args:
        space: where they are kept.
    """

    def __init__(self, space: Space) -> None:
        self._space = space

    def tell(self, cluster: Body, kind: str, time: int, details: Body | None = None) -> None:
        """Add an event.

        Args:
            cluster: which.
            kind: its type.
            time: milliseconds since the epoch.
            details: of the event.
        """
        key, number = cluster["cluster_id"], self._space.database.next_number(EVENT)
        body = {"cluster_id": key, "timestamp": time, "type": kind, "details": details or {}}
        self._space.insert(EVENT, f"{key}/{number:012}", body, parent=key, position=time)

    def tell_moves(self, cluster: Body, time: int, details: Body, *, first: str = "") -> None:
        """Add the event of an action's state and of those that follow by themselves.

        What was foretold after ``time`` will not come, and is forgotten.

        Args:
            cluster: as it is after the action.
            time: of the action, in milliseconds since the epoch.
            details: of the first event.
            first: type of the first event, when the state's is not right.
        """
        self._forget_after(cluster["cluster_id"], time)
        previous = ""
        for state, since in CLUSTERS.path(cluster):
            kind = first or TYPES.get(state, "")
            if previous == RESIZING:
                kind = "UPSIZE_COMPLETED"
            elif previous == RUNNING:
                details = {"reason": INACTIVITY}
            if kind:
                self.tell(cluster, kind, since, details)
            previous, details, first = state, {}, ""
        self._drop_old(cluster["cluster_id"])

    def foretell(self, cluster: Body, time: int) -> None:
        """Change when what follows a cluster's state by itself is told of.

        Args:
            cluster: as it is now, in a state that was told of.
            time: now, in milliseconds since the epoch.
        """
        self._forget_after(cluster["cluster_id"], time)
        (_, (state, since), *_) = [*CLUSTERS.path(cluster), ("", 0)]
        if state in TYPES:
            self.tell(cluster, TYPES[state], since, {"reason": INACTIVITY})

    def _forget_after(self, key: str, time: int) -> None:
        for document in self._space.select(EVENT, parent=key, after=time):
            self._space.delete(EVENT, document.key)

    def _drop_old(self, key: str) -> None:
        many = self._space.count(EVENT, parent=key) - EVENTS_KEPT
        for document in self._space.select(EVENT, parent=key, limit=max(0, many)):
            self._space.delete(EVENT, document.key)

    def forget(self, key: str) -> None:
        """Drop the events of a cluster that is gone."""
        self._space.delete_children(EVENT, key)

    def before(self, key: str, time: int) -> list[dict[str, Any]]:
        """Return the events of a cluster until ``time``, oldest first."""
        found = self._space.select(EVENT, parent=key)
        return [document.body for document in found if document.position <= time]
