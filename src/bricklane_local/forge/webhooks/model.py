"""Webhooks and their deliveries as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field

PENDING = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of a repository.

    Args:
        id: number on the whole forge.
        url: where deliveries go.
        content_type: ``json`` or ``form``.
        secret: that deliveries are signed with, encrypted; empty for none.
        insecure_ssl: ``0`` or ``1``: whether certificates are not checked.
        events: kinds of events, or ``*``.
        active: whether anything is sent.
        created_at: milliseconds since the epoch.
        updated_at: likewise.
        last_code: HTTP status of the last delivery; 0 before the first.
        last_message: what became of it.
    """

    id: int
    url: str
    content_type: str
    secret: str
    insecure_ssl: str
    events: list[str]
    active: bool
    created_at: int
    updated_at: int
    last_code: int = 0
    last_message: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a webhook.

    Args:
        id: number on the whole forge.
        hook: id of the webhook.
        guid: that the receiver tells redeliveries by.
        event: kind of the event.
        action: of the event, or empty.
        payload: what is sent, as JSON text.
        status: ``OK`` or what went wrong; empty while it is under way.
        code: HTTP status; 0 for none.
        attempts: how often it was tried.
        due: when it is tried next, milliseconds since the epoch.
        delivered_at: when it was tried last, likewise.
        duration: of the last attempt, in milliseconds.
        redelivery: whether somebody asked for it again.
        sent: headers that were sent.
        received: headers that came back.
        answer: body that came back, cut.
    """

    id: int
    hook: int
    guid: str
    event: str
    action: str
    payload: str
    status: str = PENDING
    code: int = 0
    attempts: int = 0
    due: int = 0
    delivered_at: int = 0
    duration: int = 0
    redelivery: bool = False
    sent: dict[str, str] = field(default_factory=dict)
    received: dict[str, str] = field(default_factory=dict)
    answer: str = ""
