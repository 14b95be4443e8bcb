"""Collecting what is wrong with a workflow file, and reading its scalars."""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.actions.expressions import (
    ExpressionError,
    parse_condition,
    parse_template,
)
from bricklane_local.forge.actions.workflows.document import Mapped


class Problems:
    """Collects what is wrong with a file."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, message: str, line: int = 0) -> None:
        """Note one problem, with its line when that is known."""
        self.found.append(f"(Line: {line}): {message}" if line else message)

    def keys(self, where: str, mapping: Mapped, allowed: frozenset[str]) -> None:
        """Note each key that does not belong there."""
        for key in mapping:
            if key not in allowed:
                self.add(f"{where}unexpected value '{key}'", mapping.lines.get(key, 0))

    def mapping(self, where: str, value: Any, line: int = 0) -> Mapped:
        """Return ``value`` if it is a mapping, else note that and return an empty one."""
        if isinstance(value, Mapped):
            return value
        if value is not None:
            self.add(f"{where} must be a mapping", line)
        empty = Mapped()
        empty.lines = {}
        return empty

    def template(self, where: str, value: Any, line: int = 0) -> str:
        """Return ``value`` as a text whose expressions can be read."""
        if isinstance(value, Mapped | list):
            self.add(f"{where} must be a text", line)
            return ""
        text = scalar(value)
        try:
            parse_template(text)
        except ExpressionError as error:
            self.add(f"{where}: {error.message}", line)
        return text

    def condition(self, where: str, value: Any, line: int = 0) -> str:
        """Return ``value`` as a condition that can be read."""
        text = scalar(value)
        try:
            if text.strip():
                parse_condition(text)
        except ExpressionError as error:
            self.add(f"{where}: {error.message}", line)
        return text


def scalar(value: Any) -> str:
    """Return a YAML scalar as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def words(value: Any) -> tuple[str, ...]:
    """Return a scalar or a list of scalars as texts."""
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(scalar(item) for item in value)
    return (scalar(value),)
