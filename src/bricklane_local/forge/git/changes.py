"""Every change of a branch or tag goes through here: judged, made, recorded and told exactly once.

The database holds the value of each ref that listeners were last told of. A change is announced in
the same transaction that records it, so whatever happened to the refs while nobody could write the
record (the server was killed) is found by comparing the two.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from bricklane_local.forge.git import history, refs
from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.failures import BadName, GitFailure, Refused, StaleRef
from bricklane_local.forge.git.model import (
    GHOST,
    HEADS,
    TAGS,
    Actor,
    Push,
    RefChange,
    Refusal,
)
from bricklane_local.forge.git.names import check_ref, is_misleading
from bricklane_local.store.database import Database

LOGGER = logging.getLogger(__name__)
REF, PENDING = "git_ref", "git_push"
RECORDED = (HEADS, TAGS)


class Rules(Protocol):
    """Decides which refs may change."""

    async def refuse(self, push: Push, bare: Bare) -> Sequence[Refusal]:
        """Return why a push may not happen; nothing when it may.

        Args:
            push: who wants to change what; its objects are readable with :func:`quarantined`.
            bare: the repository.
        """


class Listener(Protocol):
    """Is told of changes that happened."""

    def refs_changed(self, push: Push) -> None:
        """Note a change, inside the transaction that records it: no awaiting, no git."""

    async def refs_settled(self, push: Push) -> None:
        """Act on a change that is recorded; not called again when the server dies meanwhile."""


def quarantined(push: Push, bare: Bare) -> dict[str, str]:
    """Return the environment in which git sees what a push brings before it takes effect."""
    if not push.objects:
        return {}
    return {
        "GIT_OBJECT_DIRECTORY": push.objects,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(bare.folder / "objects"),
    }


class Changes:
    """Changes refs of all repositories of one forge.

    Args:
        database: where the record is.
        rules: decides.
        listener: is told.
    """

    def __init__(self, database: Database, rules: Rules, listener: Listener) -> None:
        self._database = database
        self._space = database.space("forge-git")
        self._rules = rules
        self._listener = listener
        self._locks: dict[int, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[Push]] = set()

    @contextlib.asynccontextmanager
    async def alone(self, repository: int) -> AsyncIterator[None]:
        """Let nobody else change refs of the repository inside the block."""
        lock = self._locks.setdefault(repository, asyncio.Lock())
        async with lock:
            yield

    async def judge(self, push: Push, bare: Bare) -> Push:
        """Return ``push`` with its forced changes marked, when all of it may happen.

        Raises:
            Refused: when a rule forbids any of it.
        """
        check_names(push)
        extra = quarantined(push, bare)
        changes = [replace(row, forced=await _forced(bare, row, extra)) for row in push.changes]
        judged = replace(push, changes=tuple(changes))
        refusals = tuple(await self._rules.refuse(judged, bare))
        if refusals:
            raise Refused(refusals)
        return judged

    def begin(self, push: Push) -> None:
        """Remember who is about to change what, for the case that the server dies meanwhile."""
        self._space.put(PENDING, push.id, push.body(), parent=str(push.repository))

    async def settle(self, push: Push, bare: Bare) -> Push:
        """Record and announce what of a push took effect, and return that part.

        To be called by whoever holds :meth:`alone`, after git has done what it could.
        """
        real = await refs.read(bare, [row.ref for row in push.changes])
        done = replace(
            push,
            changes=tuple(row for row in push.changes if self._happened(push, row, real[row.ref])),
        )
        with self._database.transaction():
            self._space.delete(PENDING, push.id)
            self._record(done)
        return done

    def _happened(self, push: Push, row: RefChange, now: str | None) -> bool:
        if now != row.after or now == row.before:
            return False
        return not row.ref.startswith(RECORDED) or self._known(push.repository, row.ref) != now

    def _known(self, repository: int, ref: str) -> str | None:
        body = self._space.get(REF, f"{repository}:{ref}")
        return None if body is None else str(body["sha"])

    def _record(self, push: Push) -> None:
        told = tuple(row for row in push.changes if row.ref.startswith(RECORDED))
        for row in told:
            key = f"{push.repository}:{row.ref}"
            if row.after is None:
                self._space.delete(REF, key)
            else:
                body = {"ref": row.ref, "sha": row.after}
                self._space.put(REF, key, body, parent=str(push.repository))
        if told:
            self._listener.refs_changed(replace(push, changes=told))

    async def announce(self, push: Push) -> None:
        """Let the listener act on what was recorded; its failure is logged, the change stands."""
        told = tuple(row for row in push.changes if row.ref.startswith(RECORDED))
        if not told:
            return
        try:
            await self._listener.refs_settled(replace(push, changes=told))
        except Exception:
            LOGGER.exception("acting on push %s to repository %s failed", push.id, push.repository)

    async def change(
        self, bare: Bare, actor: Actor, changes: Iterable[RefChange], *, ruled: bool = False
    ) -> Push:
        """Change refs, all or none.

        Args:
            bare: the repository.
            actor: who wants it.
            changes: each with the value that the caller believes the ref to have.
            ruled: whether the caller has asked the rules already.

        Raises:
            StaleRef: when a ref has another value.
            Refused: when a rule forbids it.
            GitFailure: when git cannot do it.
        """
        push = Push(new_id(), bare.id, actor, tuple(changes))
        task = asyncio.create_task(self._change(bare, push, ruled=ruled))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A client that goes away does not stop a change half way.
        return await asyncio.shield(task)

    async def _change(self, bare: Bare, push: Push, *, ruled: bool) -> Push:
        async with self.alone(bare.id):
            real = await refs.read(bare, [row.ref for row in push.changes])
            for row in push.changes:
                if real[row.ref] != row.before:
                    raise StaleRef(_stale(row, real[row.ref]))
            if not ruled:
                push = await self.judge(push, bare)
            else:
                check_names(push)
            self.begin(push)
            failure = None
            try:
                await refs.write(bare, push.changes)
            except GitFailure as error:
                failure = error
            done = await self.settle(push, bare)
        await self.announce(done)
        if failure is not None:
            raise failure
        return done

    async def reconcile(self, repositories: Iterable[Bare]) -> None:
        """Announce what changed while nobody could record it; to be called before serving."""
        for bare in repositories:
            for document in self._space.select(PENDING, parent=str(bare.id)):
                push = await self.settle(Push.load(document.body), bare)
                await self.announce(push)
            await self.adopt(bare, GHOST)
        for document in self._space.select(PENDING):  # of repositories that are gone
            self._space.delete(PENDING, document.key)

    async def adopt(self, bare: Bare, actor: Actor, *, told: bool = True) -> Push:
        """Record the refs as they are, whoever made them.

        Args:
            bare: the repository.
            actor: whom to name for the differences.
            told: whether listeners learn of them.
        """
        rows = self._space.select(REF, parent=str(bare.id))
        known = {row.body["ref"]: str(row.body["sha"]) for row in rows}
        real = await refs.values(bare, *RECORDED)
        changes = []
        for ref in sorted({*known, *real}):
            before, after = known.get(ref), real.get(ref)
            if before != after:
                row = RefChange(ref, before, after)
                changes.append(replace(row, forced=await _forced(bare, row, {})))
        push = Push(new_id(), bare.id, actor, tuple(changes))
        if changes:
            self._adopt(push, told=told)
            if told:
                await self.announce(push)
        return push

    def _adopt(self, push: Push, *, told: bool) -> None:
        with self._database.transaction():
            if told:
                self._record(push)
                return
            for row in push.changes:
                body = {"ref": row.ref, "sha": row.after}
                self._space.put(
                    REF, f"{push.repository}:{row.ref}", body, parent=str(push.repository)
                )

    def forget(self, repository: int) -> None:
        """Drop the record of a repository that is deleted."""
        with self._database.transaction():
            self._space.delete_children(REF, str(repository))
            self._space.delete_children(PENDING, str(repository))
        self._locks.pop(repository, None)

    async def finish(self) -> None:
        """Wait for changes that are being made."""
        await asyncio.gather(*self._tasks, return_exceptions=True)


def new_id() -> str:
    """Return an id that no other push has."""
    return secrets.token_hex(12)


async def _forced(bare: Bare, row: RefChange, extra: dict[str, str]) -> bool:
    if row.before is None or row.after is None:
        return False
    if row.branch is None:
        return True
    try:
        if not extra and row.before in (await history.commit(bare, row.after)).parents:
            return False
        return not await history.is_ancestor(bare, row.before, row.after, extra)
    except GitFailure:
        return True  # a side that is no commit, or not there, is no ancestor


def check_names(push: Push) -> None:
    """Check the names of all refs.

    Raises:
        Refused: when one is none, or would mislead.
    """
    for row in push.changes:
        try:
            check_ref(row.ref)
        except BadName as error:
            raise Refused((Refusal(ascii(row.ref), "", (ascii(error.message),)),)) from None
        if not row.ref.isprintable():
            reason = "the name has characters that cannot be shown"
            raise Refused((Refusal(ascii(row.ref), "", (reason,)),))
        if row.after is not None and is_misleading(row.ref):
            reason = "names that begin with refs/ or are those of commits are not allowed"
            raise Refused((Refusal(row.ref, "GH002", (reason,)),))


def _stale(row: RefChange, now: str | None) -> str:
    return f"{row.ref} is at {now or 'nothing'}, not at {row.before or 'nothing'}"
