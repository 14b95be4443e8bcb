"""Lists in pages, with tokens that mean nothing to clients."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid

# https://docs.databricks.com/api/workspace/tables/list and its siblings: 0 means this many.
DEFAULT_SIZE = 100
MAXIMUM_SIZE = 10_000


def page(
    call: Call, field: str, items: list[dict[str, Any]], size_parameter: str = "max_results"
) -> dict[str, Any]:
    """Return one page of ``items`` as the API answers it.

    Args:
        call: whose query may hold a size and ``page_token``; without a size all are returned.
        field: the name under which items are listed, absent when there are none.
        items: all of them, in their final order.
        size_parameter: the parameter that holds the size.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a token that this server did not make.
    """
    start = _start(call.query.get("page_token", ""))
    size = call.integer(size_parameter, len(items) or 1, low=0, high=MAXIMUM_SIZE) or DEFAULT_SIZE
    chosen = items[start : start + size]
    body: dict[str, Any] = {field: chosen} if chosen else {}
    if start + size < len(items):
        body["next_page_token"] = base64.urlsafe_b64encode(b"%d" % (start + size)).decode()
    return body


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError):
        raise invalid(f"page_token {token!r} is not one that this API gave") from None
