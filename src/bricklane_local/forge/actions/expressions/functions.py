"""The functions of expressions that need nothing but their arguments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

from bricklane_local.forge.actions.expressions.errors import ExpressionError
from bricklane_local.forge.actions.expressions.values import Value, number_text, same, text_of

PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d+)\}|[{}]")


def contains(search: Value, item: Value) -> bool:
    """Say whether a list has an item, or a text another text."""
    if isinstance(search, list):
        return any(same(element, item) for element in search)
    if isinstance(search, dict) or isinstance(item, list | dict):
        return False
    return text_of(item).lower() in text_of(search).lower()


def starts_with(text: Value, beginning: Value) -> bool:
    """Say whether a text begins with another."""
    return text_of(text).lower().startswith(text_of(beginning).lower())


def ends_with(text: Value, end: Value) -> bool:
    """Say whether a text ends with another."""
    return text_of(text).lower().endswith(text_of(end).lower())


def format_text(pattern: Value, *arguments: Value) -> str:
    """Put arguments where a text has ``{0}``, ``{1}``, …; double braces stand for single ones.

    Raises:
        ExpressionError: for an argument that is not there, or a brace on its own.
    """
    text = text_of(pattern)

    def put(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        if found[1] is None:
            raise ExpressionError(f"The following format string is invalid: '{text}'")
        if int(found[1]) >= len(arguments):
            raise ExpressionError(
                f"The following format string references more arguments than were supplied: "
                f"'{text}'"
            )
        return text_of(arguments[int(found[1])])

    return PLACEHOLDER.sub(put, text)


def join(values: Value, separator: Value = ",") -> str:
    """Return the items of a list as one text."""
    if not isinstance(values, list):
        return "" if isinstance(values, dict) else text_of(values)
    return text_of(separator).join(text_of(value) for value in values)


def to_json(value: Value) -> str:
    """Return a value as JSON, indented by two spaces."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False)


def from_json(text: Value) -> Value:
    """Return the value that a JSON text describes.

    Raises:
        ExpressionError: when it is none.
    """
    source = text_of(text)
    try:
        return json.loads(source)
    except ValueError as error:
        raise ExpressionError(f"Error from function 'fromJSON': {error}: {source[:80]}") from None


def _plain(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return number_text(value)
        return int(value) if value == int(value) else value
    return value


PURE: dict[str, Callable[..., Value]] = {
    "contains": contains,
    "startswith": starts_with,
    "endswith": ends_with,
    "format": format_text,
    "join": join,
    "tojson": to_json,
    "fromjson": from_json,
}
