"""Git for one forge: its repositories, their changes, and what serves git's clients."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from bricklane_local.forge.git import gate, refs
from bricklane_local.forge.git.backend import Backend
from bricklane_local.forge.git.bare import HOOKS, Bare, Repositories
from bricklane_local.forge.git.changes import Changes, Listener, Rules
from bricklane_local.forge.git.failures import GitFailure
from bricklane_local.forge.git.model import GHOST, Actor, Push, RefChange
from bricklane_local.forge.git.process import Processes, check_version
from bricklane_local.store.database import Database

LOGGER = logging.getLogger(__name__)
TIDY = ("-c", "gc.auto=2000", "-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")


class Git:
    """Everything that the forge does with git.

    Args:
        folder: of the bare repositories.
        database: of the cloud; git has the space ``forge-git`` of it.
        rules: decides which refs may change.
        listener: is told of those that did.
    """

    def __init__(self, folder: Path, database: Database, rules: Rules, listener: Listener) -> None:
        self._folder = folder
        self._processes = Processes()
        self.repositories = Repositories(folder, self._processes)
        self.changes = Changes(database, rules, listener)
        self.backend = Backend(self.repositories, self._processes, self.changes)
        self._tidying: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Announce what changed while no server was there to record it.

        Raises:
            LocalError: when git is absent or too old.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await check_version(self._processes, self._folder)
        gate.install(self._folder / HOOKS)
        self.repositories.sweep()
        await self.backend.await_orphans()
        await self.changes.reconcile(self.repositories.all())
        self._tidying = asyncio.create_task(self._tidy())

    async def _tidy(self) -> None:
        """Pack what has become many loose objects; git itself decides which repositories need it.

        Objects that no ref reaches are kept for two weeks, as always with git: what is being pushed
        or merged meanwhile is never taken.
        """
        for bare in self.repositories.all():
            try:
                await bare.git(*TIDY)
            except GitFailure as failure:
                LOGGER.warning("repository %s was not tidied: %s", bare.id, failure.message)

    async def stop(self) -> None:
        """Let changes that were accepted end, and end every child."""
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.gather(self._tidying, return_exceptions=True)
        await self.backend.stop()
        await self.changes.finish()
        self.repositories.readers.stop()
        await self._processes.stop()

    def repository(self, repository: int) -> Bare:
        """Return a repository.

        Raises:
            MissingObject: when there is none of this number.
        """
        return self.repositories.get(repository)

    async def create(self, repository: int, default_branch: str) -> Bare:
        """Make an empty repository; one that is there already is returned as it is."""
        return await self.repositories.create(repository, default_branch)

    async def delete(self, repository: int) -> None:
        """Remove a repository; one that is gone already is no error."""
        async with self.changes.alone(repository):
            self.repositories.readers.close(self.repositories.path(repository))
            await asyncio.to_thread(self.repositories.delete, repository)
            self.changes.forget(repository)

    async def fork(self, source: int, target: int, default_branch: str) -> Bare:
        """Make a repository with the branches and tags of another; nobody is told of them.

        Args:
            source: number of the one to copy.
            target: number of the new one.
            default_branch: of the new one.
        """
        origin = self.repository(source)
        bare = await self.create(target, default_branch)
        wanted = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        async with self.changes.alone(target):
            await bare.git("fetch", "--quiet", "--no-tags", str(origin.folder), *wanted)
            await self.changes.adopt(bare, GHOST, told=False)
        return bare

    async def change_refs(
        self,
        repository: int,
        actor: Actor,
        changes: Iterable[RefChange],
        *,
        ruled: bool = False,
    ) -> Push:
        """Change refs, all or none, and tell of it; see :meth:`Changes.change`."""
        return await self.changes.change(self.repository(repository), actor, changes, ruled=ruled)

    async def set_head(self, repository: int, branch: str) -> None:
        """Make ``branch`` the one that a clone checks out."""
        await refs.set_head(self.repository(repository), branch)
