"""Turns changes of refs into events, and brings pull requests in step with them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from bricklane_local.forge.actors import caller_of
from bricklane_local.forge.git import history, refs
from bricklane_local.forge.git.failures import GitFailure
from bricklane_local.forge.git.history import Selection
from bricklane_local.forge.git.model import ZERO, CommitData, Push, RefChange
from bricklane_local.forge.git.wire import Wire

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

PUSH = "forge_push"
COMMITS_LIMIT = 2048  # of one push, as on GitHub


class Pushes:
    """Listens to git.

    What changed is noted in the transaction that records it, and the note goes when its events are
    published; so a push whose server died is told of after the restart, once.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def refs_changed(self, push: Push) -> None:
        """Note a change, inside the transaction that records it."""
        repository = self._forge.repositories.by_id(push.repository)
        if repository is None:
            return
        caller = caller_of(self._forge, push.actor)
        for change in push.changes:
            self._forge.pulls.merging.landed(repository, change, caller)
        self._forge.repositories.save(repository, pushed_at=self._forge.clock.now())
        position = self._forge.next_id()
        self._forge.space.put(
            PUSH, push.id, push.body(), parent=repository.parent, position=position
        )

    async def refs_settled(self, push: Push) -> None:
        """Tell of a change, and bring pull requests in step."""
        await self._tell(push.id)

    async def start(self) -> None:
        """Tell of the pushes that a death of the server left untold."""
        for document in self._forge.space.select(PUSH):
            await self._tell(document.key)

    async def _tell(self, key: str) -> None:
        body = self._forge.space.get(PUSH, key)
        if body is None:
            return
        push = Push.load(body)
        lock = self._locks.setdefault(push.repository, asyncio.Lock())
        async with lock:
            repository = self._forge.repositories.by_id(push.repository)
            if repository is not None:
                caller = caller_of(self._forge, push.actor)
                repository = await self._adopt_default(repository, push)
                await self._publish(repository, caller, push, key)
                for change in push.changes:
                    await self._forge.pulls.syncing.branch_changed(repository, change, caller)
            self._forge.space.delete(PUSH, key)

    async def _adopt_default(self, repository: Repository, push: Push) -> Repository:
        """Make the first branch of an empty repository the default one, as GitHub does."""
        bare = self._forge.git.repository(repository.id)
        if await refs.branch(bare, repository.default_branch) is not None:
            return repository
        branches = await refs.branches(bare)
        if not branches:
            return repository
        pushed = [change.branch for change in push.changes if change.branch in branches]
        if len(branches) != len(pushed) or not pushed[0]:
            return repository
        await self._forge.git.set_head(repository.id, pushed[0])
        return self._forge.repositories.save(repository, default_branch=pushed[0])

    async def _publish(self, repository: Repository, caller: Caller, push: Push, key: str) -> None:
        payloads = [
            (change, await self._payload(repository, caller, change)) for change in push.changes
        ]
        with self._forge.transaction():
            body = self._forge.space.get(PUSH, key)
            if body is None or body.get("told"):
                return
            self._forge.space.update(PUSH, key, body | {"told": True})
            for change, payload in payloads:
                self._announce(repository, caller, change, payload)

    def _announce(
        self, repository: Repository, caller: Caller, change: RefChange, payload: dict[str, Any]
    ) -> None:
        short = {
            "ref": change.branch or change.tag or change.ref,
            "ref_type": "branch" if change.branch else "tag",
            "pusher_type": "user",
        }
        if change.before is None:
            created = short | {"master_branch": repository.default_branch}
            self._forge.publish(
                "create", repository, caller, created, ref=change.ref, sha=change.after or ""
            )
        if change.after is None:
            self._forge.publish("delete", repository, caller, short, ref=change.ref)
        self._forge.publish(
            "push", repository, caller, payload, ref=change.ref, sha=change.after or ""
        )

    async def _payload(
        self, repository: Repository, caller: Caller, change: RefChange
    ) -> dict[str, Any]:
        wire = Wire(self._forge, repository)
        commits = await self._commits(repository, change)
        rows = [_commit(wire, item) for item in commits]
        before, after = change.before or ZERO, change.after or ZERO
        return {
            "ref": change.ref,
            "before": before,
            "after": after,
            "base_ref": None,
            "created": change.before is None,
            "deleted": change.after is None,
            "forced": change.forced,
            "compare": f"{wire.page}/compare/{before[:12]}...{after[:12]}",
            "commits": rows,
            "head_commit": rows[-1] if rows and change.after else None,
            "pusher": {"name": caller.user.login, "email": caller.user.email},
        }

    async def _commits(self, repository: Repository, change: RefChange) -> list[CommitData]:
        """Return the commits that a change adds to its ref, oldest first; at least the new head."""
        if change.after is None:
            return []
        bare = self._forge.git.repository(repository.id)
        exclude: tuple[str, ...] = () if change.before is None else (change.before,)
        if change.before is None and change.branch is not None:
            known = await refs.branches(bare)
            exclude = tuple({sha for name, sha in known.items() if name != change.branch})
        try:
            head = await refs.resolve(bare, change.after)
            names = await history.shas(bare, Selection((head,), exclude, limit=COMMITS_LIMIT))
            return await history.load(bare, list(reversed(names or [head])))
        except GitFailure:
            return []  # a tag of something that is no commit


def _commit(wire: Wire, commit: CommitData) -> dict[str, Any]:
    author, committer = wire.account(commit.author), wire.account(commit.committer)
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message.rstrip("\n"),
        "timestamp": commit.committer.date.isoformat(),
        "url": f"{wire.page}/commit/{commit.sha}",
        "author": {
            "name": commit.author.name,
            "email": commit.author.email,
            **({"username": author["login"]} if author else {}),
        },
        "committer": {
            "name": commit.committer.name,
            "email": commit.committer.email,
            **({"username": committer["login"]} if committer else {}),
        },
    }
