"""Keeps webhooks, and sends them what happens.

A delivery is stored in the transaction of the event itself and sent afterwards, so none is lost
when the server dies; a receiver may then see one twice, by the same GUID.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from bricklane_local.forge.errors import custom, invalid, not_found
from bricklane_local.forge.events import Event
from bricklane_local.forge.records import Records
from bricklane_local.forge.webhooks.model import PENDING, Delivery, Hook
from bricklane_local.forge.webhooks.sending import Outcome, is_address, send

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller

LOGGER = logging.getLogger(__name__)
HOOKS_LIMIT = 20  # of one repository
KEPT = 100  # deliveries of one webhook
# Pauses before the second and the third attempt, in milliseconds.
PAUSES = (1_000, 5_000)


class Webhooks:
    """The webhooks of all repositories.

    Args:
        forge: the state.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge
        self._hooks = Records(forge.space, "forge_hook", Hook)
        self._deliveries = Records(forge.space, "forge_delivery", Delivery)
        self._pending: set[str] = set()
        self._news = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up the deliveries that were under way, and send from now on."""
        for document in self._forge.space.select("forge_delivery"):
            if document.body["status"] == PENDING:
                self._pending.add(document.key)
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Send no more; what is under way is taken up by the next start."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    # Webhooks

    def all(self, repository: Repository) -> list[Hook]:
        """Return the webhooks of a repository, oldest first."""
        return self._hooks.under(repository.parent)

    def get(self, repository: Repository, number: int) -> Hook:
        """Return one webhook.

        Raises:
            ForgeApiError: 404.
        """
        return self._hooks.get(f"{repository.id}/{number}")

    def create(self, repository: Repository, caller: Caller, values: dict[str, Any]) -> Hook:
        """Make a webhook, and send it a ping.

        Args:
            repository: whose events.
            caller: who makes it.
            values: fields of :class:`Hook`, the secret clear.

        Raises:
            ForgeApiError: 422 when there are too many, or a value is not allowed.
        """
        if len(self.all(repository)) >= HOOKS_LIMIT:
            raise custom("Hook", f"The maximum number of hooks has been reached: {HOOKS_LIMIT}")
        now = self._forge.clock.now()
        usual: dict[str, Any] = {
            "content_type": "form",
            "secret": "",
            "insecure_ssl": "0",
            "events": ["push"],
            "active": True,
        }
        hook = Hook(
            id=self._forge.next_id(), created_at=now, updated_at=now, **self._sealed(usual | values)
        )
        with self._forge.transaction():
            self._store(repository, hook)
            self.ping(repository, caller, hook)
        return hook

    def update(self, repository: Repository, hook: Hook, values: dict[str, Any]) -> Hook:
        """Change a webhook; see :meth:`create`."""
        changed = replace(hook, updated_at=self._forge.clock.now(), **self._sealed(values))
        return self._store(repository, changed)

    def _sealed(self, values: dict[str, Any]) -> dict[str, Any]:
        secret = values.get("secret")
        if not secret:
            return values
        return values | {"secret": self._forge.secrets.keys.encrypted(secret.encode())}

    def _store(self, repository: Repository, hook: Hook) -> Hook:
        if not is_address(hook.url):
            raise invalid("Hook", "url")
        if not hook.events:
            raise invalid("Hook", "events", "missing_field")
        key = f"{repository.id}/{hook.id}"
        return self._hooks.put(key, hook, parent=repository.parent, position=hook.id)

    def delete(self, repository: Repository, number: int) -> None:
        """Remove a webhook with its deliveries.

        Raises:
            ForgeApiError: 404.
        """
        self.get(repository, number)
        with self._forge.transaction():
            self._deliveries.remove_under(f"{repository.id}/{number}")
            self._hooks.remove(f"{repository.id}/{number}")

    def ping(self, repository: Repository, caller: Caller, hook: Hook) -> None:
        """Send a webhook a ping."""
        from bricklane_local.forge.repositories.wire import repository_wire
        from bricklane_local.forge.webhooks.wire import hook_wire

        payload = {
            "zen": "Practicality beats purity.",
            "hook_id": hook.id,
            "hook": hook_wire(self._forge, repository, hook),
            "repository": repository_wire(self._forge, repository),
            "sender": self._forge.user(caller.user.login),
        }
        self._enqueue(repository, hook, "ping", payload)

    # Deliveries

    def on_event(self, event: Event) -> None:
        """Store a delivery for each webhook that wants an event; inside its transaction."""
        for hook in self.all(event.repository):
            if hook.active and ("*" in hook.events or event.kind in hook.events):
                self._enqueue(event.repository, hook, event.kind, event.payload)

    def _enqueue(
        self, repository: Repository, hook: Hook, kind: str, payload: dict[str, Any]
    ) -> None:
        delivery = Delivery(
            self._forge.next_id(),
            hook.id,
            str(uuid.uuid4()),
            kind,
            str(payload.get("action", "")),
            orjson.dumps(payload).decode(),
        )
        self._keep(repository, delivery)
        for old in self.deliveries(repository, hook.id)[KEPT:]:
            self._deliveries.remove(f"{repository.id}/{old.id}")

    def _keep(self, repository: Repository, delivery: Delivery) -> None:
        key = f"{repository.id}/{delivery.id}"
        parent = f"{repository.id}/{delivery.hook}"
        self._deliveries.put(key, delivery, parent=parent, position=delivery.id)
        if delivery.status == PENDING:
            self._pending.add(key)
            self._news.set()

    def deliveries(self, repository: Repository, hook: int) -> list[Delivery]:
        """Return what was sent to a webhook, newest first."""
        return self._deliveries.under(f"{repository.id}/{hook}", descending=True)

    def delivery(self, repository: Repository, hook: int, number: int) -> Delivery:
        """Return one delivery.

        Raises:
            ForgeApiError: 404.
        """
        found = self._deliveries.get(f"{repository.id}/{number}")
        if found.hook != hook:
            raise not_found()
        return found

    def redeliver(self, repository: Repository, delivery: Delivery) -> None:
        """Send a delivery once more, as a new one with the same GUID."""
        again = Delivery(
            self._forge.next_id(),
            delivery.hook,
            delivery.guid,
            delivery.event,
            delivery.action,
            delivery.payload,
            redelivery=True,
        )
        self._keep(repository, again)

    async def _work(self) -> None:
        while True:
            pause = await self._round()
            self._news.clear()
            if self._due(self._forge.clock.now()):
                continue
            try:
                await asyncio.wait_for(self._news.wait(), pause)
            except TimeoutError:
                continue

    def _due(self, now: int) -> list[str]:
        found = []
        for key in sorted(self._pending, key=lambda item: int(item.partition("/")[2])):
            delivery = self._deliveries.find(key)
            if delivery is None or delivery.status != PENDING:
                self._pending.discard(key)
            elif delivery.due <= now:
                found.append(key)
        return found

    async def _round(self) -> float | None:
        """Try what is due; return the seconds until something else is, None for never."""
        for key in self._due(self._forge.clock.now()):
            await self._attempt(key)
        moments = [found.due for key in self._pending if (found := self._deliveries.find(key))]
        if not moments:
            return None
        return max(0.01, (min(moments) - self._forge.clock.now()) / 1000)

    async def _attempt(self, key: str) -> None:
        delivery = self._deliveries.find(key)
        hook = None
        if delivery is not None:
            hook = self._hooks.find(f"{key.partition('/')[0]}/{delivery.hook}")
        if delivery is None or hook is None:
            self._pending.discard(key)
            return
        keys = self._forge.secrets.keys
        secret = keys.decrypted(hook.secret).decode() if hook.secret else ""
        outcome = await asyncio.to_thread(send, hook, delivery, secret)
        self._note(key, delivery, outcome)

    def _note(self, key: str, delivery: Delivery, outcome: Outcome) -> None:
        attempts, now = delivery.attempts + 1, self._forge.clock.now()
        again = outcome.status != "OK" and attempts <= len(PAUSES)
        changed = replace(
            delivery,
            status=PENDING if again else outcome.status,
            code=outcome.code,
            attempts=attempts,
            due=now + PAUSES[attempts - 1] if again else 0,
            delivered_at=now,
            duration=outcome.duration,
            sent=outcome.sent,
            received=outcome.received,
            answer=outcome.answer,
        )
        place = f"{key.partition('/')[0]}/{delivery.hook}"
        with self._forge.transaction():
            self._deliveries.update(key, changed)
            # As it is now: it may have been changed or deleted while the delivery was under way.
            hook = self._hooks.find(place)
            if hook is not None:
                told = replace(hook, last_code=outcome.code, last_message=outcome.status)
                self._hooks.update(place, told)
        if not again:
            self._pending.discard(key)
