"""Values of expressions: how they convert and compare."""

from __future__ import annotations

import math
import re
from typing import Any

Value = Any  # null, truth value, number, text, list, or object with text keys

HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+")
OCTAL = re.compile(r"0o[0-7]+")
DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def is_number(value: Value) -> bool:
    """Say whether ``value`` is a number; truth values are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_in(text: str) -> float:
    """Return the number that ``text`` spells; an empty text is 0, any other is no number."""
    text = text.strip()
    if not text:
        return 0.0
    if HEXADECIMAL.fullmatch(text):
        return float(int(text, 16))
    if OCTAL.fullmatch(text):
        return float(int(text, 0))
    if DECIMAL.fullmatch(text):
        return float(text)
    return {"Infinity": math.inf, "-Infinity": -math.inf}.get(text, math.nan)


def number_of(value: Value) -> float:
    """Return ``value`` as a number; lists and objects are no numbers."""
    if value is None:
        return 0.0
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return float(value)
    return number_in(value) if isinstance(value, str) else math.nan


def text_of(value: Value) -> str:
    """Return ``value`` as it appears in text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, str):
        return value
    return "Array" if isinstance(value, list) else "Object"


def number_text(value: float) -> str:
    """Return a number in at most fifteen digits, as the runner prints it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    return re.sub(r"e([-+])(\d)$", r"e\g<1>0\2", text).replace("e", "E")


def truthy(value: Value) -> bool:
    """Say whether a value counts as true: all but false, 0, NaN, empty text and null."""
    if value is None or value is False or value == "":
        return False
    if is_number(value):
        return not (value == 0 or math.isnan(value))
    return True


def same(left: Value, right: Value) -> bool:
    """Compare as ``==`` does: text without regard to case, other kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.upper() == right.upper()
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return left is right
    if left is None and right is None:
        return True
    return number_of(left) == number_of(right)


def less(left: Value, right: Value) -> bool:
    """Compare as ``<`` does."""
    if isinstance(left, str) and isinstance(right, str):
        return left.upper() < right.upper()
    return number_of(left) < number_of(right)
