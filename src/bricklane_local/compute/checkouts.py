"""Commits of git repositories in the workspace tree, for the runs whose code lies in one.

A commit is a folder below ``/Repos/.internal``, as on the platform: imports, ``%run`` and files
beside the code work as in any other folder. Only the run's principal, by whose git credential it
was fetched, can read it, and nobody can change it; so later runs of the same commit take it as it
is. A run keeps to the commit that its first task has found.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.principals import Principal
from bricklane_local.jobs.git_source import REFERENCES
from bricklane_local.permissions.access import CHECKOUTS, READ
from bricklane_local.resources.repos.checkout import Wanted, fetch, head_of
from bricklane_local.resources.repos.content import put_files
from bricklane_local.resources.settings.git_credentials import provider, token_for

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.jobs.execution import Attempt

# So many commits of a repository are kept for one principal; those in use besides.
KEPT = 5


class CheckoutError(Exception):
    """The code of a task cannot be had from its repository."""


class Checkouts:
    """The checked out commits of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._locks: dict[str, asyncio.Lock] = {}
        self._used: Counter[str] = Counter()

    @asynccontextmanager
    async def of(self, attempt: Attempt, principal: Principal) -> AsyncIterator[Attempt]:
        """Check out what an attempt needs, which stays until the block ends.

        Args:
            attempt: at a task of any type.
            principal: as whom the run acts.

        Yields:
            The attempt, whose task names its code where it lies now.

        Raises:
            CheckoutError: when git cannot fetch it.
        """
        git = attempt.kind.git
        settings = attempt.run.settings
        if git is None or not git.means_git(attempt.body, settings):
            yield attempt
            return
        folder = await self._folder(attempt, settings["git_source"], principal)
        self._used[folder] += 1
        try:
            body = git.below(attempt.body, f"/Workspace{folder}")
            resolved = attempt.task | {attempt.kind.name: body}
            yield replace(attempt, task_run=replace(attempt.task_run, resolved=resolved))
        finally:
            self._used[folder] -= 1

    async def _folder(self, attempt: Attempt, source: dict[str, Any], principal: Principal) -> str:
        wanted = self._wanted(source, principal)
        key = f"{wanted.url}\n{wanted.patterns}\n{principal.user_name}"
        parent = f"{CHECKOUTS}/{hashlib.sha256(key.encode()).hexdigest()[:16]}_commits"
        # The tasks of a run ask at the same time: the first finds the commit, the others use it.
        async with self._locks.setdefault(parent, asyncio.Lock()):
            try:
                commit = attempt.driver.run.git_commit or await head_of(wanted)
                folder = f"{parent}/{commit}"
                if self._workspace.objects.find(folder) is None:
                    await self._fetch(replace(wanted, commit=commit), folder, principal)
            except ApiError as error:
                raise CheckoutError(error.message) from None
            if not attempt.driver.run.git_commit:
                attempt.driver.save(git_commit=commit)
            self._prune(parent, folder)
        return folder

    def _wanted(self, source: dict[str, Any], principal: Principal) -> Wanted:
        reference = next(str(source[name]) for name in REFERENCES if source.get(name))
        by_commit = bool(source.get("git_commit"))
        return Wanted(
            str(source["git_url"]),
            "" if by_commit else reference,
            tuple((source.get("sparse_checkout") or {}).get("patterns") or ()),
            token_for(self._workspace, principal, provider(str(source["git_provider"]))),
            commit=reference if by_commit else "",
        )

    async def _fetch(self, wanted: Wanted, folder: str, principal: Principal) -> None:
        checkout = await fetch(wanted)
        workspace, cloud = self._workspace, self._workspace.cloud
        entry = {principal.kind.value: principal.user_name, "permission_level": READ}
        with cloud.database.transaction():
            workspace.objects.make_directories(folder, cloud.administrator)
            made = workspace.objects.get(folder)
            workspace.permissions.grant_at_creation(
                "directories", made.acl_id, cloud.administrator, [entry]
            )
            put_files(workspace, folder, checkout.files, cloud.administrator)

    def _prune(self, parent: str, present: str) -> None:
        commits = sorted(self._workspace.objects.children(parent), key=lambda c: c.object_id)
        for old in commits[:-KEPT]:
            if old.path != present and not self._used[old.path]:
                self._workspace.objects.delete(old.path, recursive=True)
