"""Tags as lists of keys and values, as several APIs keep them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Tags = list[dict[str, Any]]


def with_tag(tags: Tags | None, key: str, value: str) -> Tags:
    """Return ``tags`` with one set."""
    return [*without_tags(tags, [key]), {"key": key, "value": value}]


def without_tags(tags: Tags | None, keys: Iterable[str]) -> Tags:
    """Return ``tags`` without some."""
    gone = set(keys)
    return [tag for tag in tags or [] if tag.get("key") not in gone]
