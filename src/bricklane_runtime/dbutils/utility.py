"""What all parts of ``dbutils`` share: their help text."""

from __future__ import annotations

import inspect
from typing import Never


class UnsupportedError(NotImplementedError):
    """A part of ``dbutils`` that has no counterpart outside of Databricks."""


def refuse(name: str, reason: str) -> Never:
    """Refuse a call.

    Raises:
        UnsupportedError: always; names the function and the reason.
    """
    raise UnsupportedError(f"dbutils.{name} is not available here: {reason}")


class Utility:
    """A part of ``dbutils``; ``help()`` prints its functions from their docstrings."""

    def help(self, name: str = "") -> None:
        """Print what this utility can do, or what one of its functions does."""
        print(self._help(name))  # noqa: T201 - that is what it is for

    def _help(self, name: str) -> str:
        if name:
            function = getattr(type(self), name, None)
            if function is None:
                raise ValueError(f"No function {name!r} in {type(self).__name__}")
            return f"{name}{_signature(function)}\n\n{inspect.getdoc(function) or ''}"
        lines = [(inspect.getdoc(self) or "").split("\n", 1)[0], ""]
        for member, function in inspect.getmembers(type(self), inspect.isfunction):
            if not member.startswith("_"):
                summary = (inspect.getdoc(function) or "").split("\n", 1)[0]
                lines.append(f"{member}{_signature(function)} -> {summary}")
        return "\n".join(lines)


def _signature(function: object) -> str:
    signature = inspect.signature(function)  # type: ignore[arg-type]
    shown = [
        item.replace(annotation=inspect.Parameter.empty)
        for item in signature.parameters.values()
        if item.name != "self"
    ]
    return str(signature.replace(parameters=shown, return_annotation=inspect.Signature.empty))
