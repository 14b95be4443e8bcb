"""Asks the triggers of one workspace's jobs when they are due, and starts the runs; old ones go.

What a trigger remembers and when it is due next are stored with the run that it starts, in one
transaction: a run is neither lost nor started twice, and after a restart what is overdue is looked
at once, however many times of it were missed.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.jobs.retention import PERIOD, expire
from bricklane_local.jobs.states import CANCELLED, SUCCEEDED
from bricklane_local.jobs.triggers.kind import SECOND, Body, Look, Verdict
from bricklane_local.jobs.triggers.table import KINDS, trigger_of

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import Run

LOGGER = logging.getLogger(__name__)
DOCUMENT = "trigger"
# The clock of the machine may be set, or stand still while it sleeps: look at it now and then.
LONGEST_SLEEP = 60.0
AFTER_A_FAILURE = 60 * SECOND


class Scheduler:
    """The triggers of one workspace.

    Args:
        engine: runs the jobs.
    """

    def __init__(self, engine: JobEngine) -> None:
        self._engine = engine
        self._space = engine.workspace.space
        self._clock = engine.clock
        # When each trigger is due; entries of the heap that say something else are passed over.
        self._due: dict[int, int] = {}
        self._heap: list[tuple[int, int]] = []
        self._watching: set[int] = set()
        self._expiry = 0
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to start runs."""
        self._load()
        self._space.database.on_rollback(self._load)
        self._clock.on_move.append(self._woken.set)
        self._task = asyncio.create_task(self._run())

    def _load(self) -> None:
        self._due, self._heap, self._watching = {}, [], set()
        for document in self._space.select(DOCUMENT):
            job_id, body = int(document.key), document.body
            kind = KINDS[body["kind"]]
            due = body["due"]
            if due is None and kind.ended is not None and not self._engine.is_active(job_id):
                # It waited for the end of a run that ended with the process before this one.
                due = self._clock.now()
            self._set(job_id, due, watches=kind.watches)

    async def stop(self) -> None:
        """Start no more runs."""
        if self._task is not None:
            self._clock.on_move.remove(self._woken.set)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def follow(self, job_id: int, settings: Body | None) -> None:
        """Take up what has become of a job's trigger; None for a job that is gone.

        A trigger that stays as it was keeps its time: a deployment does not put it off.
        """
        found = None if settings is None else trigger_of(settings)
        if found is None or found[0].paused(settings or {}):
            self._space.delete(DOCUMENT, str(job_id))
            self._set(job_id, None, watches=False)
            return
        kind, body = found
        present = self.state(job_id)
        if present is not None and (present["kind"], present["body"]) == (kind.name, body):
            return
        due = kind.begin(body, self._clock.now())
        fresh = {"kind": kind.name, "body": body, "memory": None, "fired": 0, "problem": ""}
        self._put(job_id, fresh | {"due": due})

    def state(self, job_id: int) -> Body | None:
        """Return what is stored of a job's trigger, None when it has none or it is paused."""
        return self._space.get(DOCUMENT, str(job_id))

    def ended(self, run: Run) -> None:
        """Take note of a run's end, which a continuous job waits for."""
        stored = self.state(run.job_id)
        kind = None if stored is None else KINDS[stored["kind"]]
        if stored is None or kind is None or kind.ended is None:
            return
        failed = run.state not in SUCCEEDED | CANCELLED
        memory, due = kind.ended(stored["memory"] or {}, failed, self._clock.now())
        self._put(run.job_id, stored | {"memory": memory, "due": due})

    def _put(self, job_id: int, body: Body) -> None:
        self._space.put(DOCUMENT, str(job_id), body, position=job_id)
        self._set(job_id, body["due"], watches=KINDS[body["kind"]].watches)

    def _set(self, job_id: int, due: int | None, *, watches: bool) -> None:
        (self._watching.add if watches else self._watching.discard)(job_id)
        self._due.pop(job_id, None)
        if due is not None:
            self._due[job_id] = due
            heapq.heappush(self._heap, (due, job_id))
            self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            while self._heap and self._heap[0][0] <= self._clock.now():
                due, job_id = heapq.heappop(self._heap)
                await self._ask(job_id, due)
            if self._clock.now() >= self._expiry:
                more = expire(self._engine)
                self._expiry = self._clock.now() + (SECOND if more else PERIOD)
            await self._sleep()

    async def _sleep(self) -> None:
        first = min(self._expiry, self._heap[0][0] if self._heap else self._expiry)
        until = (first - self._clock.now()) / SECOND
        seconds = min(max(until, 0.0), LONGEST_SLEEP)
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _ask(self, job_id: int, due: int) -> None:
        if self._due.get(job_id) != due:
            return
        del self._due[job_id]
        stored, job = self.state(job_id), self._engine.jobs.find(job_id)
        if stored is None or job is None:
            return
        now = self._clock.now()
        look = Look(
            self._engine.workspace,
            job,
            stored["body"],
            stored["memory"],
            due,
            now,
            int(stored["fired"]),
            len(self._watching),
        )
        try:
            verdict = await KINDS[stored["kind"]].look(look)
        except Exception as error:
            LOGGER.exception("trigger of job %d", job_id)
            verdict = Verdict(now + AFTER_A_FAILURE, memory=stored["memory"], problem=repr(error))
        if self.state(job_id) == stored:  # else the job was changed meanwhile
            self._settle(job_id, stored, verdict, now)
        await asyncio.sleep(0)  # many that are due at once leave room for requests

    def _settle(self, job_id: int, stored: Body, verdict: Verdict, now: int) -> None:
        if verdict.problem and verdict.problem != stored["problem"]:
            LOGGER.warning("the trigger of job %d cannot be evaluated: %s", job_id, verdict.problem)
        changed: dict[str, Any] = {
            "due": verdict.due,
            "memory": verdict.memory,
            "problem": verdict.problem,
        }
        if not verdict.fires:
            kind = KINDS[stored["kind"]]
            if kind.watches and changed | {"due": stored["due"]} == {n: stored[n] for n in changed}:
                # Nothing to remember but when to look again, which a restart may do at once.
                self._set(job_id, verdict.due, watches=True)
            else:
                self._put(job_id, stored | changed)
            return
        try:
            with self._space.database.transaction():
                self._put(job_id, stored | changed | {"fired": now})
                self._engine.triggered(job_id, KINDS[stored["kind"]].shown, verdict.details)
        except ApiError as error:
            LOGGER.warning("the trigger of job %d started no run: %s", job_id, error.message)
            due = verdict.due or now + AFTER_A_FAILURE
            self._put(job_id, stored | changed | {"due": due, "problem": error.message})
