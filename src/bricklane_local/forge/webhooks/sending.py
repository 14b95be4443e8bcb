"""Sends one delivery.

Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries and
/en/webhooks/webhook-events-and-payloads#delivery-headers
"""

from __future__ import annotations

import hmac
import http.client
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from bricklane_local.forge.webhooks.model import Delivery, Hook

SECONDS = 10  # that a receiver has to answer
ANSWER_LIMIT = 16 * 1024  # bytes of an answer that are kept


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt.

    Args:
        status: ``OK`` or what went wrong.
        code: HTTP status; 0 when there was no answer.
        duration: milliseconds.
        sent: headers that were sent.
        received: headers that came back.
        answer: body that came back, cut.
    """

    status: str
    code: int
    duration: int
    sent: dict[str, str]
    received: dict[str, str]
    answer: str


def headers_of(hook: Hook, delivery: Delivery, secret: str, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery, its signatures among them.

    Args:
        hook: where it goes.
        delivery: the delivery.
        secret: clear; empty for none.
        body: the bytes that are sent.
    """
    form = hook.content_type == "form"
    headers = {
        "User-Agent": "GitHub-Hookshot/bricklane",
        "Content-Type": "application/x-www-form-urlencoded" if form else "application/json",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-Type": "repository",
    }
    if secret:
        for header, kind in (("X-Hub-Signature", "sha1"), ("X-Hub-Signature-256", "sha256")):
            digest = hmac.new(secret.encode(), body, kind).hexdigest()
            headers[header] = f"{kind}={digest}"
    return headers


def send(hook: Hook, delivery: Delivery, secret: str) -> Outcome:
    """Send a delivery and return what became of it; takes at most some ``SECONDS``.

    Args:
        hook: where it goes.
        delivery: the delivery.
        secret: that it is signed with, clear; empty for none.
    """
    body = delivery.payload.encode()
    if hook.content_type == "form":
        body = urlencode({"payload": delivery.payload}).encode()
    headers = headers_of(hook, delivery, secret, body)
    started = time.monotonic()

    def outcome(status: str, code: int, received: dict[str, str], answer: str) -> Outcome:
        duration = round((time.monotonic() - started) * 1000)
        return Outcome(status, code, duration, headers, received, answer)

    try:
        connection = _connection(hook)
        try:
            target = urlsplit(hook.url)
            path = (target.path or "/") + (f"?{target.query}" if target.query else "")
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read(ANSWER_LIMIT).decode("utf-8", "replace")
            well = 200 <= response.status < 300
            status = "OK" if well else f"Invalid HTTP Response: {response.status}"
            return outcome(status, response.status, dict(response.getheaders()), answer)
        finally:
            connection.close()
    except TimeoutError:
        return outcome("timed out", 0, {}, "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return outcome(f"failed to connect to host: {error}", 0, {}, "")


def _connection(hook: Hook) -> http.client.HTTPConnection:
    target = urlsplit(hook.url)
    host, port = target.hostname or "", target.port
    if target.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=SECONDS)
    context = ssl.create_default_context()
    if hook.insecure_ssl == "1":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)


def is_address(url: str) -> bool:
    """Say whether ``url`` is one that deliveries can go to."""
    try:
        target = urlsplit(url)
        return target.scheme in ("http", "https") and bool(target.hostname) and target.port != 0
    except ValueError:
        return False
