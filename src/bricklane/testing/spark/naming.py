"""Names in SQL."""

from __future__ import annotations


def quoted(name: str) -> str:
    """Return a name as SQL writes it, whatever it holds."""
    return "`" + name.replace("`", "``") + "`"
