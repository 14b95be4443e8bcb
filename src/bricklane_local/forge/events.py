"""What happens on the forge, told to webhooks and workflows.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bricklane_local.forge.repositories.model import Repository
from bricklane_local.forge.users.model import Caller


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a repository.

    Args:
        kind: the event's name: ``push``, ``pull_request``, ``release``, …
        repository: where.
        actor: who did it, and whether with a job's own token.
        payload: as webhooks carry it, with ``action`` where the event has one, ``repository`` and
            ``sender``.
        ref: ``refs/heads/…`` or ``refs/tags/…`` that a workflow would run on; empty when the
            listener has to know (a pull request's is ``refs/pull/N/merge``).
        sha: the commit that a workflow would run on; empty likewise.
    """

    kind: str
    repository: Repository
    actor: Caller
    payload: dict[str, Any] = field(repr=False)
    ref: str = ""
    sha: str = ""

    @property
    def action(self) -> str:
        """The payload's action, such as ``opened``; empty when the event has none."""
        return str(self.payload.get("action", ""))

    @property
    def by_job_token(self) -> bool:
        """Whether a job's own token made it: it starts no workflow then."""
        return self.actor.by_job_token


Listener = Callable[[Event], None]


class Events:
    """Tells every listener what happened.

    Listeners are called inside the database transaction of the change itself, so what they store
    (a queued delivery, a queued run) is durable exactly when the change is. They must not await,
    and start what takes longer as a task of their own.
    """

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` on every event from now on."""
        self._listeners.append(listener)

    def publish(self, event: Event) -> None:
        """Tell all listeners, in the order in which they subscribed."""
        for listener in self._listeners:
            listener(event)
