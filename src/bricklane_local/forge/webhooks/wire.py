"""Webhooks and deliveries as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from bricklane_local.forge.times import moment
from bricklane_local.forge.webhooks.model import PENDING, Delivery, Hook

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

HIDDEN = "********"


def hook_wire(forge: Forge, repository: Repository, hook: Hook) -> dict[str, Any]:
    """Return a webhook; its secret is never shown."""
    url = f"{forge.api}/repos/{repository.full_name}/hooks/{hook.id}"
    config = {
        "url": hook.url,
        "content_type": hook.content_type,
        "insecure_ssl": hook.insecure_ssl,
        **({"secret": HIDDEN} if hook.secret else {}),
    }
    return {
        "type": "Repository",
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": config,
        "created_at": moment(hook.created_at),
        "updated_at": moment(hook.updated_at),
        "url": url,
        "test_url": f"{url}/tests",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {
            "code": hook.last_code or None,
            "status": "unused" if not hook.last_message else hook.last_message,
            "message": hook.last_message or None,
        },
    }


def delivery_wire(
    forge: Forge, repository: Repository, delivery: Delivery, *, whole: bool = False
) -> dict[str, Any]:
    """Return a delivery; ``whole`` adds what was sent and what came back."""
    name = repository.full_name
    body: dict[str, Any] = {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": moment(delivery.delivered_at) or moment(forge.clock.now()),
        "redelivery": delivery.redelivery,
        "duration": delivery.duration / 1000,
        "status": delivery.status if delivery.status != PENDING else "pending",
        "status_code": delivery.code,
        "event": delivery.event,
        "action": delivery.action or None,
        "installation_id": None,
        "repository_id": repository.id,
        "throttled_at": None,
        "url": f"{forge.api}/repos/{name}/hooks/{delivery.hook}/deliveries/{delivery.id}",
    }
    if whole:
        body |= {
            "request": {"headers": delivery.sent, "payload": orjson.loads(delivery.payload)},
            "response": {"headers": delivery.received, "payload": delivery.answer or None},
        }
    return body
