"""One forge: its state, and one service for each API family."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import Any
from weakref import WeakValueDictionary

import orjson

from bricklane_local.files import write_atomically
from bricklane_local.forge.access import GitAccess
from bricklane_local.forge.actions.service import Actions
from bricklane_local.forge.actions.settings import ActionsSettings
from bricklane_local.forge.checks.service import Checks, Statuses
from bricklane_local.forge.deployments.service import Deployments
from bricklane_local.forge.environments.service import Environments
from bricklane_local.forge.events import Event, Events
from bricklane_local.forge.git.http import GitHttp
from bricklane_local.forge.git.service import Git
from bricklane_local.forge.issues.service import Issues
from bricklane_local.forge.oidc.service import Oidc
from bricklane_local.forge.paths import ForgePaths
from bricklane_local.forge.pulls.service import Pulls
from bricklane_local.forge.pushes import Pushes
from bricklane_local.forge.releases.service import Releases
from bricklane_local.forge.repositories.lifecycle import mend
from bricklane_local.forge.repositories.model import Repository
from bricklane_local.forge.repositories.service import Repositories
from bricklane_local.forge.repositories.wire import repository_wire
from bricklane_local.forge.rules.service import Rules
from bricklane_local.forge.secrets.service import Secrets, Variables
from bricklane_local.forge.users.model import Caller, User
from bricklane_local.forge.users.service import Users, wire
from bricklane_local.forge.webhooks.service import Webhooks
from bricklane_local.store.blobs import Blobs
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database


class Forge:
    """The state of one forge and everything that acts on it.

    Args:
        database: of the cloud; the forge has the space ``forge`` of it.
        blobs: of the cloud; release assets are kept there.
        clock: of the cloud.
        paths: the forge's folders.
        url: where it answers, without a slash at the end; never stored, it may change.
        actions: what jobs run with.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        paths: ForgePaths,
        url: str,
        actions: ActionsSettings | None = None,
    ) -> None:
        paths.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.database = database
        self.space = database.space("forge")
        self.blobs = blobs
        self.clock = clock
        self.paths = paths
        self.url = url
        self.events = Events()
        self.users = Users(self.space, clock)
        self.repositories = Repositories(self.space, clock, self.users)
        self.rules = Rules(self)
        self.pushes = Pushes(self)
        self.git = Git(paths.git, database, self.rules, self.pushes)
        self.git_http = GitHttp(self.git.backend, GitAccess(self))
        self.issues = Issues(self)
        self.pulls = Pulls(self)
        self.statuses = Statuses(self)
        self.checks = Checks(self)
        self.releases = Releases(self)
        self.environments = Environments(self)
        self.deployments = Deployments(self)
        self.secrets = Secrets(self)
        self.variables = Variables(self)
        self.oidc = Oidc(self)
        self.webhooks = Webhooks(self)
        self.events.subscribe(self.webhooks.on_event)
        self.actions = Actions(self, actions)
        self.events.subscribe(self.actions.on_event)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @property
    def api(self) -> str:
        """The URL of the REST API."""
        return f"{self.url}/api/v3"

    async def start(self) -> None:
        """Bring interrupted work to a clear state and begin what runs in the background."""
        await self.git.start()
        await mend(self)
        await self.pushes.start()
        self.pulls.merging.forget_notes()
        self.write_credentials()
        await self.webhooks.start()
        await self.actions.start()

    async def stop(self) -> None:
        """End all background work and every child process."""
        await self.actions.stop()
        await self.webhooks.stop()
        await self.git.stop()

    def next_id(self) -> int:
        """Return an id that nothing on this forge has; ids only grow."""
        return self.database.next_number("forge_object", first=1_000_001)

    def transaction(self) -> AbstractContextManager[None]:
        """Make all writes of a block durable together; the block must not await."""
        return self.database.transaction()

    def lock(self, repository: int) -> asyncio.Lock:
        """Return the lock of a repository, for what awaits between reading and writing."""
        return self._locks.setdefault(repository, asyncio.Lock())

    def user(self, login: str) -> dict[str, Any]:
        """Return the account called ``login`` as the API shows it."""
        return wire(self.users.known(login), self.url, self.api)

    def publish(
        self,
        kind: str,
        repository: Repository,
        actor: Caller,
        payload: dict[str, Any],
        *,
        ref: str = "",
        sha: str = "",
    ) -> None:
        """Tell webhooks and workflows what happened; call it inside the change's transaction.

        Args:
            kind: the event's name.
            repository: where.
            actor: who.
            payload: what only this event carries; repository and sender are added.
            ref: full name of the ref that a workflow would run on, if it is known.
            sha: likewise its commit.
        """
        whole = payload | {
            "repository": repository_wire(self, repository),
            "sender": wire(actor.user, self.url, self.api),
        }
        self.events.publish(Event(kind, repository, actor, whole, ref, sha))

    def write_credentials(self) -> None:
        """Write where the forge is and a token for each person that exists from the start.

        Tokens that clients already have are kept.
        """
        path = self.paths.credentials
        present: dict[str, str] = {}
        if path.exists():
            try:
                present = dict(orjson.loads(path.read_bytes())["users"])
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
                present = {}
        tokens = {
            user.login: self._token(user, present.get(user.login, ""))
            for user in (self.users.owner, self.users.reviewer)
        }
        record = {"url": self.url, "api": self.api, "users": tokens}
        write_atomically(path, orjson.dumps(record, option=orjson.OPT_INDENT_2))

    def _token(self, user: User, present: str) -> str:
        if present and self.users.is_valid(present):
            return present
        return self.users.issue_token(user, "bricklane local")
