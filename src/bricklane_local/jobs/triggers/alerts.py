"""Evaluates the alerts of one workspace by their own schedules.

Source: ``schedule`` of https://docs.databricks.com/api/workspace/alertsv2. When an alert is due is
stored, so that after a restart what is overdue is evaluated once, however often it was missed.
Nobody is notified.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.principals import Principal
from bricklane_local.jobs.task_types.saved_sql import evaluate, fail
from bricklane_local.jobs.task_types.statements import Desk, StatementFailed
from bricklane_local.jobs.triggers.kind import SECOND, Body
from bricklane_local.jobs.triggers.timed import SCHEDULE
from bricklane_local.resources.records import Records
from bricklane_local.resources.sql.alerts import ALERT, as_cron, run_as

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

LOGGER = logging.getLogger(__name__)
DOCUMENT = "alert_due"
CLIENT = "Databricks SQL Alerts"
# The clock of the machine may be set, or stand still while it sleeps: look at it now and then.
LONGEST_SLEEP = 60.0


class AlertSchedules:
    """The schedules of the alerts of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._space = workspace.space
        self._clock = workspace.cloud.clock
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._evaluations: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin to evaluate."""
        self._clock.on_move.append(self._woken.set)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Evaluate no more, and end what is under way."""
        if self._task is None:
            return
        self._clock.on_move.remove(self._woken.set)
        tasks = [self._task, *self._evaluations.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Take note of an alert that is new or changed."""
        self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            first = self._look()
            seconds = LONGEST_SLEEP
            if first is not None:
                seconds = min(max((first - self._clock.now()) / SECOND, 0.0), LONGEST_SLEEP)
            try:
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
            except TimeoutError:
                pass

    def _look(self) -> int | None:
        """Begin what is due; return when the next alert is, None when none is."""
        alerts = {alert["id"]: alert for alert in Records(self._workspace, ALERT).all()}
        for document in self._space.select(DOCUMENT):
            if document.key not in alerts:
                self._space.delete(DOCUMENT, document.key)
        found = [due for alert in alerts.values() if (due := self._next(alert)) is not None]
        return min(found, default=None)

    def _next(self, alert: Body) -> int | None:
        """Return when an alert is due next, evaluating it if that is now."""
        number, cron = alert["id"], as_cron(alert)
        stored = self._space.get(DOCUMENT, number)
        if cron is None:
            if stored is not None:
                self._space.delete(DOCUMENT, number)
            return None
        now = self._clock.now()
        if stored is None or stored["cron"] != cron:
            due = SCHEDULE.begin(cron, now)
        elif stored["due"] is not None and stored["due"] <= now:
            self._begin(alert)
            due = SCHEDULE.begin(cron, now)
        else:
            due = stored["due"]
        if stored != {"cron": cron, "due": due}:
            self._space.put(DOCUMENT, number, {"cron": cron, "due": due})
        return due

    def _begin(self, alert: Body) -> None:
        number = alert["id"]
        if number not in self._evaluations:
            task = asyncio.create_task(self._evaluate(alert))
            self._evaluations[number] = task
            task.add_done_callback(lambda _task: self._evaluations.pop(number, None))

    async def _evaluate(self, alert: Body) -> None:
        try:
            desk = Desk(self._workspace, self._principal(alert), "", client=CLIENT)
            await evaluate(desk, alert["id"])
        except (ApiError, StatementFailed) as error:
            LOGGER.warning("the alert %s cannot be evaluated: %s", alert["id"], error)
            fail(self._workspace, alert["id"])

    def _principal(self, alert: Body) -> Principal:
        name = next(iter(run_as(self._workspace, alert).values()))
        found = self._workspace.cloud.directory.find(self._workspace.name, str(name))
        if found is None or not found.active:
            raise ApiError("PERMISSION_DENIED", f"{name}, as whom it runs, is not active here")
        return found
