"""How the API writes times."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(milliseconds: int | None) -> str | None:
    """Return a time as the API writes it; None for none.

    Args:
        milliseconds: since the epoch; 0 and None for none.
    """
    if not milliseconds:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
