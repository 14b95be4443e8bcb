"""Sends one notification to a destination.

Source: https://docs.databricks.com/en/admin/workspace-settings/notification-destinations.html. An
HTTP webhook gets the event as JSON, chat services a line of text.
"""

from __future__ import annotations

import base64
import http.client
import ssl
from typing import Any
from urllib.parse import urlsplit

import orjson

SECONDS = 10  # that a receiver has to answer


def request_of(config: dict[str, Any], event: dict[str, Any], text: str) -> tuple[str, bytes, str]:
    """Return URL, body and ``Authorization`` ("" for none) of the request to a destination.

    Args:
        config: of the destination.
        event: the payload of HTTP webhooks.
        text: what chat services show.

    Raises:
        ValueError: for a destination that is reached in another way.
    """
    if webhook := config.get("generic_webhook"):
        name, password = webhook.get("username"), webhook.get("password")
        pair = base64.b64encode(f"{name or ''}:{password or ''}".encode()).decode()
        basic = f"Basic {pair}" if name or password else ""
        return str(webhook["url"]), orjson.dumps(event), basic
    for name in ("slack", "microsoft_teams"):
        if config.get(name):
            return str(config[name]["url"]), orjson.dumps({"text": text}), ""
    raise ValueError("it has no URL that the local workspace could call")


def post(url: str, body: bytes, authorization: str) -> str:
    """Send a request and return "" when it was taken, else what went wrong.

    Args:
        url: where to.
        body: JSON.
        authorization: value of the header, "" for none.
    """
    headers = {"Content-Type": "application/json", "User-Agent": "Databricks"}
    if authorization:
        headers["Authorization"] = authorization
    try:
        target = urlsplit(url)
        connection = _connection(target.scheme, target.hostname or "", target.port)
        try:
            path = (target.path or "/") + (f"?{target.query}" if target.query else "")
            connection.request("POST", path, body, headers)
            status = connection.getresponse().status
            return "" if 200 <= status < 300 else f"it answered {status}"
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"it could not be reached: {error}"


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=SECONDS)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)
