"""The combinations of a matrix.

Source: https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
"""

from __future__ import annotations

from itertools import product
from typing import Any

from bricklane_local.forge.actions.expressions import ExpressionError, text_of

LIMIT = 256


def combinations(matrix: Any) -> list[dict[str, Any]]:
    """Return the combinations that an evaluated matrix stands for, in order.

    Raises:
        ExpressionError: when it is no matrix, is empty, or too large.
    """
    if not isinstance(matrix, dict):
        raise ExpressionError(f"strategy.matrix must be a mapping, got {text_of(matrix)!r}")
    axes = {name: values for name, values in matrix.items() if name not in ("include", "exclude")}
    for name, values in matrix.items():
        if not isinstance(values, list):
            raise ExpressionError(f"strategy.matrix.{name} must be a list, got {text_of(values)!r}")
    found = [dict(zip(axes, row, strict=True)) for row in product(*axes.values())] if axes else []
    for excluded in matrix.get("exclude", []):
        found = [row for row in found if not _fits(row, excluded)]
    found = _include(found, matrix.get("include", []), set(axes))
    if not found:
        raise ExpressionError("strategy.matrix does not contain any values")
    if len(found) > LIMIT:
        raise ExpressionError(
            f"strategy.matrix has {len(found)} combinations; {LIMIT} is the limit"
        )
    return found


def _fits(row: dict[str, Any], pattern: Any) -> bool:
    return isinstance(pattern, dict) and all(row.get(key) == pattern[key] for key in pattern)


def _include(
    found: list[dict[str, Any]], included: list[Any], axes: set[str]
) -> list[dict[str, Any]]:
    originals = [dict(row) for row in found]
    extra: list[dict[str, Any]] = []
    for entry in included:
        if not isinstance(entry, dict):
            raise ExpressionError("strategy.matrix.include must be a list of mappings")
        shared = {key: entry[key] for key in entry if key in axes}
        hit = [
            row for row, original in zip(found, originals, strict=True) if _fits(original, shared)
        ]
        if not hit or not axes:
            extra.append(dict(entry))
        for row in hit if axes else []:
            row.update({key: value for key, value in entry.items() if key not in shared})
    return found + extra


def label(values: dict[str, Any]) -> str:
    """Return how a combination is shown behind a job's name: ``(ubuntu-latest, 3.12)``."""
    flat: list[str] = []
    for value in values.values():
        flat += (
            [text_of(item) for item in value.values()]
            if isinstance(value, dict)
            else [text_of(value)]
        )
    return "(" + ", ".join(flat) + ")"
