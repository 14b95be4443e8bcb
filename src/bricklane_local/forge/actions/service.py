"""Actions of one forge: what listens to events, keeps the runs going, and ends them."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.runner.environment import lay_out_programs
from bricklane_local.forge.actions.runner.execution import Execution, RunFiles, Workshop
from bricklane_local.forge.actions.runner.lasting import LastingFolders
from bricklane_local.forge.actions.runner.resolving import Resolver
from bricklane_local.forge.actions.runs.attempts import begin_attempt
from bricklane_local.forge.actions.runs.engine import Engine
from bricklane_local.forge.actions.runs.model import COMPLETED, JobRun, Run
from bricklane_local.forge.actions.runs.planning import ActiveRun
from bricklane_local.forge.actions.runs.store import RunStore
from bricklane_local.forge.actions.settings import ActionsSettings
from bricklane_local.forge.actions.starting import Cause, Starter, is_wanted

if TYPE_CHECKING:
    from bricklane_local.forge.events import Event
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

LOGGER = logging.getLogger(__name__)


class Actions:
    """GitHub Actions of the local forge.

    Args:
        forge: whose repositories' workflows run.
        settings: of this machine.
    """

    def __init__(self, forge: Forge, settings: ActionsSettings | None = None) -> None:
        self._forge = forge
        self.settings = settings or ActionsSettings()
        self.store = RunStore(forge)
        self.starter = Starter(forge, self.store)
        folder = forge.paths.root / "actions"
        resolver = Resolver(forge, folder / "fetched", self.settings.source)
        lasting = LastingFolders(folder / "lasting")
        self._workshop = Workshop(forge, self.settings, resolver, folder / "programs", lasting)
        self.engine = Engine(forge, self.store, self._execution, self.settings.jobs)
        self._arrived = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._busy = asyncio.Lock()

    def _execution(self, active: ActiveRun, job: JobRun, engine: Engine) -> Execution:
        return Execution(self._workshop, active, job, engine)

    def files(self, run: Run) -> RunFiles:
        """Return the files of a run: logs, summaries, artifacts."""
        return self._workshop.files(run.id)

    async def start(self) -> None:
        """Take up what was under way, and begin to listen."""
        await asyncio.to_thread(self._sweep, self.store.run_numbers())
        await asyncio.to_thread(lay_out_programs, self._workshop.programs)
        self.engine.resume()
        self._worker = asyncio.create_task(self._work())
        self._arrived.set()

    def _sweep(self, known: set[int]) -> None:
        """Remove what killed jobs left, and the files of runs that were deleted."""
        for folder in self._forge.paths.runs.glob("*"):
            if folder.name.isdigit() and int(folder.name) not in known:
                shutil.rmtree(folder, ignore_errors=True)
        for left in self._forge.paths.runs.glob("*/*.work"):
            shutil.rmtree(left, ignore_errors=True)
        self._workshop.lasting.clear()

    async def stop(self) -> None:
        """End every job and all that it started."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        await self.engine.stop()
        await asyncio.to_thread(self._workshop.lasting.clear)

    def on_event(self, event: Event) -> None:
        """Remember an event that may start runs; called inside the event's own transaction."""
        if not is_wanted(event):
            return
        cause = Cause(event.kind, event.actor.user.login, event.payload, event.ref, event.sha)
        self.store.add_event(event.repository.id, asdict(cause))
        self._arrived.set()

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await self.drain()

    async def drain(self) -> None:
        """Start the runs of all events that are remembered."""
        async with self._busy:
            for key, body in self.store.events():
                try:
                    await self._begin(key, Cause(**body))
                except Exception:
                    # One event that cannot be understood must not keep the others from it.
                    LOGGER.exception("starting the workflows of event %s", key)
                    self.store.forget_event(key)

    async def _begin(self, key: str, cause: Cause) -> list[Run]:
        repository = self._forge.repositories.by_id(int(key.partition("/")[0]))
        if repository is None:
            self.store.forget_event(key)
            return []
        return await self._start(repository, cause, key)

    async def _start(self, repository: Repository, cause: Cause, key: str) -> list[Run]:
        runs = await self.starter.start(repository, cause, key)
        for run in runs:
            if run.status != COMPLETED:
                self.engine.add(run)
        self.engine.pump()
        return runs

    async def dispatch(self, repository: Repository, cause: Cause) -> list[Run]:
        """Start the runs of an event at once, such as a manual one."""
        async with self._busy:
            return await self._start(repository, cause, "")

    def cancel(self, run: Run) -> bool:
        """Cancel a run; say whether it had not ended."""
        with self._forge.transaction():
            found = self.engine.cancel(run)
        self.engine.pump()
        return found

    def review(self, run: Run, environments: list[str], review: dict[str, Any]) -> list[JobRun]:
        """Approve or reject the jobs of a run that wait for environments."""
        with self._forge.transaction():
            jobs = self.engine.approve(run, environments, review)
        self.engine.pump()
        return jobs

    def rerun(self, run: Run, login: str, chosen: Callable[[JobRun], bool]) -> None:
        """Begin a new attempt of a run that has ended.

        Args:
            run: the run.
            login: who asked for it.
            chosen: says which jobs of the latest attempt run again; those that need one of them
                do so too, the others keep their results.
        """
        with self._forge.transaction():
            begin_attempt(self._forge, self.store, run, login, chosen)
            self.engine.add(run)
        self.engine.pump()

    def delete(self, run: Run) -> None:
        """Forget a run that has ended, and remove its files."""
        self.store.delete_run(run)
        shutil.rmtree(self.files(run).root, ignore_errors=True)
