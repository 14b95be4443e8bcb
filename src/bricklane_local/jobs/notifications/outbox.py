"""Keeps notifications and sends those that go to destinations.

A notification is stored in the transaction of what it tells of, so that none is lost; a receiver
may see one twice when the process dies between sending and noting it. Nothing is sent by e-mail:
who would have got one is kept and shown.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from typing import TYPE_CHECKING, Any

from bricklane_local.jobs.notifications.events import Recipient, event_of, quiet, recipients
from bricklane_local.jobs.notifications.sending import post, request_of
from bricklane_local.jobs.runs import Run, TaskRun
from bricklane_local.jobs.states import State

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine

LOGGER = logging.getLogger(__name__)
DOCUMENT, DESTINATION = "notification", "notification_destination"
RECORDED, PENDING, DELIVERED, FAILED = "RECORDED", "PENDING", "DELIVERED", "FAILED"
# Before each further attempt, milliseconds.
PAUSES = (1_000, 5_000, 30_000, 120_000)


class Notifications:
    """The notifications of one workspace.

    Args:
        engine: whose runs they tell of.
    """

    def __init__(self, engine: JobEngine) -> None:
        self._engine = engine
        self._space = engine.workspace.space
        self._clock = engine.clock
        self._due: list[tuple[int, str]] = []
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send, with what an earlier process has not."""
        for document in self._space.select(DOCUMENT):
            if document.body["state"] == PENDING:
                heapq.heappush(self._due, (document.body["due"], document.key))
        self._clock.on_move.append(self._news.set)
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Send no more; what is pending stays so."""
        if self._task is not None:
            self._clock.on_move.remove(self._news.set)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def of_run(self, run_id: int) -> list[dict[str, Any]]:
        """Return the notifications of a run, oldest first."""
        return [found.body for found in self._space.select(DOCUMENT, parent=str(run_id))]

    def forget(self, run_id: int) -> None:
        """Remove the notifications of a run."""
        self._space.delete_children(DOCUMENT, str(run_id))

    def run_ended(self, run: Run) -> None:
        """Tell how a run has ended; to be called in the transaction that stores it."""
        event = event_of(run.state)
        if event is not None and not quiet(run.settings, run.state):
            self.tell(event, run, run.state)

    def task_ended(self, run: Run, task_run: TaskRun, *, last: bool) -> None:
        """Tell how an attempt at a task has ended.

        Args:
            run: its run.
            task_run: the attempt.
            last: whether no other follows.
        """
        event, settings = event_of(task_run.state), task_run.task
        if event is None or quiet(settings, task_run.state):
            return
        if last or not _last_only(settings):
            self.tell(event, run, task_run.state, task_run)

    def task_started(self, run: Run, task_run: TaskRun) -> None:
        """Tell that an attempt at a task has started."""
        if not (task_run.attempt and _last_only(task_run.task)):
            self.tell("on_start", run, task_run.state, task_run)

    def tell(self, event: str, run: Run, state: State, task_run: TaskRun | None = None) -> None:
        """Store a notification for each recipient of an event of a run, or of one of its tasks."""
        settings = run.settings if task_run is None else task_run.task
        for recipient in recipients(settings, event):
            self._store(recipient, event, run, state, task_run)

    def _store(
        self, recipient: Recipient, event: str, run: Run, state: State, task_run: TaskRun | None
    ) -> None:
        number, now = self._space.database.next_number(DOCUMENT), self._clock.now()
        subject = f"job {run.name}" if task_run is None else f"task {task_run.key} of {run.name}"
        url = self._engine.page_url(run)
        body = {
            "event": event,
            "to": recipient.address or recipient.destination,
            "state": RECORDED if recipient.address else PENDING,
            "message": "",
            "attempts": 0,
            "due": now,
            "time": now,
            "text": f"{event.removeprefix('on_').replace('_', ' ')}: {subject}, {state} ({url})",
            "payload": self._payload(event, run, task_run),
        }
        self._space.put(DOCUMENT, str(number), body, parent=str(run.run_id), position=number)
        if recipient.address:
            LOGGER.info("e-mail to %s, not sent: %s", recipient.address, body["text"])
        else:
            heapq.heappush(self._due, (now, str(number)))
            self._news.set()

    def _payload(self, event: str, run: Run, task_run: TaskRun | None) -> dict[str, Any]:
        body: dict[str, Any] = {
            "event_type": f"jobs.{event}",
            "workspace_id": str(self._engine.workspace.id),
            "run": {"run_id": str(run.run_id)},
            "job": {"job_id": str(run.job_id), "name": run.name},
        }
        if task_run is not None:
            body["task"] = {"task_key": task_run.key, "run_id": str(task_run.run_id)}
        return body

    async def _work(self) -> None:
        while True:
            self._news.clear()
            while self._due and self._due[0][0] <= self._clock.now():
                _, key = heapq.heappop(self._due)
                await self._attempt(key)
            pause = (self._due[0][0] - self._clock.now()) / 1000 if self._due else None
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                pass

    async def _attempt(self, key: str) -> None:
        found = self._space.find(DOCUMENT, key)
        if found is None or found.body["state"] != PENDING:
            return
        problem = await self._send(found.body)
        attempts = found.body["attempts"] + 1
        state, due = DELIVERED if not problem else FAILED, 0
        if problem and attempts <= len(PAUSES):
            state, due = PENDING, self._clock.now() + PAUSES[attempts - 1]
            heapq.heappush(self._due, (due, key))
        changed = {"state": state, "attempts": attempts, "due": due, "message": problem}
        self._space.update(DOCUMENT, key, found.body | changed)
        if state == FAILED:
            LOGGER.warning("notification of %s: %s", found.body["to"], problem)

    async def _send(self, body: dict[str, Any]) -> str:
        destination = self._space.get(DESTINATION, body["to"])
        if destination is None:
            return f"there is no notification destination {body['to']}"
        config = destination["config"]
        if "email" in config:
            return ""  # recorded, as an address is
        try:
            url, content, authorization = request_of(config, body["payload"], body["text"])
        except ValueError as error:
            return str(error)
        return await asyncio.to_thread(post, url, content, authorization)


def _last_only(task: dict[str, Any]) -> bool:
    return bool((task.get("notification_settings") or {}).get("alert_on_last_attempt"))
